#include "engine/buffer/mem_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace xtdb {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

PointColumns Rows(size_t count, int64_t first = 0) {
  PointColumns rows;
  rows.type = ValueType::kInt64;
  for (size_t i = 0; i < count; ++i) {
    rows.Append({first + static_cast<int64_t>(i), 0, kQualityGood, 0, {}});
  }
  return rows;
}

void Add(MemBuffer& buffer, TagId tag, const PointColumns& rows, LSN lsn, LSN first_frame) {
  buffer.Prepare(tag, rows);
  buffer.Append(tag, rows, lsn, first_frame);
}

size_t CountAt(const MemBuffer& buffer, TagId tag, LSN lsn) {
  std::vector<MemoryRun> runs;
  buffer.RunsAt(tag, lsn, kMin, kMax, runs);
  size_t count = 0;
  for (const MemoryRun& run : runs) count += run.columns->size();
  return count;
}

TEST(MemBufferTest, AnEmptyOneHoldsNothingBack) {
  const MemBuffer buffer;
  EXPECT_EQ(buffer.bytes(), 0u);
  EXPECT_EQ(buffer.point_count(), 0u);
  EXPECT_EQ(buffer.oldest_frame_lsn(), kMaxLsn);
  EXPECT_EQ(buffer.LastTs(1), kMin);
  EXPECT_EQ(CountAt(buffer, 1, kMaxLsn), 0u);
  EXPECT_TRUE(buffer.Usage().empty());
}

TEST(MemBufferTest, PrepareWithoutAppendCountsNoPointsAndHoldsNoLog) {
  MemBuffer buffer;
  buffer.Prepare(1, Rows(10));
  EXPECT_GT(buffer.bytes(), 0u) << "the memory is taken";
  EXPECT_EQ(buffer.point_count(), 0u);
  EXPECT_EQ(buffer.oldest_frame_lsn(), kMaxLsn);
  EXPECT_TRUE(buffer.Usage().empty());
  EXPECT_EQ(CountAt(buffer, 1, kMaxLsn), 0u);
}

TEST(MemBufferTest, UsageIsByBytesTheLargestFirst) {
  MemBuffer buffer;
  Add(buffer, 1, Rows(10), 100, 90);
  Add(buffer, 2, Rows(1000), 200, 190);
  Add(buffer, 3, Rows(10), 300, 290);
  const auto usage = buffer.Usage();
  ASSERT_EQ(usage.size(), 3u);
  EXPECT_EQ(usage[0].tag, 2u);
  EXPECT_EQ(usage[1].tag, 1u) << "of equal ones by number";
  EXPECT_EQ(usage[1].first_frame_lsn, 90u);
  EXPECT_EQ(buffer.point_count(), 1020u);
  EXPECT_EQ(buffer.oldest_frame_lsn(), 90u);
}

TEST(MemBufferTest, RetireMovesBytesFromBufferedToHeld) {
  MemBuffer buffer;
  Add(buffer, 1, Rows(100), 100, 90);
  Add(buffer, 2, Rows(5), 100, 90);
  const size_t before = buffer.bytes();
  buffer.Retire(1, 110);
  EXPECT_LT(buffer.bytes(), before);
  EXPECT_EQ(buffer.retired_bytes(), before - buffer.bytes());
  EXPECT_EQ(buffer.point_count(), 5u);
  EXPECT_EQ(CountAt(buffer, 1, 109), 100u);
  EXPECT_EQ(CountAt(buffer, 1, 110), 0u);
  EXPECT_EQ(buffer.LastTs(2), 4);
}

TEST(MemBufferTest, ReclaimDropsWhatNoSnapshotNeedsAndKeepsNewRows) {
  MemBuffer buffer;
  Add(buffer, 1, Rows(100), 100, 90);
  buffer.Retire(1, 110);
  Add(buffer, 1, Rows(3, 1000), 120, 115);
  buffer.Reclaim({.live = {109}});
  EXPECT_GT(buffer.retired_bytes(), 0u);
  buffer.Reclaim({.live = {110}});
  EXPECT_EQ(buffer.retired_bytes(), 0u);
  EXPECT_EQ(CountAt(buffer, 1, 120), 3u);
  EXPECT_EQ(buffer.oldest_frame_lsn(), 115u);
  buffer.Retire(1, 130);
  buffer.Reclaim(SnapshotSet());
  EXPECT_EQ(buffer.bytes(), 0u);
  EXPECT_EQ(buffer.retired_bytes(), 0u);
}

TEST(MemBufferTest, BytesAreExactOverManyFlushes) {
  MemBuffer buffer;
  LSN lsn = 100;
  for (int turn = 0; turn < 20; ++turn) {
    for (TagId tag = 1; tag <= 5; ++tag) {
      lsn += 10;
      Add(buffer, tag, Rows(50 * tag), lsn, lsn);
    }
    buffer.Prepare(9, Rows(20));
    buffer.Unprepare(9);
    for (TagId tag = 1; tag <= 5; ++tag) buffer.Retire(tag, lsn += 10);
    buffer.Reclaim({.live = {lsn}});
    EXPECT_EQ(buffer.retired_bytes(), 0u);
    EXPECT_EQ(buffer.point_count(), 0u);
  }
  EXPECT_LT(buffer.bytes(), 64 * kKiB) << "what was only prepared does not pile up";
}

// A reader's end reclaims at any moment, also between a transaction's Prepare and Commit.
TEST(MemBufferTest, ReclaimLeavesWhatIsPreparedAlone) {
  MemBuffer buffer;
  Add(buffer, 1, Rows(3), 100, 90);
  buffer.Retire(1, 110);
  const PointColumns rows = Rows(2, 10);
  buffer.Prepare(1, rows);
  buffer.Reclaim({.live = {110}});
  buffer.Append(1, rows, 120, 115);
  EXPECT_EQ(CountAt(buffer, 1, 120), 2u);
}

TEST(MemBufferTest, UnprepareGivesBackTheMemoryAndNoRow) {
  MemBuffer buffer;
  buffer.Prepare(1, Rows(100'000));
  buffer.Unprepare(1);
  EXPECT_EQ(buffer.bytes(), 0u);
  Add(buffer, 1, Rows(3), 100, 90);
  const size_t bytes = buffer.bytes();
  buffer.Prepare(1, Rows(100'000));
  buffer.Unprepare(1);
  buffer.Unprepare(2);
  EXPECT_EQ(buffer.bytes(), bytes);
  EXPECT_EQ(CountAt(buffer, 1, 100), 3u);
  buffer.Retire(1, 110);
  buffer.Prepare(1, Rows(10));
  buffer.Unprepare(1);
  EXPECT_EQ(CountAt(buffer, 1, 109), 3u) << "snapshots keep what they see";
}

TEST(MemBufferTest, RetiringATagThatIsNotThereDoesNothing) {
  MemBuffer buffer;
  buffer.Retire(7, 10);
  buffer.Reclaim(SnapshotSet());
  EXPECT_EQ(buffer.retired_bytes(), 0u);
}

}  // namespace
}  // namespace xtdb
