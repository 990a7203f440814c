#include "engine/chunk/chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/chunk_fixture.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000;

std::vector<uint32_t> Numbers(const std::vector<BlockRef>& blocks) {
  std::vector<uint32_t> numbers;
  for (const BlockRef& block : blocks) numbers.push_back(block.entry_index);
  return numbers;
}

class ChunkTest : public testing::Test {
 protected:
  std::vector<uint32_t> Find(Chunk& chunk, TagId tag, int64_t from, int64_t to, LSN lsn = kMaxLsn,
                             uint32_t* skipped = nullptr) {
    std::vector<BlockRef> blocks;
    const Result<uint32_t> rest = chunk.FindBlocks(tag, from, to, lsn, blocks);
    EXPECT_OK(rest);
    if (skipped != nullptr) *skipped = rest.value();
    return Numbers(blocks);
  }

  ChunkFixture fixture_;
  std::shared_ptr<Chunk> chunk_ = fixture_.NewChunk(1, 7);
};

TEST_F(ChunkTest, EmptyChunkHasNothing) {
  EXPECT_THAT(Find(*chunk_, 1, kTsMin, kTsMax), ElementsAre());
  EXPECT_EQ(chunk_->summary(), ChunkSummary{});
  EXPECT_EQ(chunk_->next_free_extent(), 0U);
}

TEST_F(ChunkTest, BlocksAreFoundByTagAndTime) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);             // entry 0
  fixture_.Put(*chunk_, 4, MakeInts(10, 0), 101);             // entry 1
  fixture_.Put(*chunk_, 5, MakeInts(10, 20 * kSecond), 102);  // entry 2
  fixture_.Put(*chunk_, 5, MakeInts(10, 10 * kSecond), 103);  // entry 3: late
  uint32_t skipped = 99;
  EXPECT_THAT(Find(*chunk_, 5, kTsMin, kTsMax, kMaxLsn, &skipped), ElementsAre(0, 3, 2));
  EXPECT_EQ(skipped, 0U);
  EXPECT_THAT(Find(*chunk_, 5, 9 * kSecond, 10 * kSecond, kMaxLsn, &skipped), ElementsAre(0, 3));
  EXPECT_EQ(skipped, 1U);
  EXPECT_THAT(Find(*chunk_, 5, 9 * kSecond + 1, 10 * kSecond - 1), ElementsAre());
  EXPECT_THAT(Find(*chunk_, 5, 29 * kSecond, kTsMax), ElementsAre(2));
  EXPECT_THAT(Find(*chunk_, 5, 29 * kSecond + 1, kTsMax), ElementsAre());
  EXPECT_THAT(Find(*chunk_, 6, kTsMin, kTsMax), ElementsAre());
  EXPECT_THAT(Numbers(chunk_->AllBlocks(kMaxLsn).value()), ElementsAre(0, 1, 2, 3));
}

TEST_F(ChunkTest, LongBlockInFrontOfShortOnesIsFound) {
  fixture_.Put(*chunk_, 5, MakeInts(1000, 0), 100);
  fixture_.Put(*chunk_, 5, MakeInts(2, 10 * kSecond), 101);
  fixture_.Put(*chunk_, 5, MakeInts(2, 20 * kSecond), 102);
  EXPECT_THAT(Find(*chunk_, 5, 500 * kSecond, 500 * kSecond), ElementsAre(0));
  EXPECT_THAT(Find(*chunk_, 5, 20 * kSecond, 20 * kSecond), ElementsAre(0, 2));
}

TEST_F(ChunkTest, SnapshotSeesOnlyEarlierFlushes) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  fixture_.Put(*chunk_, 5, MakeInts(10, 20 * kSecond), 200);
  uint32_t skipped = 99;
  EXPECT_THAT(Find(*chunk_, 5, kTsMin, kTsMax, 99, &skipped), ElementsAre());
  EXPECT_EQ(skipped, 0U);
  EXPECT_THAT(Find(*chunk_, 5, kTsMin, kTsMax, 100), ElementsAre(0));
  EXPECT_THAT(Find(*chunk_, 5, kTsMin, kTsMax, 199), ElementsAre(0));
  EXPECT_THAT(Find(*chunk_, 5, kTsMin, kTsMax, 200), ElementsAre(0, 1));
  EXPECT_THAT(Numbers(chunk_->AllBlocks(199).value()), ElementsAre(0));
}

TEST_F(ChunkTest, SummaryGrowsWithEntries) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  fixture_.Put(*chunk_, 3, MakeInts(5, -20 * kSecond), 90);
  const ChunkSummary wanted{-20 * kSecond, 9 * kSecond, 3, 5, 15, 100, 2, 2};
  EXPECT_EQ(chunk_->summary(), wanted);
  EXPECT_EQ(chunk_->next_free_extent(), 2U);
}

TEST_F(ChunkTest, ReopenedChunkIsTheSame) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  fixture_.Put(*chunk_, 4, MakeNoise(5000, 0), 101, 4);
  fixture_.Put(*chunk_, 5, MakeInts(10, -20 * kSecond), 102);
  const auto again = fixture_.OpenChunk(1, 7, ChunkState::kAllocated);
  ASSERT_OK(again->Load());
  EXPECT_EQ(again->summary(), chunk_->summary());
  EXPECT_EQ(again->next_free_extent(), chunk_->next_free_extent());
  EXPECT_EQ(again->DirectoryImage().value(), chunk_->DirectoryImage().value());
  for (const TagId tag : {4U, 5U}) {
    for (int64_t from = -30; from < 6000; from += 7) {
      EXPECT_EQ(Find(*again, tag, from * kSecond, (from + 5) * kSecond),
                Find(*chunk_, tag, from * kSecond, (from + 5) * kSecond));
    }
  }
}

