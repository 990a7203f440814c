#include "engine/base/point_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::Ge;

PointColumns Columns(ValueType type) {
  PointColumns columns;
  columns.type = type;
  return columns;
}

Point IntPoint(int64_t ts_us, int64_t value) {
  return Point{ts_us, FromInt64(value), kQualityGood, 0, {}};
}

Point TextPoint(int64_t ts_us, std::string_view text) {
  return Point{ts_us, 0, kQualityGood, 0, text};
}

TEST(PointColumnsTest, AtGivesBackWhatWasAppended) {
  PointColumns columns = Columns(ValueType::kInt64);
  columns.Append(Point{-5, FromInt64(-1), kQualityUncertain, 0, {}});
  ASSERT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns.At(0).ts_us, -5);
  EXPECT_EQ(AsInt64(columns.At(0).bits), -1);
  EXPECT_EQ(columns.At(0).quality, kQualityUncertain);
  EXPECT_EQ(columns.At(0).flags, 0);
}

TEST(PointColumnsTest, RowsWithoutAValueHaveBitsZeroAndNoText) {
  PointColumns columns = Columns(ValueType::kText);
  columns.Append(Point{1, 99, kQualityBad, kPointNull, "lost"});
  columns.Append(Point{2, 99, kQualityGood, kPointDeleted, "lost"});
  EXPECT_THAT(columns.bits, ElementsAre(0U, 0U));
  EXPECT_TRUE(columns.text_heap.empty());
  EXPECT_THAT(columns.flags, ElementsAre(kPointNull, kPointDeleted));
}

TEST(PointColumnsTest, TextsAreCopiedByAppendRowAndAppendRange) {
  PointColumns source = Columns(ValueType::kText);
  source.Append(TextPoint(1, "first"));
  source.Append(TextPoint(2, ""));
  source.Append(TextPoint(3, std::string_view("a\0b", 3)));
  PointColumns copy = Columns(ValueType::kText);
  copy.AppendRow(source, 2);
  copy.AppendRange(source, 0, 2);
  source.Clear();
  ASSERT_EQ(copy.size(), 3U);
  EXPECT_EQ(copy.TextAt(0), std::string_view("a\0b", 3));
  EXPECT_EQ(copy.TextAt(1), "first");
  EXPECT_EQ(copy.TextAt(2), "");
}

TEST(PointColumnsTest, AppendRangeTakesExactlyTheHalfOpenRange) {
  PointColumns source = Columns(ValueType::kInt64);
  for (int64_t i = 0; i < 5; ++i) source.Append(IntPoint(i, i * 10));
  PointColumns copy = Columns(ValueType::kInt64);
  copy.AppendRange(source, 2, 2);
  EXPECT_TRUE(copy.empty());
  copy.AppendRange(source, 1, 4);
  EXPECT_THAT(copy.ts_us, ElementsAre(1, 2, 3));
  EXPECT_THAT(copy.bits, ElementsAre(10U, 20U, 30U));
  EXPECT_EQ(copy.quality.size(), 3U);
  EXPECT_EQ(copy.flags.size(), 3U);
}

TEST(PointColumnsTest, NullRowsMayComeFromColumnsOfAnotherType) {
  PointColumns nulls = Columns(ValueType::kNone);
  nulls.Append(Point{7, 0, kQualityBad, kPointNull, {}});
  PointColumns columns = Columns(ValueType::kFloat64);
  columns.AppendRange(nulls, 0, 1);
  columns.AppendRow(nulls, 0);
  EXPECT_THAT(columns.ts_us, ElementsAre(7, 7));
  EXPECT_THAT(columns.bits, ElementsAre(0U, 0U));
}

TEST(PointColumnsTest, TruncateKeepsTheHeapAndClearEmptiesIt) {
  PointColumns columns = Columns(ValueType::kText);
  columns.Append(TextPoint(1, "one"));
  columns.Append(TextPoint(2, "two"));
  columns.Truncate(1);
  EXPECT_EQ(columns.size(), 1U);
  EXPECT_EQ(columns.text_heap.size(), 6U);
  EXPECT_EQ(columns.TextAt(0), "one");
  columns.Clear();
  EXPECT_TRUE(columns.empty());
  EXPECT_TRUE(columns.text_heap.empty());
  EXPECT_EQ(columns.type, ValueType::kText);
}

