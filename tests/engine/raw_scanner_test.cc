#include "engine/salvage/raw_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/chunk_fixture.h"

namespace xtdb {
namespace {

using testing::ElementsAre;

class RawScannerTest : public testing::Test {
 protected:
  std::vector<uint32_t> Extents(uint32_t slot) {
    std::vector<uint32_t> extents;
    const auto blocks = scanner_.ScanSlot(slot);
    EXPECT_OK(blocks);
    for (const ScannedBlock& block : blocks.value()) {
      EXPECT_EQ(block.slot, slot);
      EXPECT_EQ(block.offset, fixture_.layout().Layout(slot).ExtentOffset(block.extent));
      extents.push_back(block.extent);
    }
    return extents;
  }
  void Destroy(uint64_t offset, uint64_t size) {
    const std::vector<std::byte> garbage(size, std::byte{0x5A});
    ASSERT_OK(fixture_.file().WriteAt(offset, garbage));
  }

  ChunkFixture fixture_;
  RawScanner scanner_{fixture_.file(), ChunkFixture::kContainerId, fixture_.layout()};
};

TEST_F(RawScannerTest, EmptyContainerHasNoBlocks) {
  EXPECT_TRUE(scanner_.ScanAll().value().empty());
}

TEST_F(RawScannerTest, AllBlocksAreFoundWithoutDirectory) {
  const auto chunk = fixture_.NewChunk(1, 7);
  const auto other = fixture_.NewChunk(2, 8);
  size_t points = 0;
  for (TagId tag = 1; tag <= 20; ++tag) {
    fixture_.Put(*chunk, tag, MakeNoise(1000 * tag), 100 + tag, 4);
    fixture_.Put(*other, tag, MakeInts(10), 200 + tag);
    points += 1000 * tag + 10;
  }
  for (const auto& damaged : {chunk, other}) {
    Destroy(damaged->layout().directory_offset, damaged->layout().directory_bytes);
  }
  ASSERT_OK_AND_ASSIGN(const std::vector<ScannedBlock> blocks, scanner_.ScanAll());
  EXPECT_EQ(blocks.size(), chunk->summary().block_count + other->summary().block_count);
  size_t found = 0;
  for (const ScannedBlock& block : blocks) found += block.decoded.head.count;
  EXPECT_EQ(found, points);
}

TEST_F(RawScannerTest, StaleTenantsBlocksAreIgnored) {
  const auto old_tenant = fixture_.NewChunk(1, 7);
  for (int i = 0; i < 5; ++i) fixture_.Put(*old_tenant, 5, MakeInts(10), 100 + i);
  std::vector<std::byte> zeros(32);
  ASSERT_OK(fixture_.file().WriteAt(old_tenant->layout().chunk_offset + kChunkStateOffset, zeros));
  const auto tenant = fixture_.NewChunk(1, 9);
  fixture_.Put(*tenant, 6, MakeInts(10), 200);
  EXPECT_THAT(Extents(1), ElementsAre(0));
}

TEST_F(RawScannerTest, WithoutHeaderTheMostFrequentNumberCounts) {
  const auto old_tenant = fixture_.NewChunk(1, 7);
  for (int i = 0; i < 5; ++i) fixture_.Put(*old_tenant, 5, MakeInts(10), 100 + i);
  const auto tenant = fixture_.OpenChunk(1, 9, ChunkState::kAllocated);
  tenant->StartEmpty();
  for (int i = 0; i < 3; ++i) fixture_.Put(*tenant, 6, MakeInts(10), 200 + i);
  Destroy(tenant->layout().chunk_offset, kExtentSizeBytes);
  EXPECT_THAT(Extents(1), ElementsAre(0, 1, 2));
  // The old tenant's own blocks 3 and 4 stay hidden: 3 of number 9 against 2 of number 7.
}

TEST_F(RawScannerTest, BlocksOfAnotherContainerAreIgnored) {
  const auto chunk = fixture_.NewChunk(1, 7);
  fixture_.Put(*chunk, 5, MakeInts(10), 100);
  RawScanner other(fixture_.file(), ChunkFixture::kContainerId + 1, fixture_.layout());
  EXPECT_TRUE(other.ScanAll().value().empty());
}

TEST_F(RawScannerTest, DamagedHeadIsMissingAndTheRestIsThere) {
  const auto chunk = fixture_.NewChunk(1, 7);
  for (int i = 0; i < 4; ++i) fixture_.Put(*chunk, 5, MakeInts(10), 100 + i);
  fixture_.fs().FlipBits(fixture_.kPath, chunk->layout().ExtentOffset(1) + 40, std::byte{1});
  fixture_.fs().FlipBits(fixture_.kPath, chunk->layout().ExtentOffset(2) + 150, std::byte{1});
  EXPECT_THAT(Extents(1), ElementsAre(0, 3));
}

TEST_F(RawScannerTest, OfTwoBlocksAtOnePlaceTheLaterFlushIsTaken) {
  const auto chunk = fixture_.NewChunk(1, 7);
  // A flush that did not count wrote at extents 0 and 1; the next one wrote a wide block over
  // extent 0 and left the head at its second extent standing.
  const auto wide = fixture_.WriteData(*chunk, 5, MakeNoise(3000), 200, 4);
  ASSERT_GT(wide[0].entry.extents, 1U);
  auto stale = std::move(EncodeBlocks(5, MakeInts(10), 100, 1)).value();
  BlockWriter writer(fixture_.io(), ChunkFixture::kContainerId);
  const uint64_t second = chunk->layout().ExtentOffset(1);
  ASSERT_OK(writer.Write(stale[0], 7, 101, second));
  EXPECT_THAT(Extents(1), ElementsAre(0));
  auto later = std::move(EncodeBlocks(5, MakeInts(10), 300, 1)).value();
  ASSERT_OK(writer.Write(later[0], 7, 301, second));
  EXPECT_THAT(Extents(1), ElementsAre(1));
}

TEST_F(RawScannerTest, FileThatEndsWithinASlotGivesWhatItHas) {
  const auto chunk = fixture_.NewChunk(3, 7);
  fixture_.Put(*chunk, 5, MakeInts(10), 100);
  fixture_.Put(*chunk, 5, MakeInts(10, 100'000'000), 101);
  ASSERT_OK(fixture_.file().Truncate(chunk->layout().ExtentOffset(1) + 100));
  EXPECT_THAT(Extents(3), ElementsAre(0));
  EXPECT_EQ(scanner_.ScanAll().value().size(), 1U);
}

TEST_F(RawScannerTest, FailedReadIsReported) {
  fixture_.fs().FailNth(3, Status::IoError("disk"), MaskOf(FileOperation::kRead));
  EXPECT_THAT(scanner_.ScanSlot(1), HasCode(StatusCode::kIoError));
}

}  // namespace
}  // namespace xtdb
