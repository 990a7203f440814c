// What the container keeps of its options, changed later.

#include <gtest/gtest.h>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;

RequestedStorage Retention(int64_t us) {
  RequestedStorage changes;
  changes.retention_us = us;
  return changes;
}

TEST(ChangeStorageTest, OthersFollowWithTheirNextWrite) {
  FaultyFileSystem fs(1);
  Process first(fs), second(fs);
  ASSERT_OK(first.Open());
  ASSERT_OK(second.Open());
  ASSERT_OK(first.engine->ChangeStorage(Retention(kHourUs), kNoWait));
  EXPECT_EQ(first.engine->Storage().retention_us, kHourUs);
  ASSERT_OK(second.Write("a", 1, 1));
  EXPECT_EQ(second.engine->Storage().retention_us, kHourUs);
  EXPECT_EQ(first.Sum(), 1);
}

TEST(ChangeStorageTest, OnlyWhatIsStatedChanges) {
  FaultyFileSystem fs(1);
  Process process(fs);
  ASSERT_OK(process.Open());
  RequestedStorage changes;
  changes.block_extents = 1;
  changes.raw_records = true;
  changes.max_bytes = kMiB;
  ASSERT_OK(process.engine->ChangeStorage(changes, kNoWait));
  ASSERT_OK(process.engine->ChangeStorage(Retention(kHourUs), kNoWait));
  ASSERT_OK(process.Write("a", 1, 1));
  process.engine = nullptr;
  ASSERT_OK(process.Open());
  const RequestedStorage kept = process.engine->Storage();
  EXPECT_EQ(kept.block_extents, 1u);
  EXPECT_EQ(kept.raw_records, true);
  EXPECT_EQ(kept.max_bytes, kMiB);
  EXPECT_EQ(kept.retention_us, kHourUs);
  EXPECT_EQ(kept.chunk_size_bytes, 4 * kMiB);
  EXPECT_EQ(process.Sum(), 1);
}

TEST(ChangeStorageTest, SomeIsDecidedForEver) {
  FaultyFileSystem fs(1);
  Process process(fs);
  ASSERT_OK(process.Open());
  RequestedStorage changes;
  changes.chunk_size_bytes = 8 * kMiB;
  EXPECT_THAT(process.engine->ChangeStorage(changes, kNoWait),
              HasCode(StatusCode::kInvalidArgument));
  changes = {};
  changes.atomic_commit = true;
  EXPECT_THAT(process.engine->ChangeStorage(changes, kNoWait),
              HasCode(StatusCode::kInvalidArgument));
}

TEST(ChangeStorageTest, AWriterIsWaitedFor) {
  FaultyFileSystem fs(1);
  Process first(fs), second(fs);
  ASSERT_OK(first.Open());
  ASSERT_OK(second.Open());
  ASSERT_OK(second.Stage("a", 1, 1));
  EXPECT_THAT(first.engine->ChangeStorage(Retention(kHourUs), kNoWait), HasCode(StatusCode::kBusy));
  second.transaction = nullptr;
  EXPECT_OK(first.engine->ChangeStorage(Retention(kHourUs), kNoWait));
}

// Goal: power loss at any change leaves the old value or the new one, and every commit.
TEST(ChangeStorageTest, PowerLossLeavesOneOrTheOther) {
  FaultyFileSystem fs(1);
  auto process = std::make_unique<Process>(fs);
  ASSERT_OK(process->Open());
  ASSERT_OK(process->Write("a", 1, 1));
  bool changed = false;
  const auto change = [&] {
    ASSERT_OK(process->engine->ChangeStorage(Retention(kHourUs), kNoWait));
    changed = true;
  };
  ForEachCrashPoint(fs, change, [&](FaultyFileSystem& clone, const OperationRecord&) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const auto disk = clone.Clone();
      disk->Crash(CrashPolicy::kRandom, seed);
      Process survivor(*disk);
      ASSERT_OK(survivor.Open());
      EXPECT_EQ(survivor.Sum(), 1);
      const int64_t kept = survivor.engine->Storage().retention_us.value_or(-1);
      EXPECT_TRUE(kept == kHourUs || (kept == 0 && !changed)) << kept;
    }
  });
}

TEST(ChangeStorageTest, AFailedWriteOrSyncStopsWrites) {
  for (const FileOperation kind : {FileOperation::kWrite, FileOperation::kSync}) {
    FaultyFileSystem fs(1);
    Process process(fs);
    ASSERT_OK(process.Open());
    ASSERT_OK(process.Write("a", 1, 1));
    fs.Inject({.nth = 1, .kinds = MaskOf(kind), .path_suffix = ".xtdb"});
    EXPECT_THAT(process.engine->ChangeStorage(Retention(kHourUs), kNoWait),
                HasCode(StatusCode::kIoError));
    EXPECT_THAT(process.Write("a", 2, 2), HasCode(StatusCode::kIoError));
    EXPECT_EQ(process.Sum(), 1);
    process.engine = nullptr;
    ASSERT_OK(process.Open());
    EXPECT_EQ(process.Sum(), 1);
  }
}

}  // namespace
}  // namespace xtdb
