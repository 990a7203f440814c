#include "engine/chunk/directory_builder.h"

#include <gtest/gtest.h>

#include "tests/engine/chunk_fixture.h"

namespace xtdb {
namespace {

class DirectoryBuilderTest : public testing::Test {
 protected:
  ChunkFixture fixture_;
  std::shared_ptr<Chunk> chunk_ = fixture_.NewChunk(1, 7);
  const ChunkLayout& place_ = chunk_->layout();
  BlockDirEntry entry_ = fixture_.WriteData(*chunk_, 5, MakeInts(10), 100)[0].entry;
  DirectoryBuilder builder_{fixture_.file(), place_, 7};
};

TEST_F(DirectoryBuilderTest, EntryStandsAtItsIndex) {
  ASSERT_OK(builder_.Write(3, entry_));
  std::vector<std::byte> bytes(sizeof(BlockDirEntry));
  ASSERT_OK(fixture_.file().ReadAt(place_.EntryOffset(3), bytes));
  ASSERT_OK_AND_ASSIGN(const BlockDirEntry entry, DecodeBlockDirEntry(bytes, 7));
  EXPECT_EQ(entry.tag_id, 5U);
  EXPECT_EQ(entry.head_crc32, entry_.head_crc32);
  ASSERT_OK(fixture_.file().ReadAt(place_.EntryOffset(2), bytes));
  EXPECT_TRUE(IsAllZero(bytes));
  ASSERT_OK(fixture_.file().ReadAt(place_.EntryOffset(4), bytes));
  EXPECT_TRUE(IsAllZero(bytes));
}

TEST_F(DirectoryBuilderTest, InvalidIndexIsRefused) {
  EXPECT_OK(builder_.Write(place_.entry_count - 1, entry_));
  EXPECT_THAT(builder_.Write(place_.entry_count, entry_), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(builder_.Write(~0U, entry_), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(DirectoryBuilderTest, InvalidIndexOfAWideBlockIsRefused) {
  entry_.extents = 2;
  entry_.data_size_bytes = 20000;
  EXPECT_OK(builder_.Write(place_.entry_count - 2, entry_));
  EXPECT_THAT(builder_.Write(place_.entry_count - 1, entry_),
              HasCode(StatusCode::kInvalidArgument));
}

TEST_F(DirectoryBuilderTest, EntryThatNoReaderWouldTakeIsRefused) {
  EXPECT_THAT(builder_.Write(0, BlockDirEntry{}), HasCode(StatusCode::kInvalidArgument));
  BlockDirEntry other = entry_;
  other.chunk_check = 8;
  EXPECT_THAT(builder_.Write(0, other), HasCode(StatusCode::kInvalidArgument));
  other = entry_;
  other.ts_max_us = other.ts_min_us - 1;
  EXPECT_THAT(builder_.Write(0, other), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(DirectoryBuilderTest, SealedDirectoryTakesNoMore) {
  builder_.set_sealed();
  EXPECT_THAT(builder_.Write(0, entry_), HasCode(StatusCode::kFailedPrecondition));
}

TEST_F(DirectoryBuilderTest, FailedWriteIsReported) {
  fixture_.fs().FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kWrite));
  EXPECT_THAT(builder_.Write(0, entry_), HasCode(StatusCode::kIoError));
}

}  // namespace
}  // namespace xtdb
