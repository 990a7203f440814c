#include "engine/buffer/tag_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

PointColumns Ints(std::initializer_list<int64_t> times, int64_t value = 0) {
  PointColumns rows;
  rows.type = ValueType::kInt64;
  for (const int64_t ts : times) rows.Append({ts, FromInt64(value), kQualityGood, 0, {}});
  return rows;
}

PointColumns Texts(size_t count, const std::string& text) {
  PointColumns rows;
  rows.type = ValueType::kText;
  for (size_t i = 0; i < count; ++i) {
    rows.Append({static_cast<int64_t>(i), 0, kQualityGood, 0, text});
  }
  return rows;
}

void Add(TagBuffer& buffer, const PointColumns& rows, LSN lsn) {
  buffer.Prepare(rows);
  buffer.Append(rows, lsn, lsn - 1);
}

std::vector<int64_t> TimesAt(const TagBuffer& buffer, LSN lsn, int64_t from = kMin,
                             int64_t to = kMax) {
  std::vector<MemoryRun> runs;
  buffer.RunsAt(lsn, from, to, runs);
  std::vector<int64_t> times;
  for (const MemoryRun& run : runs) {
    EXPECT_FALSE(run.columns->empty());
    EXPECT_TRUE(run.columns->IsStrictlyIncreasing());
    times.insert(times.end(), run.columns->ts_us.begin(), run.columns->ts_us.end());
  }
  return times;
}

TEST(TagBufferTest, ANewOneIsEmpty) {
  const TagBuffer buffer;
  EXPECT_THAT(TimesAt(buffer, kMaxLsn), IsEmpty());
  EXPECT_FALSE(buffer.HasRows());
  EXPECT_EQ(buffer.first_frame_lsn(), kMaxLsn);
  EXPECT_TRUE(buffer.Collect(ValueType::kInt64).empty());
}

TEST(TagBufferTest, ASnapshotSeesThePrefixOfCommitsUpToItsLsn) {
  TagBuffer buffer;
  Add(buffer, Ints({1, 2}), 10);
  Add(buffer, Ints({3}), 20);
  Add(buffer, Ints({4}), 30);
  EXPECT_THAT(TimesAt(buffer, 9), IsEmpty());
  EXPECT_THAT(TimesAt(buffer, 10), ElementsAre(1, 2));
  EXPECT_THAT(TimesAt(buffer, 19), ElementsAre(1, 2));
  EXPECT_THAT(TimesAt(buffer, 20), ElementsAre(1, 2, 3));
  EXPECT_THAT(TimesAt(buffer, kMaxLsn), ElementsAre(1, 2, 3, 4));
}

TEST(TagBufferTest, BothEndsOfARangeAreInIt) {
  TagBuffer buffer;
  Add(buffer, Ints({1, 2, 3, 4}), 10);
  EXPECT_THAT(TimesAt(buffer, 10, 2, 3), ElementsAre(2, 3));
  EXPECT_THAT(TimesAt(buffer, 10, 4, kMax), ElementsAre(4));
  EXPECT_THAT(TimesAt(buffer, 10, 5, kMax), IsEmpty());
  EXPECT_THAT(TimesAt(buffer, 10, 3, 2), IsEmpty());
  EXPECT_THAT(TimesAt(buffer, 10, kMin, 1), ElementsAre(1));
}

TEST(TagBufferTest, LatePointsAreSortedAndOfEqualTimesTheLastCounts) {
  TagBuffer buffer;
  Add(buffer, Ints({5, 7}, 1), 10);
  Add(buffer, Ints({6, 5}, 2), 20);
  EXPECT_THAT(TimesAt(buffer, 10), ElementsAre(5, 7));
  std::vector<MemoryRun> runs;
  buffer.RunsAt(20, kMin, kMax, runs);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_THAT(runs[0].columns->ts_us, ElementsAre(5, 6, 7));
  EXPECT_THAT(runs[0].columns->bits, ElementsAre(2, 2, 1));
  EXPECT_EQ(buffer.last_ts(), 7);
}

