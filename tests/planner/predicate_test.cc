#include "planner/predicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/planner/stream_fakes.h"

namespace xtdb {
namespace {

constexpr CompareOp kAllOps[] = {CompareOp::kEq,     CompareOp::kNe,       CompareOp::kLt,
                                 CompareOp::kLe,     CompareOp::kGt,       CompareOp::kGe,
                                 CompareOp::kIsNull, CompareOp::kIsNotNull};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kTwoTo53 = int64_t{1} << 53;

std::vector<int64_t> InterestingIntegers() {
  std::vector<int64_t> result;
  for (const int64_t base : {int64_t{0}, kTwoTo53, -kTwoTo53, int64_t{1} << 62}) {
    for (int64_t delta = -3; delta <= 3; ++delta) result.push_back(base + delta);
  }
  for (int64_t i = 0; i < 3; ++i) {
    result.push_back(std::numeric_limits<int64_t>::max() - i);
    result.push_back(std::numeric_limits<int64_t>::min() + i);
  }
  result.push_back(std::numeric_limits<int64_t>::max() - 1023);
  return result;
}

std::vector<double> InterestingReals() {
  std::vector<double> result = {0.0,    -0.0,      0.5,        -0.5,
                                2.5,    kInfinity, -kInfinity, 1e300,
                                -1e300, 5e-324,    -5e-324,    std::numeric_limits<double>::max()};
  for (const int64_t integer : InterestingIntegers()) {
    const double real = static_cast<double>(integer);
    result.push_back(real);
    result.push_back(std::nextafter(real, kInfinity));
    result.push_back(std::nextafter(real, -kInfinity));
  }
  return result;
}

std::vector<Operand> InterestingOperands() {
  std::vector<Operand> result = {TextOperand("b"), TextOperand(""),
                                 TextOperand("b", Operand::Kind::kBlob)};
  for (const int64_t integer : InterestingIntegers()) result.push_back(IntegerOperand(integer));
  for (const double real : InterestingReals()) result.push_back(RealOperand(real));
  return result;
}

// A list is as its operands one by one.
void CheckListAgainstNaive(const PointColumns& columns, const std::vector<Operand>& list) {
  const Predicate predicate{.any_of = list};
  const RowFilter filter(std::span(&predicate, 1), {});
  std::vector<uint8_t> mask(columns.size(), 1);
  filter.Apply(columns, 0, columns.size(), mask.data());
  for (size_t row = 0; row < columns.size(); ++row) {
    const bool expected = std::any_of(list.begin(), list.end(), [&](const Operand& operand) {
      return HoldsNaively(CompareOp::kEq, RowAt(columns, row), columns.type, operand);
    });
    ASSERT_EQ(mask[row] != 0, expected) << "row " << row << ", " << list.size() << " in the list";
    if (!expected) continue;
    const size_t begin = row == 0 ? 0 : row - 1;
    ASSERT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, begin, row + 1)));
    ASSERT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, row, row + 1)));
  }
}

// Compares the filter with the naive comparison on every row, and the zone map of every pair of
// rows.
void CheckAgainstNaive(const PointColumns& columns) {
  for (const Operand& operand : InterestingOperands()) {
    for (const CompareOp op : kAllOps) {
      const Predicate predicate{op, operand};
      const RowFilter filter(std::span(&predicate, 1), {});
      std::vector<uint8_t> mask(columns.size(), 1);
      filter.Apply(columns, 0, columns.size(), mask.data());
      for (size_t row = 0; row < columns.size(); ++row) {
        const bool expected = HoldsNaively(op, RowAt(columns, row), columns.type, operand);
        ASSERT_EQ(mask[row] != 0, expected)
            << "row " << row << " op " << static_cast<int>(op) << " integer " << operand.integer
            << " real " << operand.real << " kind " << static_cast<int>(operand.kind);
        if (!expected) continue;
        const size_t begin = row == 0 ? 0 : row - 1;
        ASSERT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, begin, row + 1)));
        ASSERT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, row, row + 1)));
      }
    }
  }
  const std::vector<Operand> all = InterestingOperands();
  std::vector<Operand> every_third;
  for (size_t i = 0; i < all.size(); i += 3) every_third.push_back(all[i]);
  for (const std::vector<Operand>& list :
       {all, every_third, {IntegerOperand(7)}, {TextOperand("b"), RealOperand(2.5)}}) {
    CheckListAgainstNaive(columns, list);
  }
}

