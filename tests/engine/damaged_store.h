#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

inline constexpr const char* kStorePath = "/plant.xtdb";
inline constexpr const char* kStoreLog = "/plant.xtdb-wal";
inline constexpr const char* kStoreShm = "/plant.xtdb-shm";

inline EngineOptions SmallStoreOptions() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.buffer_bytes = 1 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

// A store as it was found on disk, and what it holds after each of its commits.
struct StoredRun {
  std::unique_ptr<FaultyFileSystem> fs;
  std::vector<TestPoints> commits;            // [0]: empty
  std::unique_ptr<FaultyFileSystem> earlier;  // the same, some commits before

  const TestPoints& points() const { return commits.back(); }
  bool IsPrefix(const TestPoints& found) const {
    return std::find(commits.begin(), commits.end(), found) != commits.end();
  }
};

// Writes commits of points of all types.
class StoreWriter {
 public:
  explicit StoreWriter(FileSystem& fs) : fs_(fs) { Open(); }

  void Open() {
    auto opened = StorageEngine::Open(fs_, clock_, kStorePath, SmallStoreOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = opened.value();
  }
  StorageEngine& engine() { return *engine_; }
  void Close() {
    ASSERT_OK(engine_->Close());
    engine_ = nullptr;
  }
  // One transaction of `rows` points of each tag.
  void Commit(int rows) {
    auto begun = engine_->Begin(0);
    ASSERT_TRUE(begun.ok()) << begun.status().ToString();
    for (const ValueType type : {ValueType::kBool, ValueType::kInt32, ValueType::kInt64,
                                 ValueType::kFloat32, ValueType::kFloat64, ValueType::kText}) {
      const std::string name(ValueTypeName(type));
      if (begun.value()->FindTag(name) == nullptr) {
        ASSERT_OK(begun.value()->DefineTag(name, type, "u", "a tag"));
      }
      for (int row = 0; row < rows; ++row) WriteRow(*begun.value(), name, type, next_row_ + row);
    }
    ASSERT_OK(begun.value()->Delete(*begun.value()->FindTag("int64"), next_row_ * 1'000));
    ASSERT_OK(begun.value()->Prepare());
    begun.value()->Commit();
    next_row_ += rows;
    Note();
  }
  const std::vector<TestPoints>& commits() const { return commits_; }

 private:
  void WriteRow(Transaction& transaction, const std::string& name, ValueType type, int row) {
    const std::string text = "text " + std::to_string(row * row);
    const bool is_null = row % 11 == 5;
    const Value value = is_null                    ? Value::Null()
                        : type == ValueType::kText ? Value::Text(text)
                        : type == ValueType::kBool ? Value::Integer(row % 2)
                        : IsFloat(type)            ? Value::Real(row * 0.5)
                                                   : Value::Integer(row * 7);
    ASSERT_OK(transaction.Write(*transaction.FindTag(name), row * 1'000, value,
                                row % 7 == 0 ? kQualityUncertain : kQualityGood));
  }
  void Note() {
    auto points = ReadAll(*engine_);
    ASSERT_TRUE(points.ok()) << points.status().ToString();
    commits_.push_back(std::move(points).value());
  }

  FileSystem& fs_;
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  std::vector<TestPoints> commits_{TestPoints{}};
  int next_row_ = 0;
};

// A sealed chunk, an open one, the catalogue in the superblock; closed.
inline StoredRun MakeClosedStore() {
  StoredRun run;
  run.fs = std::make_unique<FaultyFileSystem>(1);
  StoreWriter writer(*run.fs);
  writer.Commit(40);
  EXPECT_OK(writer.engine().Seal(0));
  writer.Close();
  run.earlier = run.fs->Clone();
  writer.Open();
  writer.Commit(30);
  EXPECT_OK(writer.engine().Flush(0));
  writer.Commit(20);
  writer.Close();
  run.commits = writer.commits();
  return run;
}

// As a kill leaves it: a sealed and an open chunk, and commits that only the log has.
//   flushed: whether anything was flushed before; else all there is stands in the log
inline StoredRun MakeUnclosedStore(bool flushed = true) {
  StoredRun run;
  run.fs = std::make_unique<FaultyFileSystem>(2);
  StoreWriter writer(*run.fs);
  writer.Commit(20);
  if (flushed) {
    EXPECT_OK(writer.engine().Seal(0));
    writer.Commit(10);
    EXPECT_OK(writer.engine().Flush(0));
  }
  run.earlier = run.fs->Clone();
  for (int i = 0; i < 4; ++i) writer.Commit(3);
  run.commits = writer.commits();
  auto killed = run.fs->Clone();
  writer.Close();
  run.fs = std::move(killed);
  return run;
}

// What a user finds out about a store that may be damaged.
struct Finding {
  Status error;                      // of open, read or check
  TestPoints points;                 // if there is no error
  std::vector<std::string> reports;  // problems of check; warnings and errors among the events
};

inline Finding Inspect(FaultyFileSystem& fs) {
  Finding finding;
  FakeClock clock;
  auto opened = StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions());
  finding.error = opened.status();
  if (!opened.ok()) return finding;
  StorageEngine& engine = *opened.value();
  auto points = ReadAll(engine);
  const auto checked = engine.Check();
  finding.error = points.ok() ? checked.status() : points.status();
  if (points.ok()) finding.points = std::move(points).value();
  if (checked.ok()) finding.reports = checked.value().problems;
  for (const Event& event : engine.events().All()) {
    if (event.level != EventLevel::kInfo) finding.reports.push_back(event.message);
  }
  return finding;
}

}  // namespace xtdb
