// What other processes do while one compacts, and what it may cost nobody.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/format/container_format.h"
#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::IsEmpty;

class CompactionRacesTest : public testing::Test {
 protected:
  CompactionRacesTest() : compacting_(fs_), other_(fs_), third_(fs_) {}
  void SetUp() override {
    ASSERT_OK(compacting_.Open());
    ASSERT_OK(other_.Open());
    ASSERT_OK(third_.Open());
  }
  void WriteChunks(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      ASSERT_OK(compacting_.Write("a", i, 1));
      ASSERT_OK(compacting_.engine->Seal(kNoWait));
    }
  }
  // `count` texts that fill about as many extents.
  static void WriteTexts(Process& process, int64_t first, int64_t count) {
    std::mt19937_64 random(static_cast<uint64_t>(first) + 1);
    ASSERT_OK_AND_ASSIGN(const auto transaction, process.engine->Begin(kNoWait));
    ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag("large"));
    for (int64_t ts = first; ts < first + count; ++ts) {
      std::string text(4'000, ' ');
      for (char& c : text) c = static_cast<char>('0' + random() % 64);
      ASSERT_OK(transaction->Write(*tag, ts, Value::Text(text), kQualityGood));
    }
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  // Once, before the compaction writes that many bytes to the container.
  void AtWriteOf(size_t bytes, const std::function<void()>& work) {
    const auto meet = [this, bytes, work](const OperationRecord& record) {
      if (has_met_ || record.path != kProcessesPath || record.length < bytes) return;
      has_met_ = true;
      work();
    };
    fs_.SetHook(meet, MaskOf(FileOperation::kWrite));
  }
  Result<StorageEngine::CompactionReport> Compact() {
    auto report = compacting_.engine->Compact(CompactionScope::kRaw, kNoWait);
    fs_.SetHook({});
    EXPECT_TRUE(std::exchange(has_met_, false));
    return report;
  }
  static std::vector<std::string> Problems(Process& process) {
    const auto report = process.engine->Check();
    EXPECT_OK(report);
    return report.ok() ? report.value().problems : std::vector<std::string>();
  }
  void CloseAll() {
    ASSERT_OK(third_.engine->Close());
    ASSERT_OK(other_.engine->Close());
    ASSERT_OK(compacting_.engine->Close());
  }

  FaultyFileSystem fs_{1};
  Process compacting_;
  Process other_;
  Process third_;
  bool has_met_ = false;
};

TEST_F(CompactionRacesTest, WhoLeavesAFailedLogKeepsOutOfItsSlots) {
  WriteChunks(3);
  AtWriteOf(kExtentSizeBytes, [&] {
    fs_.Inject({.nth = 1,
                .status = Status::IoError("disk"),
                .kinds = MaskOf(FileOperation::kSync),
                .path_suffix = "-wal"});
    EXPECT_FALSE(other_.Write("a", 100, 1).ok());
    ASSERT_OK(third_.Write("a", 200, 10));
    ASSERT_OK(third_.Write("c", 201, 100));
    ASSERT_OK(third_.engine->Flush(kNoWait));
  });
  IgnoreStatus(Compact().status(), "what matters is what it leaves");
  const auto is_right = [](int64_t sum) { return sum == 113 || sum == 114; };
  EXPECT_PRED1(is_right, third_.Sum()) << "the failed commit may count or not";
  EXPECT_THAT(Problems(third_), IsEmpty());
  for (Process* process : {&third_, &compacting_, &other_}) {
    IgnoreStatus(process->engine->Close(), "the one whose sync failed says so");
  }
  Process later(fs_);
  ASSERT_OK(later.Open());
  EXPECT_PRED1(is_right, later.Sum());
  EXPECT_THAT(Problems(later), IsEmpty());
}

TEST_F(CompactionRacesTest, OneThatCouldNotTakeWriterLeavesNoBlocksBehindTheNext) {
  for (int64_t chunk = 0; chunk < 2; ++chunk) {
    WriteTexts(compacting_, chunk * 500, 500);
    ASSERT_OK(compacting_.engine->Seal(kNoWait));
  }
  for (int64_t attempt = 0; attempt < 3; ++attempt) {
    AtWriteOf(4 * kExtentSizeBytes, [&] { ASSERT_OK(other_.Stage("x", attempt, 1)); });
    EXPECT_THAT(Compact(), HasCode(StatusCode::kBusy));
    other_.transaction = nullptr;
  }
  ASSERT_OK(compacting_.engine->Compact(CompactionScope::kRaw, kNoWait));
  CloseAll();
  Process later(fs_);
  ASSERT_OK(later.Open());
  uint64_t live = 0;
  for (const auto& chunk : later.engine->TakeSnapshot().value()->chunks()) {
    live += chunk->summary().used_extents * kExtentSizeBytes;
  }
  EXPECT_LT(later.engine->container().file().AllocatedBytes().value(), live + kMiB);
}