TEST(RowFilterTest, IntegersCompareExactlyWithEveryOperand) {
  PointColumns columns;
  columns.type = ValueType::kInt64;
  int64_t ts = 0;
  for (const int64_t integer : InterestingIntegers()) {
    columns.Append({++ts, FromInt64(integer), kQualityGood, 0, {}});
  }
  columns.Append({++ts, 0, kQualityGood, kPointNull, {}});
  CheckAgainstNaive(columns);
}

TEST(RowFilterTest, RealsCompareExactlyWithEveryOperand) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  int64_t ts = 0;
  for (const double real : InterestingReals()) {
    columns.Append({++ts, FromDouble(real), kQualityGood, 0, {}});
  }
  columns.Append({++ts, 0, kQualityGood, kPointNull, {}});
  columns.Append({++ts, FromDouble(std::nan("")), kQualityGood, 0, {}});
  CheckAgainstNaive(columns);
}

TEST(RowFilterTest, NarrowTypesCompareAsTheirNumbers) {
  PointColumns floats;
  floats.type = ValueType::kFloat32;
  PointColumns bools;
  bools.type = ValueType::kBool;
  int64_t ts = 0;
  for (const float value : {0.0F, -0.0F, 0.1F, 2.5F, -3e38F, std::nanf("")}) {
    floats.Append({++ts, FromFloat(value), kQualityGood, 0, {}});
    bools.Append({ts, static_cast<ValueBits>(ts % 2), kQualityGood, 0, {}});
  }
  CheckAgainstNaive(floats);
  CheckAgainstNaive(bools);
  const Predicate tenth{CompareOp::kEq, RealOperand(0.1)};
  EXPECT_FALSE(RowFilter(std::span(&tenth, 1), {}).CanMatch(ZoneMapOfRows(floats, 2, 3)))
      << "0.1 as float32 is not 0.1";
}

TEST(RowFilterTest, TextsStandBetweenNumbersAndBlobs) {
  PointColumns columns;
  columns.type = ValueType::kText;
  int64_t ts = 0;
  for (const char* text : {"", "a", "b", "ba", "\xC3\xA4"}) {
    columns.Append({++ts, 0, kQualityGood, 0, text});
  }
  columns.Append({++ts, 0, kQualityGood, kPointNull, {}});
  CheckAgainstNaive(columns);
}

TEST(RowFilterTest, AnUntypedColumnIsNull) {
  PointColumns columns;
  columns.Append({1, 0, kQualityGood, kPointNull, {}});
  CheckAgainstNaive(columns);
}

TEST(RowFilterTest, AllPredicatesMustHold) {
  PointColumns columns = Ramp(0, 10);
  const std::vector<Predicate> value = {{CompareOp::kGt, IntegerOperand(2)},
                                        {CompareOp::kLe, RealOperand(7.5)},
                                        {CompareOp::kNe, IntegerOperand(5)},
                                        {CompareOp::kNe, RealOperand(5.5)}};
  std::vector<uint8_t> mask(10, 1);
  RowFilter(value, {}).Apply(columns, 0, 10, mask.data());
  EXPECT_THAT(mask, testing::ElementsAre(0, 0, 0, 1, 1, 0, 1, 1, 0, 0));
}

TEST(RowFilterTest, ListsAndComparisonsMustAllHold) {
  PointColumns columns = Ramp(0, 6);
  const std::vector<Predicate> value = {
      {.any_of = {IntegerOperand(1), IntegerOperand(2), IntegerOperand(3), IntegerOperand(4)}},
      {.any_of = {RealOperand(4), RealOperand(3), RealOperand(2), RealOperand(0.5)}},
      {CompareOp::kLt, IntegerOperand(4), {}}};
  columns.quality = {192, 192, 192, 64, 192, 192};
  std::vector<uint8_t> mask(6, 1);
  RowFilter(value, {}).Apply(columns, 0, 6, mask.data());
  EXPECT_THAT(mask, testing::ElementsAre(0, 0, 1, 1, 0, 0));
  const Predicate good{.any_of = {IntegerOperand(192), IntegerOperand(0)}};
  RowFilter(value, std::span(&good, 1)).Apply(columns, 0, 6, mask.data());
  EXPECT_THAT(mask, testing::ElementsAre(0, 0, 1, 0, 0, 0));
}

