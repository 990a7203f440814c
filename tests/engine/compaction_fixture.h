#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

// Two processes on one container, the first of which has it open.
class CompactionTest : public testing::Test {
 protected:
  CompactionTest() : first_(fs_), second_(fs_) {}
  void SetUp() override { ASSERT_OK(first_.Open()); }

  StorageEngine& engine() { return *first_.engine; }
  void Reopen(const EngineOptions& options = SmallOptions()) {
    first_.engine = nullptr;
    ASSERT_OK(first_.Open(options));
  }
  // `count` integers from `first` on, a chunk of their own.
  void WriteChunk(const std::string& tag, int64_t first, int64_t count, int64_t value) {
    WriteRows(tag, first, count, value);
    ASSERT_OK(engine().Seal(kNoWait));
  }
  void WriteRows(const std::string& tag, int64_t first, int64_t count, int64_t value) {
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine().Begin(kNoWait));
    ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag(tag));
    for (int64_t ts = first; ts < first + count; ++ts) {
      ASSERT_OK(transaction->Write(*staged, ts, Value::Integer(value), kQualityGood));
    }
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  void DeleteChunk(const std::string& tag, int64_t first, int64_t count) {
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine().Begin(kNoWait));
    ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag(tag));
    for (int64_t ts = first; ts < first + count; ++ts) {
      ASSERT_OK(transaction->Delete(*staged, ts));
    }
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
    ASSERT_OK(engine().Seal(kNoWait));
  }
  // A little more than the blocks of a chunk, without a checkpoint.
  static void FillAChunk(StorageEngine& engine) {
    std::mt19937_64 random(1);
    for (int64_t commit = 0; commit < 40; ++commit) {
      ASSERT_OK_AND_ASSIGN(const auto transaction, engine.Begin(kNoWait));
      ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag("large"));
      for (int64_t ts = commit * 50; ts < (commit + 1) * 50; ++ts) {
        std::string text(4'000, ' ');
        for (char& c : text) c = static_cast<char>('0' + random() % 64);
        ASSERT_OK(transaction->Write(*staged, ts, Value::Text(text), kQualityGood));
      }
      ASSERT_OK(transaction->Prepare());
      transaction->Commit();
    }
  }
  StorageEngine::CompactionReport Compact(CompactionScope scope = CompactionScope::kRaw) {
    auto report = engine().Compact(scope, kNoWait);
    EXPECT_OK(report);
    return report.ok() ? report.value() : StorageEngine::CompactionReport{};
  }
  // Compacts and expects every point to be there as before, also in a process that opens later.
  StorageEngine::CompactionReport CompactAndCompare(CompactionScope scope = CompactionScope::kRaw) {
    const TestPoints before = first_.Read();
    const auto report = Compact(scope);
    EXPECT_EQ(first_.Read(), before);
    EXPECT_THAT(Problems(), testing::IsEmpty());
    Reopen();
    EXPECT_EQ(first_.Read(), before);
    EXPECT_THAT(Problems(), testing::IsEmpty());
    return report;
  }
  std::vector<std::string> Problems() {
    const auto report = engine().Check();
    EXPECT_OK(report);
    return report.ok() ? report.value().problems : std::vector<std::string>();
  }
  ChunkList Chunks() { return engine().TakeSnapshot().value()->chunks(); }
  std::vector<ChunkKind> Kinds() {
    std::vector<ChunkKind> kinds;
    for (const auto& chunk : Chunks()) kinds.push_back(chunk->header().kind);
    return kinds;
  }
  uint64_t StoredPoints() {
    uint64_t points = 0;
    for (const auto& chunk : Chunks()) points += chunk->summary().point_count;
    return points;
  }
  uint64_t AllocatedBytes() { return engine().container().file().AllocatedBytes().value(); }

  FaultyFileSystem fs_{1};
  Process first_;
  Process second_;
};

}  // namespace xtdb