TEST(TagBufferTest, PrepareWithoutAppendLeavesNothingToSee) {
  TagBuffer buffer;
  buffer.Prepare(Ints({1, 2, 3}));
  EXPECT_THAT(TimesAt(buffer, kMaxLsn), IsEmpty());
  EXPECT_FALSE(buffer.HasRows());
  EXPECT_TRUE(buffer.Collect(ValueType::kInt64).empty());
  buffer.Unprepare();
  Add(buffer, Ints({4}), 10);
  EXPECT_THAT(TimesAt(buffer, 10), ElementsAre(4));
}

TEST(TagBufferTest, PrepareOfAnotherTypeThatRollsBackHidesNothing) {
  TagBuffer buffer;
  Add(buffer, Ints({1}), 10);
  PointColumns reals;
  reals.type = ValueType::kFloat64;
  reals.Append({2, FromDouble(0.5), kQualityGood, 0, {}});
  buffer.Prepare(reals);
  buffer.Unprepare();
  Add(buffer, Ints({3}), 20);
  EXPECT_THAT(TimesAt(buffer, 20), ElementsAre(1, 3));
  EXPECT_EQ(buffer.Collect(ValueType::kInt64).size(), 2u);
}

TEST(TagBufferTest, ACommitLargerThanASegmentIsSeenWhole) {
  TagBuffer buffer;
  PointColumns rows;
  rows.type = ValueType::kInt64;
  const auto count = static_cast<int64_t>(TagBuffer::kSegmentRows) + 1;
  for (int64_t ts = 0; ts < count; ++ts) rows.Append({ts, 0, kQualityGood, 0, {}});
  Add(buffer, Ints({-1}), 5);
  Add(buffer, rows, 10);
  Add(buffer, Ints({count}), 20);
  EXPECT_EQ(TimesAt(buffer, 5).size(), 1u);
  EXPECT_EQ(TimesAt(buffer, 10).size(), static_cast<size_t>(count) + 1);
  EXPECT_EQ(TimesAt(buffer, 20).size(), static_cast<size_t>(count) + 2);
  EXPECT_EQ(buffer.row_count(), static_cast<size_t>(count) + 2);
}

TEST(TagBufferTest, ManyCommitsThatFillSegmentsExactlyAreAllSeen) {
  TagBuffer buffer;
  const auto count = static_cast<int64_t>(2 * TagBuffer::kSegmentRows);
  for (int64_t ts = 0; ts < count; ++ts) Add(buffer, Ints({ts}), static_cast<LSN>(ts) + 10);
  EXPECT_EQ(TimesAt(buffer, kMaxLsn).size(), static_cast<size_t>(count));
  const auto at = static_cast<LSN>(TagBuffer::kSegmentRows) + 10;
  EXPECT_EQ(TimesAt(buffer, at).size(), TagBuffer::kSegmentRows + 1);
  EXPECT_EQ(TimesAt(buffer, at - 1).size(), TagBuffer::kSegmentRows);
}

TEST(TagBufferTest, TextsAreCopiedIntoTheHeapAndCounted) {
  TagBuffer buffer;
  const std::string text(1000, 'x');
  const size_t before = buffer.bytes();
  for (LSN lsn = 10; lsn < 14; ++lsn) Add(buffer, Texts(500, text), lsn);
  EXPECT_GE(buffer.bytes(), before + 4 * 500 * 1000);
  std::vector<MemoryRun> runs;
  buffer.RunsAt(kMaxLsn, kMin, kMax, runs);
  ASSERT_FALSE(runs.empty());
  for (const MemoryRun& run : runs) {
    for (size_t row = 0; row < run.columns->size(); ++row) {
      ASSERT_EQ(run.columns->TextAt(row), text);
    }
  }
}

