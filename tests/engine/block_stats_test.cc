#include "engine/block/block_stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace xtdb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Row {
  double value;
  uint8_t flags = 0;
  Quality quality = kQualityGood;
};

// Rows one second apart, as float64.
PointColumns Floats(const std::vector<Row>& rows) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  for (const Row& row : rows) {
    Point point;
    point.ts_us = static_cast<int64_t>(columns.size()) * 1'000'000;
    point.bits = row.flags == 0 ? FromDouble(row.value) : 0;
    point.flags = row.flags;
    point.quality = row.quality;
    columns.Append(point);
  }
  return columns;
}

PointColumns Integers(ValueType type, const std::vector<int64_t>& values) {
  PointColumns columns;
  columns.type = type;
  for (const int64_t value : values) {
    Point point;
    point.ts_us = static_cast<int64_t>(columns.size()) * 1'000'000;
    point.bits = FromInt64(value);
    columns.Append(point);
  }
  return columns;
}

ValueStats StatsOf(const PointColumns& columns) { return ComputeStats(columns, 0, columns.size()); }

TEST(BlockStatsTest, FloatsHaveAllFigures) {
  const ValueStats stats = StatsOf(Floats({{2}, {4}, {9}, {1}}));
  EXPECT_EQ(stats.value_count, 4U);
  EXPECT_EQ(AsDouble(stats.min), 1);
  EXPECT_EQ(AsDouble(stats.max), 9);
  EXPECT_EQ(AsDouble(stats.first), 2);
  EXPECT_EQ(AsDouble(stats.last), 1);
  EXPECT_EQ(AsDouble(stats.sum_low), 16);
  EXPECT_EQ(stats.sum_high, 0U);
  EXPECT_EQ(AsDouble(stats.m2), 4 + 0 + 25 + 9);
  EXPECT_DOUBLE_EQ(AsDouble(stats.integral_step), 2 + 4 + 9);
  EXPECT_DOUBLE_EQ(AsDouble(stats.integral_linear), 3 + 6.5 + 5);
  EXPECT_EQ(stats.gap_max_us, 1'000'000);
}

TEST(BlockStatsTest, SmallDeviationsOfLargeValuesAreExact) {
  EXPECT_EQ(AsDouble(StatsOf(Floats({{1e9 + 1}, {1e9 + 2}, {1e9 + 3}})).m2), 2.0);
  const int64_t large = (int64_t{1} << 62) + 1;  // doubles here are 1,024 apart
  const ValueStats stats = StatsOf(Integers(ValueType::kInt64, {large, large + 1, large + 2}));
  EXPECT_EQ(AsDouble(stats.m2), 2.0);
}

TEST(BlockStatsTest, SumsOfFloatsAreCompensated) {
  EXPECT_EQ(AsDouble(StatsOf(Floats({{1e100}, {1}, {-1e100}})).sum_low), 1.0);
  std::vector<Row> tenths(10, Row{0.1});
  EXPECT_EQ(AsDouble(StatsOf(Floats(tenths)).sum_low), 1.0);
}