TEST(PointColumnsTest, MemoryBytesCountsRowsAndTexts) {
  PointColumns columns = Columns(ValueType::kText);
  columns.Reserve(100);
  EXPECT_THAT(columns.MemoryBytes(), Ge(100U * 18));
  columns.Append(TextPoint(1, std::string(5000, 'x')));
  EXPECT_THAT(columns.MemoryBytes(), Ge(100U * 18 + 5000));
}

TEST(PointColumnsTest, StrictlyIncreasingMeansNoEqualNeighbours) {
  PointColumns columns = Columns(ValueType::kInt64);
  EXPECT_TRUE(columns.IsStrictlyIncreasing());
  columns.Append(IntPoint(1, 0));
  EXPECT_TRUE(columns.IsStrictlyIncreasing());
  columns.Append(IntPoint(2, 0));
  EXPECT_TRUE(columns.IsStrictlyIncreasing());
  columns.Append(IntPoint(2, 0));
  EXPECT_FALSE(columns.IsStrictlyIncreasing());
}

TEST(WidenToFloat64Test, IntegersBecomeTheSameNumbersAndGapsStayZero) {
  PointColumns columns = Columns(ValueType::kInt64);
  columns.Append(IntPoint(1, -(int64_t{1} << 53)));
  columns.Append(IntPoint(2, 0));
  columns.Append(Point{3, 0, kQualityBad, kPointNull, {}});
  columns.Append(IntPoint(4, 3));
  columns.Append(IntPoint(5, std::numeric_limits<int64_t>::min()));
  WidenToFloat64(columns);
  EXPECT_EQ(columns.type, ValueType::kFloat64);
  EXPECT_THAT(columns.bits, ElementsAre(FromDouble(-0x1p53), FromDouble(0.0), 0U, FromDouble(3.0),
                                        FromDouble(-0x1p63)));
}

TEST(WidenToFloat64Test, BoolsAndInt32sAreWidenedToo) {
  PointColumns bools = Columns(ValueType::kBool);
  bools.Append(IntPoint(1, 1));
  WidenToFloat64(bools);
  EXPECT_EQ(bools.bits[0], FromDouble(1.0));
  PointColumns ints = Columns(ValueType::kInt32);
  ints.Append(IntPoint(1, std::numeric_limits<int32_t>::min()));
  WidenToFloat64(ints);
  EXPECT_EQ(ints.bits[0], FromDouble(-0x1p31));
}

TEST(SortedUniqueTest, OfEqualTimesTheLastRowWinsAlsoATombstone) {
  PointColumns columns = Columns(ValueType::kInt64);
  columns.Append(IntPoint(30, 1));
  columns.Append(IntPoint(10, 2));
  columns.Append(IntPoint(20, 3));
  columns.Append(IntPoint(10, 4));
  columns.Append(Point{20, 0, kQualityGood, kPointDeleted, {}});
  columns.Append(IntPoint(10, 5));
  const PointColumns sorted = SortedUnique(columns);
  EXPECT_THAT(sorted.ts_us, ElementsAre(10, 20, 30));
  EXPECT_THAT(sorted.bits, ElementsAre(5U, 0U, 1U));
  EXPECT_THAT(sorted.flags, ElementsAre(0, kPointDeleted, 0));
  EXPECT_TRUE(sorted.IsStrictlyIncreasing());
}

TEST(SortedUniqueTest, SortedRowsAndNoRowsStayAsTheyAre) {
  PointColumns columns = Columns(ValueType::kText);
  EXPECT_TRUE(SortedUnique(columns).empty());
  columns.Append(TextPoint(1, "a"));
  columns.Append(TextPoint(2, "b"));
  const PointColumns sorted = SortedUnique(columns);
  EXPECT_EQ(sorted.type, ValueType::kText);
  EXPECT_THAT(sorted.ts_us, ElementsAre(1, 2));
  EXPECT_EQ(sorted.TextAt(1), "b");
}

TEST(SortedUniqueTest, TextsMoveWithTheirRows) {
  PointColumns columns = Columns(ValueType::kText);
  columns.Append(TextPoint(2, "replaced"));
  columns.Append(TextPoint(2, "two"));
  columns.Append(TextPoint(1, "one"));
  const PointColumns sorted = SortedUnique(columns);
  ASSERT_EQ(sorted.size(), 2U);
  EXPECT_EQ(sorted.TextAt(0), "one");
  EXPECT_EQ(sorted.TextAt(1), "two");
}

}  // namespace
}  // namespace xtdb