TEST(TagBufferTest, CollectWidensIntegersToTheTagsType) {
  TagBuffer buffer;
  Add(buffer, Ints({1}, 3), 10);
  PointColumns reals;
  reals.type = ValueType::kFloat64;
  reals.Append({2, FromDouble(0.5), kQualityGood, 0, {}});
  Add(buffer, reals, 20);
  const PointColumns all = buffer.Collect(ValueType::kFloat64);
  EXPECT_THAT(all.bits, ElementsAre(FromDouble(3), FromDouble(0.5)));
}

TEST(TagBufferTest, RetiredRowsAreForSnapshotsBeforeTheFlush) {
  TagBuffer buffer;
  Add(buffer, Ints({1}), 10);
  buffer.Retire(20);
  Add(buffer, Ints({2}), 30);
  EXPECT_THAT(TimesAt(buffer, 10), ElementsAre(1));
  EXPECT_THAT(TimesAt(buffer, 19), ElementsAre(1));
  EXPECT_THAT(TimesAt(buffer, 20), IsEmpty()) << "from the flush on the block has it";
  EXPECT_THAT(TimesAt(buffer, 30), ElementsAre(2));
  EXPECT_EQ(buffer.first_frame_lsn(), 29u);
  EXPECT_GT(buffer.retired_bytes(), 0u);
}

TEST(TagBufferTest, ReclaimKeepsWhatAnOlderSnapshotNeeds) {
  TagBuffer buffer;
  Add(buffer, Ints({1}), 10);
  buffer.Retire(20);
  Add(buffer, Ints({2}), 30);
  buffer.Retire(40);
  buffer.Reclaim({.live = {19, 39}});
  EXPECT_THAT(TimesAt(buffer, 19), ElementsAre(1));
  buffer.Reclaim({.live = {20, 39}});
  EXPECT_THAT(TimesAt(buffer, 10), IsEmpty());
  EXPECT_THAT(TimesAt(buffer, 39), ElementsAre(2));
  buffer.Reclaim({.live = {40}});
  EXPECT_FALSE(buffer.HasRetired());
  EXPECT_EQ(buffer.retired_bytes(), 0u);
}

// Who ends a snapshot looks which others there are, and reclaims later: what was flushed in between
// may be seen by a snapshot that he did not see.
TEST(TagBufferTest, ReclaimKeepsWhatASnapshotNeedsThatWasTakenMeanwhile) {
  TagBuffer buffer;
  Add(buffer, Ints({1}), 10);
  buffer.Retire(20);
  Add(buffer, Ints({2}), 30);
  buffer.Retire(40);
  buffer.Reclaim({.live = {}, .coming_from = 25});
  EXPECT_THAT(TimesAt(buffer, 15), IsEmpty());
  EXPECT_THAT(TimesAt(buffer, 39), ElementsAre(2));
  buffer.Reclaim({.live = {}, .coming_from = 39});
  EXPECT_THAT(TimesAt(buffer, 39), ElementsAre(2));
  buffer.Reclaim({.live = {}, .coming_from = 40});
  EXPECT_FALSE(buffer.HasRetired());
}

// A connection that read once and then does nothing for a week must not keep a week in memory.
TEST(TagBufferTest, AnOldSnapshotDoesNotHoldWhatWasCommittedSince) {
  TagBuffer buffer;
  Add(buffer, Ints({1}), 10);
  buffer.Retire(20);
  Add(buffer, Ints({2}), 30);
  buffer.Retire(40);
  buffer.Reclaim({.live = {15, 45}});
  EXPECT_THAT(TimesAt(buffer, 15), ElementsAre(1));
  EXPECT_THAT(TimesAt(buffer, 35), IsEmpty());
}

TEST(TagBufferTest, RetiringNothingLeavesNothingBehind) {
  TagBuffer buffer;
  buffer.Prepare(Ints({1}));
  buffer.Unprepare();
  buffer.Retire(20);
  EXPECT_FALSE(buffer.HasRetired());
}

}  // namespace
}  // namespace xtdb
