#include "vtab/chart/value_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace xtdb {
namespace {

std::vector<std::string> Labels(double min, double max, int ticks_max) {
  const ValueAxis axis(min, max, ticks_max);
  std::vector<std::string> labels;
  for (const ValueAxis::Tick& tick : axis.ticks()) labels.push_back(tick.label);
  return labels;
}

using testing::ElementsAre;

TEST(ValueAxisTest, StepsAreOneTwoOrFive) {
  EXPECT_THAT(Labels(0, 10, 6), ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(Labels(0, 10, 5), ElementsAre("0", "5", "10"));
  EXPECT_THAT(Labels(0, 1000, 11), ElementsAre("0", "100", "200", "300", "400", "500", "600", "700",
                                               "800", "900", "1000"));
}

TEST(ValueAxisTest, LabelsHaveTheDigitsOfTheStep) {
  EXPECT_THAT(Labels(0.3, 0.7, 5), ElementsAre("0.3", "0.4", "0.5", "0.6", "0.7"));
  EXPECT_THAT(Labels(-0.05, 0.1, 4), ElementsAre("-0.05", "0", "0.05", "0.10"));
  EXPECT_THAT(Labels(70.1, 70.9, 5), ElementsAre("70.2", "70.4", "70.6", "70.8"));
}

TEST(ValueAxisTest, HugeAndTinyValuesHaveAnExponent) {
  EXPECT_THAT(Labels(0, 1.5e15, 4), ElementsAre("0", "0.5e15", "1.0e15", "1.5e15"));
  EXPECT_THAT(Labels(0, 2.5e10, 6), ElementsAre("0", "5e9", "10e9", "15e9", "20e9", "25e9"));
  EXPECT_THAT(Labels(-1e-9, 1e-9, 3), ElementsAre("-1e-9", "0", "1e-9"));
  EXPECT_THAT(Labels(0, 2e-8, 3), ElementsAre("0", "10e-9", "20e-9"));
  EXPECT_THAT(Labels(1e9, 1e9 + 2, 3), ElementsAre("1000000000", "1000000001", "1000000002"))
      << "where it would be longer with one it has none";
}

TEST(ValueAxisTest, AnEndGoesToTheNextTickIfThatIsNear) {
  const ValueAxis near(0.4, 99.8, 6);
  EXPECT_EQ(near.low(), 0);
  EXPECT_EQ(near.high(), 100);
  const ValueAxis far(7, 93, 6);
  EXPECT_EQ(far.low(), 0);
  EXPECT_EQ(far.high(), 100);
  const ValueAxis farther(9, 89, 6);
  EXPECT_EQ(farther.low(), 9);
  EXPECT_EQ(farther.high(), 89);
}

TEST(ValueAxisTest, AConstantLiesInTheMiddle) {
  for (const double value : {42.0, -3.5, 0.0, 1e-9, 1e15, 1e-310}) {
    const ValueAxis axis(value, value, 5);
    EXPECT_NEAR(axis.FractionOf(value), 0.5, 1e-6) << value;
    EXPECT_GE(axis.ticks().size(), 2u) << value;
  }
  EXPECT_THAT(Labels(42, 42, 5), ElementsAre("41.0", "41.5", "42.0", "42.5", "43.0"));
  EXPECT_THAT(Labels(0, 0, 5), ElementsAre("-1.0", "-0.5", "0", "0.5", "1.0"));
  EXPECT_THAT(Labels(0.3, 0.1 + 0.2, 3), Labels(0.3, 0.3, 3)) << "noise of a calculation";
}

TEST(ValueAxisTest, OneTickIsNeverAlone) {
  EXPECT_THAT(Labels(-1.4, 1.4, 2), ElementsAre("-1", "1"));
}

// Goal: whatever the range, the axis holds it, and its ticks lie in it, rise, and are no more than
// were asked for.
TEST(ValueAxisTest, AnyRangeHasTicksWithinIt) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> mantissa(-1, 1);
  std::uniform_int_distribution<int> exponent(-300, 307), count(2, 40);
  for (int i = 0; i < 20'000; ++i) {
    const double scale = std::pow(10, exponent(random));
    double min = mantissa(random) * scale;
    double max = i % 3 == 0 ? min + mantissa(random) * scale * 1e-12 : mantissa(random) * scale;
    if (min > max) std::swap(min, max);
    const int ticks_max = count(random);
    SCOPED_TRACE(testing::Message() << min << " .. " << max << " by " << ticks_max);
    const ValueAxis axis(min, max, ticks_max);
    ASSERT_LE(axis.low(), min);
    ASSERT_GE(axis.high(), max);
    ASSERT_GE(axis.ticks().size(), 2u);
    ASSERT_LE(axis.ticks().size(), static_cast<size_t>(ticks_max));
    for (size_t k = 0; k < axis.ticks().size(); ++k) {
      const double fraction = axis.FractionOf(axis.ticks()[k].value);
      ASSERT_GE(fraction, -1e-9);
      ASSERT_LE(fraction, 1 + 1e-9);
      if (k == 0) continue;
      ASSERT_GT(axis.ticks()[k].value, axis.ticks()[k - 1].value);
      ASSERT_NE(axis.ticks()[k].label, axis.ticks()[k - 1].label);
    }
  }
}

TEST(ValueAxisTest, TheWholeRangeOfDoublesHasAnAxis) {
  constexpr double kMax = std::numeric_limits<double>::max();
  const ValueAxis axis(-kMax, kMax, 5);
  EXPECT_EQ(axis.FractionOf(0), 0.5);
  EXPECT_EQ(axis.FractionOf(kMax), 1);
  EXPECT_THAT(Labels(-kMax, kMax, 5), ElementsAre("-100e306", "0", "100e306"));
}

}  // namespace
}  // namespace xtdb