TEST_F(ChunkTest, DirectoryIsReadOnceAndAtFirstUse) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  const auto again = fixture_.OpenChunk(1, 7, ChunkState::kAllocated);
  const uint64_t before = fixture_.fs().operation_count();
  EXPECT_THAT(Find(*again, 5, kTsMin, kTsMax), ElementsAre(0));
  EXPECT_THAT(Find(*again, 5, kTsMin, kTsMax), ElementsAre(0));
  EXPECT_EQ(fixture_.fs().operation_count(), before + 1);
}

TEST_F(ChunkTest, ReplayedEntryStaysAndAnotherOneIsCorruption) {
  const PlacedEntry placed = fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100)[0];
  EXPECT_OK(chunk_->AddEntry(0, placed.entry));
  EXPECT_EQ(chunk_->summary().block_count, 1U);
  BlockDirEntry other = placed.entry;
  other.through_lsn = 98;
  EXPECT_THAT(chunk_->AddEntry(0, other), HasCode(StatusCode::kCorruption));
  other = placed.entry;
  other.tag_id = 6;
  EXPECT_THAT(chunk_->AddEntry(0, other), HasCode(StatusCode::kCorruption));
}

TEST_F(ChunkTest, EntriesThatShareExtentsAreCorruption) {
  const PlacedEntry wide = fixture_.WriteData(*chunk_, 5, MakeNoise(5000, 0), 100, 4)[0];
  ASSERT_GT(wide.entry.extents, 2U);
  ASSERT_OK(chunk_->AddEntry(10, wide.entry));
  EXPECT_THAT(chunk_->AddEntry(11, wide.entry), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(chunk_->AddEntry(9, wide.entry), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(chunk_->AddEntry(10 - wide.entry.extents + 1, wide.entry),
              HasCode(StatusCode::kCorruption));
  EXPECT_OK(chunk_->AddEntry(10 - wide.entry.extents, wide.entry));
  EXPECT_OK(chunk_->AddEntry(10 + wide.entry.extents, wide.entry));
  EXPECT_THAT(chunk_->AddEntry(chunk_->layout().entry_count - 1, wide.entry),
              HasCode(StatusCode::kCorruption));
  EXPECT_THAT(chunk_->AddEntry(chunk_->layout().entry_count, wide.entry),
              HasCode(StatusCode::kCorruption));
}

TEST_F(ChunkTest, DamagedEntryIsAnErrorThatNamesItOrIsCounted) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  const PlacedEntry second = fixture_.Put(*chunk_, 5, MakeInts(10, 20 * kSecond), 101)[0];
  fixture_.fs().FlipBits(fixture_.kPath, chunk_->layout().EntryOffset(1) + 50, std::byte{4});
  const auto strict = fixture_.OpenChunk(1, 7, ChunkState::kAllocated);
  const Status status = strict->Load();
  EXPECT_THAT(status, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(status, HasMessage(HasSubstr("chunk 7 (slot 1): entry 1: ")));
  const auto tolerant = fixture_.OpenChunk(1, 7, ChunkState::kAllocated);
  ASSERT_OK(tolerant->LoadBelow(tolerant->layout().entry_count));
  EXPECT_EQ(tolerant->damaged_entries(), 1U);
  std::vector<BlockRef> blocks;
  EXPECT_THAT(tolerant->FindBlocks(5, kTsMin, kTsMax, kMaxLsn, blocks),
              HasMessage(HasSubstr("1 directory entries are damaged, the first is entry 1")));
  EXPECT_THAT(tolerant->AllBlocks(kMaxLsn), HasCode(StatusCode::kCorruption));
  ASSERT_OK(tolerant->AddEntry(1, second.entry));
  EXPECT_THAT(Find(*tolerant, 5, kTsMin, kTsMax), ElementsAre(0, 1));
}

TEST_F(ChunkTest, EntriesKeepTheirPlaceWhileOthersArrive) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  std::vector<BlockRef> blocks;
  ASSERT_OK(chunk_->FindBlocks(5, kTsMin, kTsMax, kMaxLsn, blocks));
  const std::shared_ptr<const BlockDirEntry> entry = blocks[0].entry;
  for (uint32_t i = 0; i < 200; ++i) fixture_.Put(*chunk_, 200 - i, MakeInts(3), 101 + i);
  blocks.clear();
  ASSERT_OK(chunk_->FindBlocks(5, kTsMin, kTsMax, 100, blocks));
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].entry, entry);
}

TEST_F(ChunkTest, FailedReadOfTheDirectoryIsReportedAndMayBeTriedAgain) {
  fixture_.Put(*chunk_, 5, MakeInts(10, 0), 100);
  const auto again = fixture_.OpenChunk(1, 7, ChunkState::kAllocated);
  fixture_.fs().FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kRead));
  std::vector<BlockRef> blocks;
  EXPECT_THAT(again->FindBlocks(5, kTsMin, kTsMax, kMaxLsn, blocks), HasCode(StatusCode::kIoError));
  EXPECT_THAT(Find(*again, 5, kTsMin, kTsMax), ElementsAre(0));
}

}  // namespace
}  // namespace xtdb
