#include "engine/block/block_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

// The cache's thread does nothing by itself, so that what is written when is known.
BlockOutputOptions Quiet(uint64_t direct_bytes) {
  BlockOutputOptions options{.direct_bytes = direct_bytes};
  options.cache.batch_wait = std::chrono::hours(10);
  return options;
}

class BlockOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = fs_.Open("/file", OpenMode::kCreateNew);
    ASSERT_OK(opened);
    file_ = std::move(opened).value();
  }
  static EncodedBlock Block() { return {AlignedBuffer(kExtentSizeBytes), BlockDirEntry{}}; }
  Status Write(BlockOutput& output) {
    EncodedBlock block = Block();
    const uint64_t offset = kExtentSizeBytes * count_++;
    return output.Write(block, /*chunk_sequence=*/7, offset);
  }
  uint64_t Writes() const {
    const auto done = fs_.operations();
    return static_cast<uint64_t>(
        std::ranges::count(done, FileOperation::kWrite, &OperationRecord::kind));
  }

  FaultyFileSystem fs_{1};
  std::unique_ptr<File> file_;
  uint64_t count_ = 0;
};

TEST_F(BlockOutputTest, ASmallFlushIsWrittenInPlace) {
  BlockOutput output(*file_, 1, Quiet(3 * kExtentSizeBytes));
  for (uint64_t i = 1; i <= 3; ++i) {
    ASSERT_OK(Write(output));
    EXPECT_EQ(Writes(), i);
  }
  EXPECT_OK(output.Finish());
  EXPECT_EQ(Writes(), 3u);
}

TEST_F(BlockOutputTest, WhatIsBeyondThatIsInTheFileAfterFinish) {
  BlockOutput output(*file_, 1, Quiet(3 * kExtentSizeBytes));
  for (int i = 0; i < 8; ++i) ASSERT_OK(Write(output));
  EXPECT_EQ(Writes(), 3u);
  EXPECT_OK(output.Finish());
  EXPECT_EQ(Writes(), 4u) << "five adjacent blocks are one write";
  EXPECT_EQ(fs_.ReadWhole("/file").size(), 8 * kExtentSizeBytes);
  EXPECT_OK(output.Finish()) << "a second time tells the same";
}

TEST_F(BlockOutputTest, AFailedWriteIsToldAtTheLatestByFinish) {
  BlockOutput output(*file_, 1, Quiet(0));
  ASSERT_OK(Write(output));
  ASSERT_OK(Write(output));
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kWrite));
  EXPECT_THAT(output.Finish(), HasCode(StatusCode::kIoError));
  EXPECT_THAT(Write(output), HasCode(StatusCode::kIoError)) << "nothing is written after it";
  EXPECT_THAT(output.Finish(), HasCode(StatusCode::kIoError));
}

// Most of the flush goes through the cache.
TEST_F(BlockOutputTest, ALargeFlushComesBackWhole) {
  FakeClock clock;
  EngineOptions options;
  options.block_output.direct_bytes = 64 * kKiB;
  options.storage.block_extents = 1;
  options.block_output.cache.batch_writes_max = 3;
  auto opened = StorageEngine::Open(fs_, clock, "/plant.xtdb", options);
  ASSERT_OK(opened);
  StorageEngine& engine = *opened.value();
  constexpr int64_t kRows = 20'000;
  std::vector<PointWrite> points;
  uint64_t noise = 1;
  for (int64_t ts = 0; ts < kRows; ++ts) {
    noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
    for (const char* tag : {"a", "b", "c"}) {
      points.push_back({tag, ts, Value::Real(static_cast<double>(noise >> 11)), kQualityGood});
    }
  }
  ASSERT_OK(engine.BatchAppend(points));
  ASSERT_OK(engine.Flush(0));
  EXPECT_GT(engine.Stats().block_bytes_written, 4 * 64 * kKiB);
  EXPECT_THAT(engine.Check().value().problems, testing::IsEmpty());
  EXPECT_EQ(ReadAll(engine).value().size(), points.size());
}

// A block that did not get there stops the flush before its record; the points stay in the log.
TEST_F(BlockOutputTest, AFlushWhoseCacheFailsLosesNothing) {
  FakeClock clock;
  EngineOptions options;
  options.block_output = Quiet(0);
  auto opened = StorageEngine::Open(fs_, clock, "/plant.xtdb", options);
  ASSERT_OK(opened);
  ASSERT_OK(opened.value()->WritePoint("a", 1, Value::Real(1), kQualityGood));
  fs_.Inject({.nth = 1,
              .status = Status::IoError("the disk is gone"),
              .kinds = MaskOf(FileOperation::kWrite),
              .path_suffix = ".xtdb"});
  EXPECT_THAT(opened.value()->Flush(0), HasCode(StatusCode::kIoError));
  EXPECT_THAT(opened.value()->WritePoint("a", 2, Value::Real(2), kQualityGood),
              HasCode(StatusCode::kIoError));
  EXPECT_FALSE(opened.value()->Close().ok());
  opened.value().reset();
  fs_.ClearFaults();
  auto again = StorageEngine::Open(fs_, clock, "/plant.xtdb", options);
  ASSERT_OK(again);
  EXPECT_EQ(ReadAll(*again.value()).value().size(), 1u);
  EXPECT_OK(again.value()->Flush(0));
  EXPECT_THAT(again.value()->Check().value().problems, testing::IsEmpty());
}

}  // namespace
}  // namespace xtdb