// The room stands in a slot which the compaction takes and punches.
TEST_F(CompactionRacesTest, WhatACommitHasTakenForItsFlushIsThereOrTheNextCommitFails) {
  WriteChunks(3);
  bool has_written = false;
  const auto fill_disk = [&](const OperationRecord& record) {
    if (record.path != kProcessesPath || record.length < kExtentSizeBytes) return;
    fs_.SetHook({});
    fs_.Inject({.nth = 1,
                .status = Status::ResourceExhausted("the disk is full"),
                .kinds = MaskOf(FileOperation::kAllocate)});
  };
  const auto write = [&] {
    if (std::exchange(has_written, true)) return;
    fs_.SetHook({});
    WriteTexts(other_, 0, 500);
    fs_.SetHook(fill_disk, MaskOf(FileOperation::kWrite));
  };
  fs_.SetHook([&](const OperationRecord&) { compacting_.fs.BeforeLock(kLockWriter, write); },
              MaskOf(FileOperation::kSync));
  EXPECT_THAT(compacting_.engine->Compact(CompactionScope::kRaw, kNoWait),
              HasCode(StatusCode::kResourceExhausted));
  fs_.SetHook({});
  ASSERT_TRUE(has_written);
  fs_.ClearFaults();
  fs_.SetCapacity(fs_.UsedBytes() + 64 * kKiB);
  const Status written = other_.Write("b", 1, 1);
  const Status flushed = other_.engine->Flush(kNoWait);
  EXPECT_TRUE(!written.ok() || flushed.ok())
      << "the commit was let in, and there is no room to flush: " << flushed.ToString();
}

// The kernel tells each open file once that a write has failed: flushes have to hear it, too.
TEST_F(CompactionRacesTest, ItWritesAndSyncsThroughAnOpenFileOfItsOwn) {
  WriteChunks(3);
  int opens = 0;
  fs_.SetHook(
      [&](const OperationRecord& record) { opens += record.path == kProcessesPath ? 1 : 0; },
      MaskOf(FileOperation::kOpen));
  ASSERT_OK(compacting_.engine->Compact(CompactionScope::kRaw, kNoWait));
  fs_.SetHook({});
  EXPECT_EQ(opens, 1);
}

TEST_F(CompactionRacesTest, AFileThatHasTakenItsPlaceIsNotWrittenTo) {
  WriteChunks(3);
  ASSERT_OK(fs_.Rename(kProcessesPath, "/elsewhere.xtdb"));
  ASSERT_OK(fs_.Open(kProcessesPath, OpenMode::kCreateNew).status());
  EXPECT_THAT(compacting_.engine->Compact(CompactionScope::kRaw, kNoWait),
              HasCode(StatusCode::kIoError));
  EXPECT_THAT(fs_.ReadWhole(kProcessesPath), IsEmpty());
}

// The type that the NULLs were written with was taken back with the savepoint.
TEST_F(CompactionRacesTest, NullsOfATypeThatWasTakenBackFitTheTagsLaterType) {
  EngineOptions options = SmallOptions();
  options.buffer_bytes = kMiB;
  compacting_.engine = nullptr;
  ASSERT_OK(compacting_.Open(options));
  {
    ASSERT_OK_AND_ASSIGN(const auto transaction, compacting_.engine->Begin(kNoWait));
    ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag("a"));
    ASSERT_OK(transaction->Write(*tag, 1, Value::Null(), kQualityGood));
    const Mark mark = transaction->TakeMark();
    const MarkHold hold = transaction->Hold(mark);
    for (int64_t ts = 10; ts < 300'000; ++ts) {  // more than memory takes
      ASSERT_OK(transaction->Write(*tag, ts, Value::Integer(ts), kQualityGood));
    }
    transaction->RollbackTo(mark);
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  ASSERT_OK(compacting_.engine->Seal(kNoWait));
  ASSERT_OK_AND_ASSIGN(const auto transaction, compacting_.engine->Begin(kNoWait));
  ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag("a"));
  ASSERT_OK(transaction->Write(*tag, 2, Value::Text("on"), kQualityGood));
  ASSERT_OK(transaction->Prepare());
  transaction->Commit();
  ASSERT_OK(compacting_.engine->Seal(kNoWait));
  const TestPoints before = compacting_.Read();
  EXPECT_EQ(before.size(), 2u);
  ASSERT_OK(compacting_.engine->Compact(CompactionScope::kRaw, kNoWait));
  EXPECT_EQ(compacting_.Read(), before);
}

}  // namespace
}  // namespace xtdb