TEST(BlockStatsTest, SumsOfIntegersGoPast64Bits) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const ValueStats up = StatsOf(Integers(ValueType::kInt64, {most, most, most}));
  EXPECT_EQ(up.sum_low, 0x7FFF'FFFF'FFFF'FFFDU);
  EXPECT_EQ(up.sum_high, 1U);
  const int64_t least = std::numeric_limits<int64_t>::min();
  const ValueStats down = StatsOf(Integers(ValueType::kInt64, {least, least, least}));
  EXPECT_EQ(down.sum_low, 0x8000'0000'0000'0000U);
  EXPECT_EQ(down.sum_high, 0xFFFF'FFFF'FFFF'FFFEU);
  const ValueStats minus = StatsOf(Integers(ValueType::kInt32, {-1}));
  EXPECT_EQ(minus.sum_high, ~uint64_t{0});
  const ValueStats both = StatsOf(Integers(ValueType::kInt64, {least, most}));
  EXPECT_EQ(both.min, FromInt64(least));
  EXPECT_EQ(both.max, FromInt64(most));
  EXPECT_NEAR(AsDouble(both.m2), std::ldexp(1.0, 127), std::ldexp(1.0, 80));
}

TEST(BlockStatsTest, NullNanAndDeletedAreCountedAndLeftOut) {
  const ValueStats stats = StatsOf(Floats({{0, kPointNull},
                                           {3},
                                           {kNan},
                                           {0, kPointDeleted},
                                           {0, kPointDeleted | kPointNull},
                                           {5},
                                           {0, kPointNull}}));
  EXPECT_EQ(stats.null_count, 2U);
  EXPECT_EQ(stats.nan_count, 1U);
  EXPECT_EQ(stats.deleted_count, 2U);
  EXPECT_EQ(stats.value_count, 2U);
  EXPECT_EQ(stats.good_count, 5U);
  EXPECT_EQ(AsDouble(stats.first), 3);
  EXPECT_EQ(AsDouble(stats.last), 5);
  EXPECT_EQ(AsDouble(stats.sum_low), 8);
  EXPECT_EQ(AsDouble(stats.m2), 2);
  EXPECT_DOUBLE_EQ(AsDouble(stats.integral_step), 12);    // 3 is held for 4 s
  EXPECT_DOUBLE_EQ(AsDouble(stats.integral_linear), 16);  // 3 rises to 5 in 4 s
  EXPECT_EQ(stats.gap_max_us, 3'000'000);                 // over the two tombstones
}

TEST(BlockStatsTest, WithoutValuesAllFiguresAreZero) {
  ValueStats stats = StatsOf(Floats({{kNan}, {0, kPointNull}, {0, kPointDeleted}}));
  EXPECT_EQ(stats.value_count, 0U);
  EXPECT_EQ(stats.min | stats.max | stats.first | stats.last | stats.sum_low | stats.m2, 0U);
  EXPECT_EQ(stats.integral_step | stats.integral_linear, 0U);
  PointColumns none = Floats({{0, kPointNull}, {0, kPointDeleted}});
  none.type = ValueType::kNone;
  stats = StatsOf(none);
  EXPECT_EQ(stats.null_count, 1U);
  EXPECT_EQ(stats.deleted_count, 1U);
  EXPECT_EQ(stats.value_count, 0U);
}

TEST(BlockStatsTest, QualitiesAreCountedByClass) {
  const ValueStats stats = StatsOf(Floats({{1, 0, 192},
                                           {1, 0, 255},
                                           {1, 0, 64},
                                           {1, 0, 0},
                                           {1, 0, 63},
                                           {0, kPointNull, 0},
                                           {0, kPointDeleted, 192}}));
  EXPECT_EQ(stats.good_count, 2U);
  EXPECT_EQ(stats.bad_count, 3U);
}

TEST(BlockStatsTest, MinusZeroStandsBeforePlusZero) {
  const ValueStats stats = StatsOf(Floats({{0.0}, {-0.0}}));
  EXPECT_EQ(stats.min, FromDouble(-0.0));
  EXPECT_EQ(stats.max, FromDouble(0.0));
}

TEST(BlockStatsTest, InfinitiesAreOrdinaryValues) {
  ValueStats stats = StatsOf(Floats({{1}, {kInfinity}, {2}}));
  EXPECT_EQ(AsDouble(stats.max), kInfinity);
  EXPECT_EQ(AsDouble(stats.sum_low), kInfinity);
  EXPECT_TRUE(std::isnan(AsDouble(stats.m2)));
  stats = StatsOf(Floats({{kInfinity}, {-kInfinity}}));
  EXPECT_EQ(AsDouble(stats.min), -kInfinity);
  EXPECT_TRUE(std::isnan(AsDouble(stats.sum_low)));
  stats = StatsOf(Floats({{1e308}, {1e308}}));
  EXPECT_EQ(AsDouble(stats.sum_low), kInfinity);
}

TEST(BlockStatsTest, Float32CountsAsItsDouble) {
  PointColumns columns = Floats({{0}, {0}});
  columns.type = ValueType::kFloat32;
  columns.bits = {FromFloat(0.1F), FromFloat(-2.5F)};
  const ValueStats stats = StatsOf(columns);
  EXPECT_EQ(stats.min, FromFloat(-2.5F));
  EXPECT_EQ(stats.max, FromFloat(0.1F));
  EXPECT_EQ(AsDouble(stats.sum_low), static_cast<double>(0.1F) - 2.5);
  columns.bits[0] = FromFloat(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(StatsOf(columns).nan_count, 1U);
}

TEST(BlockStatsTest, BoolsSumToTheirCount) {
  const ValueStats stats = StatsOf(Integers(ValueType::kBool, {1, 0, 1, 1}));
  EXPECT_EQ(stats.sum_low, 3U);
  EXPECT_EQ(stats.min, 0U);
  EXPECT_EQ(stats.max, 1U);
  EXPECT_EQ(AsDouble(stats.m2), 0.75);
}

TEST(BlockStatsTest, TextsHaveCountsOnly) {
  PointColumns columns;
  columns.type = ValueType::kText;
  for (const char* text : {"b", "", "a"}) {
    Point point;
    point.ts_us = static_cast<int64_t>(columns.size());
    point.text = text;
    columns.Append(point);
  }
  const ValueStats stats = StatsOf(columns);
  EXPECT_EQ(stats.value_count, 3U);
  EXPECT_EQ(stats.min | stats.max | stats.first | stats.last | stats.sum_low, 0U);
}

TEST(BlockStatsTest, OnlyTheRowsAskedForCount) {
  const PointColumns columns = Floats({{100}, {2}, {3}, {100}});
  const ValueStats stats = ComputeStats(columns, 1, 3);
  EXPECT_EQ(stats.value_count, 2U);
  EXPECT_EQ(AsDouble(stats.max), 3);
  EXPECT_EQ(ComputeStats(columns, 2, 2).value_count, 0U);
}

// Goal: columns of values only have the figures that the same rows have one by one. Method: a
// tombstone in front, which no figure counts, keeps them from the fast way.
TEST(BlockStatsTest, ColumnsOfValuesOnlyHaveTheFiguresOfTheirRows) {
  for (const size_t count : {1U, 7U, 8U, 9U, 16U, 17U, 1'000U, 10'000U}) {
    SCOPED_TRACE(count);
    std::vector<Row> rows;
    std::vector<int64_t> integers;
    for (size_t i = 0; i < count; ++i) {
      const auto drawn = static_cast<int64_t>((i * 7'919) % 10'007) - 5'000;
      const Quality quality = i % 5 == 0 ? kQualityBad : kQualityGood;
      rows.push_back({static_cast<double>(drawn) / 100 + 1e6, 0, quality});
      integers.push_back(drawn * 1'000'003);
    }
    for (PointColumns columns : {Floats(rows), Integers(ValueType::kInt64, integers)}) {
      const ValueStats fast = StatsOf(columns);
      columns.ts_us.insert(columns.ts_us.begin(), -1);
      columns.bits.insert(columns.bits.begin(), 0);
      columns.quality.insert(columns.quality.begin(), kQualityGood);
      columns.flags.insert(columns.flags.begin(), kPointDeleted);
      ValueStats slow = StatsOf(columns);
      EXPECT_EQ(slow.deleted_count, 1U);
      slow.deleted_count = 0;
      EXPECT_TRUE(AreEquivalent(columns.type, fast, slow));
      EXPECT_EQ(fast.sum_low, slow.sum_low);
    }
  }
}

TEST(BlockStatsTest, LargeIntegersAndLongGapsAreExactToo) {
  const int64_t large = int64_t{1} << 60;
  const ValueStats stats = StatsOf(Integers(ValueType::kInt64, {large, -large, large, 5}));
  EXPECT_EQ(stats.sum_low, static_cast<uint64_t>(large + 5));
  PointColumns columns = Integers(ValueType::kInt64, {1, 2});
  columns.ts_us = {kTsMin, kTsMax};
  EXPECT_EQ(StatsOf(columns).gap_max_us, kTsMax - kTsMin);
  EXPECT_EQ(AsDouble(StatsOf(columns).integral_step), static_cast<double>(kTsMax - kTsMin) * 1e-6);
}

TEST(BlockStatsTest, StatisticsOfOtherRowsAreNotEquivalent) {
  const ValueStats stats = StatsOf(Floats({{1.5}, {2.5}, {4}}));
  EXPECT_TRUE(AreEquivalent(ValueType::kFloat64, stats, stats));
  ValueStats other = stats;
  other.sum_low += 1;  // the next double
  EXPECT_TRUE(AreEquivalent(ValueType::kFloat64, stats, other));
  for (ValueBits ValueStats::*const sum :
       {&ValueStats::sum_low, &ValueStats::m2, &ValueStats::integral_step,
        &ValueStats::integral_linear}) {
    other = stats;
    other.*sum = FromDouble(AsDouble(stats.*sum) + 1e-6);
    EXPECT_FALSE(AreEquivalent(ValueType::kFloat64, stats, other));
    other.*sum = FromDouble(kNan);
    EXPECT_FALSE(AreEquivalent(ValueType::kFloat64, stats, other));
  }
  other = stats;
  other.min = FromDouble(1.25);
  EXPECT_FALSE(AreEquivalent(ValueType::kFloat64, stats, other));
  const ValueStats integers = StatsOf(Integers(ValueType::kInt64, {1, 2}));
  other = integers;
  ++other.sum_low;
  EXPECT_FALSE(AreEquivalent(ValueType::kInt64, integers, other));
}

}  // namespace
}  // namespace xtdb
