#include "engine/chunk/layout_calculator.h"

#include <gtest/gtest.h>

#include "engine/format/block_format.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

class LayoutCalculatorTest : public testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, LayoutCalculatorTest,
                         testing::Values(4 * kMiB, 8 * kMiB, 64 * kMiB, 256 * kMiB));

TEST_P(LayoutCalculatorTest, PartsFollowEachOtherWithoutOverlap) {
  ASSERT_OK_AND_ASSIGN(const LayoutCalculator calculator, LayoutCalculator::Create(GetParam()));
  for (const uint32_t slot : {0U, 1U, 70000U}) {
    const ChunkLayout layout = calculator.Layout(slot);
    EXPECT_EQ(layout.slot, slot);
    EXPECT_EQ(layout.chunk_offset, kExtentSizeBytes + slot * GetParam());
    EXPECT_EQ(layout.directory_offset, layout.chunk_offset + kExtentSizeBytes);
    EXPECT_EQ(layout.EntryOffset(0), layout.directory_offset);
    EXPECT_EQ(layout.EntryOffset(layout.entry_count), layout.order_offset);
    EXPECT_EQ(layout.order_bytes, layout.entry_count * uint64_t{2});
    EXPECT_LE(layout.order_offset + layout.order_bytes, layout.data_offset);
    EXPECT_EQ(layout.ExtentOffset(0), layout.data_offset);
    EXPECT_EQ(layout.data_offset % kExtentSizeBytes, 0U);
    EXPECT_LE(layout.ExtentOffset(layout.entry_count), layout.end_offset);
    EXPECT_EQ(layout.end_offset, calculator.Layout(slot + 1).chunk_offset);
  }
}

TEST_P(LayoutCalculatorTest, OneMoreExtentWouldNotFit) {
  ASSERT_OK_AND_ASSIGN(const LayoutCalculator calculator, LayoutCalculator::Create(GetParam()));
  const uint64_t more = calculator.entry_count() + 1;
  const uint64_t needed = 1 + ExtentsOf(more * (sizeof(BlockDirEntry) + 2)) + more;
  EXPECT_GT(needed * kExtentSizeBytes, GetParam());
  EXPECT_LE(calculator.entry_count(), 65535U);  // an order array's number
}

TEST_P(LayoutCalculatorTest, LargestTextFitsIntoAChunk) {
  ASSERT_OK_AND_ASSIGN(const LayoutCalculator calculator, LayoutCalculator::Create(GetParam()));
  if (GetParam() == 8 * kMiB) return;
  EXPECT_LT(ExtentsOf(calculator.TextBytesMax()) + 1, calculator.entry_count());
}

TEST(LayoutCalculatorTest, EntryCountsAreTheseForEver) {
  EXPECT_EQ(LayoutCalculator::Create(4 * kMiB).value().entry_count(), 252U);
  EXPECT_EQ(LayoutCalculator::Create(64 * kMiB).value().entry_count(), 4047U);
  EXPECT_EQ(LayoutCalculator::Create(256 * kMiB).value().entry_count(), 16191U);
}

TEST(LayoutCalculatorTest, OnlyPowersOfTwoFrom4To256MiBAreSizes) {
  for (const uint64_t size : {uint64_t{0}, kMiB, 2 * kMiB, 4 * kMiB - 1, 4 * kMiB + 1, 12 * kMiB,
                              512 * kMiB, kGiB, ~uint64_t{0}}) {
    EXPECT_THAT(LayoutCalculator::Create(size), HasCode(StatusCode::kInvalidArgument)) << size;
  }
}

TEST(LayoutCalculatorTest, TextsAreSmallerInSmallChunks) {
  EXPECT_EQ(LayoutCalculator::Create(4 * kMiB).value().TextBytesMax(), 1 * kMiB);
  EXPECT_EQ(LayoutCalculator::Create(64 * kMiB).value().TextBytesMax(), 16 * kMiB);
}

}  // namespace
}  // namespace xtdb