TEST(RowFilterTest, ZoneMapBetweenTheNumbersOfAListIsPruned) {
  const PointColumns columns = Ramp(10, 11);  // 10 .. 20
  const auto can_match = [&](double low, double high) {
    const Predicate predicate{.any_of = {RealOperand(high), RealOperand(low)}};
    return RowFilter(std::span(&predicate, 1), {}).CanMatch(ZoneMapOfRows(columns, 0, 11));
  };
  EXPECT_FALSE(can_match(9.5, 20.5));
  EXPECT_TRUE(can_match(10, 30));
  EXPECT_TRUE(can_match(0, 20));
  EXPECT_FALSE(can_match(20.5, 30));
}

TEST(RowFilterTest, ZoneMapPrunesWhatLiesOutside) {
  const PointColumns columns = Ramp(10, 11);  // 10 .. 20
  const auto can_match = [&](CompareOp op, double operand) {
    const Predicate predicate{op, RealOperand(operand)};
    return RowFilter(std::span(&predicate, 1), {}).CanMatch(ZoneMapOfRows(columns, 0, 11));
  };
  EXPECT_TRUE(can_match(CompareOp::kGt, 19.5));
  EXPECT_FALSE(can_match(CompareOp::kGt, 20));
  EXPECT_TRUE(can_match(CompareOp::kGe, 20));
  EXPECT_FALSE(can_match(CompareOp::kLt, 10));
  EXPECT_TRUE(can_match(CompareOp::kLe, 10));
  EXPECT_TRUE(can_match(CompareOp::kEq, 15));
  EXPECT_FALSE(can_match(CompareOp::kEq, 21));
  EXPECT_FALSE(can_match(CompareOp::kIsNull, 0));
  EXPECT_TRUE(can_match(CompareOp::kIsNotNull, 0));
}

TEST(RowFilterTest, ZoneMapWithoutValuesHoldsOnlyNulls) {
  PointColumns columns;
  columns.type = ValueType::kInt64;
  columns.Append({1, 0, kQualityGood, kPointNull, {}});
  const Predicate zero{CompareOp::kEq, IntegerOperand(0)};
  const Predicate null{CompareOp::kIsNull, {}};
  const Predicate not_null{CompareOp::kIsNotNull, {}};
  const ZoneMap zone = ZoneMapOfRows(columns, 0, 1);
  EXPECT_FALSE(RowFilter(std::span(&zero, 1), {}).CanMatch(zone)) << "min and max are unset zeros";
  EXPECT_TRUE(RowFilter(std::span(&null, 1), {}).CanMatch(zone));
  EXPECT_FALSE(RowFilter(std::span(&not_null, 1), {}).CanMatch(zone));
}

TEST(RowFilterTest, TombstonesMatchNothing) {
  PointColumns columns;
  columns.type = ValueType::kInt64;
  columns.Append({1, 0, kQualityGood, kPointDeleted, {}});
  EXPECT_FALSE(RowFilter({}, {}).CanMatch(ZoneMapOfRows(columns, 0, 1)));
}

TEST(RowFilterTest, QualityIsComparedAsANumberAndPrunedByItsClass) {
  PointColumns columns;
  columns.type = ValueType::kInt64;
  for (int64_t quality = 0; quality < 256; ++quality) {
    columns.Append({quality, 0, static_cast<Quality>(quality), 0, {}});
  }
  for (const Operand& operand : {IntegerOperand(-1), IntegerOperand(0), IntegerOperand(63),
                                 IntegerOperand(64), IntegerOperand(192), IntegerOperand(255),
                                 IntegerOperand(256), RealOperand(63.5), TextOperand("192")}) {
    for (const CompareOp op : kAllOps) {
      const Predicate predicate{op, operand};
      const RowFilter filter({}, std::span(&predicate, 1));
      std::vector<uint8_t> mask(256, 1);
      filter.Apply(columns, 0, 256, mask.data());
      for (size_t row = 0; row < 256; ++row) {
        Row as_value;
        as_value.bits = FromInt64(static_cast<int64_t>(row));
        const bool expected = HoldsNaively(op, as_value, ValueType::kInt64, operand);
        ASSERT_EQ(mask[row] != 0, expected) << "quality " << row << " op " << static_cast<int>(op);
        if (expected) {
          ASSERT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, row, row + 1)));
        }
      }
    }
  }
  const Predicate good{CompareOp::kGe, IntegerOperand(192)};
  const RowFilter filter({}, std::span(&good, 1));
  EXPECT_FALSE(filter.CanMatch(ZoneMapOfRows(columns, 0, 192)));
  EXPECT_TRUE(filter.CanMatch(ZoneMapOfRows(columns, 0, 193)));
}

}  // namespace
}  // namespace xtdb
