#pragma once

#include <memory>
#include <string>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_process.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

inline constexpr const char* kProcessesPath = "/plant.xtdb";
inline constexpr int64_t kNoWait = 0;

inline EngineOptions SmallOptions() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

// An engine that shares nothing with others but the files.
struct Process {
  explicit Process(FileSystem& files) : fs(files) {}

  Status Open(const EngineOptions& options = SmallOptions()) {
    XTDB_ASSIGN_OR_RETURN(engine, StorageEngine::Open(fs, clock, kProcessesPath, options));
    return Status();
  }
  Status Write(const std::string& tag, int64_t ts, int64_t value) {
    return engine->WritePoint(tag, ts, Value::Integer(value), kQualityGood);
  }
  // Begins a transaction with one point.
  Status Stage(const std::string& tag, int64_t ts, int64_t value) {
    XTDB_ASSIGN_OR_RETURN(transaction, engine->Begin(kNoWait));
    XTDB_ASSIGN_OR_RETURN(StagedTag * staged, transaction->FindOrDefineTag(tag));
    return transaction->Write(*staged, ts, Value::Integer(value), kQualityGood);
  }
  TestPoints Read() {
    Result<TestPoints> points = ReadAll(*engine);
    EXPECT_TRUE(points.ok()) << points.status().ToString();
    return points.ok() ? points.value() : TestPoints{};
  }
  int64_t Sum() {
    int64_t sum = 0;
    for (const auto& [key, point] : Read()) sum += AsInt64(point.bits);
    return sum;
  }

  SimulatedProcess fs;
  FakeClock clock;
  std::shared_ptr<StorageEngine> engine;
  std::unique_ptr<Transaction> transaction;
};

}  // namespace xtdb
