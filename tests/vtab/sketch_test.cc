// Goal: a sketch answers what all values would, within its error; however it was cut and merged.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/support/status_matchers.h"
#include "vtab/sketch/counter_summary.h"
#include "vtab/sketch/distinct_sketch.h"
#include "vtab/sketch/largest_triangle.h"
#include "vtab/sketch/quantile_sketch.h"
#include "vtab/sketch/time_weight.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

template <typename Sketch>
Sketch Again(const Sketch& sketch) {
  const SketchBytes bytes = sketch.Encode();
  const Result<SketchKind> kind = SketchKindOf(bytes);
  EXPECT_THAT(kind, IsOk());
  if constexpr (std::is_same_v<Sketch, CounterSummary>) {
    return Sketch::Decode(kind.value(), SketchPayload(bytes)).value();
  } else {
    return Sketch::Decode(SketchPayload(bytes)).value();
  }
}

// The value of which the sketch gives an estimate: the next one behind the fraction.
double Exact(const std::vector<double>& sorted, double fraction) {
  const auto place = static_cast<size_t>(static_cast<double>(sorted.size()) * fraction);
  return sorted[std::min(place, sorted.size() - 1)];
}

std::vector<double> RandomValues(std::mt19937_64& random, size_t count) {
  std::lognormal_distribution<double> wide(0, 8);
  std::vector<double> values(count);
  for (double& value : values) {
    value = wide(random);
    if (random() % 3 == 0) value = -value;
    if (random() % 20 == 0) value = 0;
  }
  return values;
}

TEST(QuantileSketchTest, EveryQuantileIsWithinTheError) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    std::vector<double> values = RandomValues(random, 1 + random() % 3000);
    QuantileSketch sketch(64, 0.01);
    for (const double value : values) sketch.Add(value);
    std::sort(values.begin(), values.end());
    for (const double fraction : {0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0}) {
      const double exact = Exact(values, fraction);
      EXPECT_NEAR(sketch.ValueAt(fraction), exact, std::abs(exact) * sketch.error() * (1 + 1e-9))
          << fraction;
    }
    EXPECT_EQ(sketch.count(), values.size());
  }
}

TEST(QuantileSketchTest, MergedPartsAreTheWhole) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    QuantileSketch whole(32, 0.005), merged(32, 0.005);
    for (int part = 0; part < 5; ++part) {
      QuantileSketch sketch(32, 0.005);
      for (const double value : RandomValues(random, random() % 200)) {
        sketch.Add(value);
        whole.Add(value);
      }
      ASSERT_THAT(merged.Merge(Again(sketch)), IsOk());
    }
    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.error(), whole.error());
    for (const double fraction : {0.0, 0.3, 0.5, 0.9, 1.0}) {
      if (whole.count() == 0) continue;
      EXPECT_EQ(merged.ValueAt(fraction), whole.ValueAt(fraction));
    }
    EXPECT_EQ(merged.RankOf(1), whole.RankOf(1));
  }
}

TEST(QuantileSketchTest, TheErrorGrowsAsThePaperSays) {
  QuantileSketch sketch(20, 0.1);
  sketch.Add(1.1);
  sketch.Add(400);
  for (int i = 2; i < 20; ++i) sketch.Add(1000 * std::pow(1.23, i));
  EXPECT_EQ(sketch.error(), 0.1);
  for (int i = 20; i < 30; ++i) sketch.Add(1000 * std::pow(1.23, i));
  EXPECT_EQ(sketch.error(), 0.2 / 1.01);
}

TEST(QuantileSketchTest, InfinitiesAndTheEndsOfDoublesAreValues) {
  QuantileSketch sketch(8, 0.001);
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const double least = std::numeric_limits<double>::denorm_min();
  const double greatest = std::numeric_limits<double>::max();
  for (const double value : {-kInfinite, -greatest, -least, 0.0, least, 1.0, greatest, kInfinite}) {
    sketch.Add(value);
  }
  EXPECT_EQ(sketch.ValueAt(0), -kInfinite);
  EXPECT_EQ(sketch.ValueAt(1), kInfinite);
  EXPECT_EQ(sketch.RankOf(kInfinite), 15.0 / 16);
  EXPECT_EQ(Again(sketch).ValueAt(0.5), sketch.ValueAt(0.5));
}

// What is collapsed many times has neither lost its factor nor its bound.
TEST(QuantileSketchTest, AFineSketchThatCollapsesOftenKeepsItsError) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponents(-300, 300);
  for (const double error : {1e-12, 1e-6}) {
    QuantileSketch whole(8, error), first(8, error), second(8, error);
    for (int i = 0; i < 2000; ++i) {
      const double value = std::pow(10, exponents(random));
      whole.Add(value);
      (i % 2 == 0 ? first : second).Add(value);
    }
    ASSERT_THAT(first.Merge(Again(second)), IsOk());
    EXPECT_EQ(first.ValueAt(0.5), whole.ValueAt(0.5));
    EXPECT_EQ(first.RankOf(1), whole.RankOf(1));
    EXPECT_TRUE(std::isfinite(whole.ValueAt(1)));
  }
}

TEST(QuantileSketchTest, OfOtherBoundsIsNotMerged) {
  QuantileSketch sketch(20, 0.1);
  EXPECT_THAT(sketch.Merge(QuantileSketch(21, 0.1)), HasMessage(HasSubstr("cannot be merged")));
  EXPECT_THAT(sketch.Merge(QuantileSketch(20, 0.2)), HasMessage(HasSubstr("cannot be merged")));
}

TEST(DistinctSketchTest, EstimatesAreWithinFourTimesTheError) {
  for (const int bits : {4, 10, 15}) {
    for (const int count : {0, 1, 2, 10, 100, 5000, 200'000}) {
      SCOPED_TRACE(testing::Message() << "bits=" << bits << " count=" << count);
      std::mt19937_64 random(static_cast<uint64_t>(bits * 1000 + count));
      DistinctSketch sketch(bits);
      std::vector<uint64_t> hashes(static_cast<size_t>(count));
      for (uint64_t& hash : hashes) hash = random();
      for (int round = 0; round < 2; ++round) {
        for (const uint64_t hash : hashes) sketch.Add(hash);
      }
      EXPECT_NEAR(sketch.Estimate(), count, 4 * sketch.error() * count + 0.5);
      EXPECT_EQ(Again(sketch).Estimate(), sketch.Estimate());
    }
  }
}

TEST(DistinctSketchTest, MergedPartsAreTheWhole) {
  std::mt19937_64 random(7);
  DistinctSketch whole(11), merged(11);
  for (int part = 0; part < 10; ++part) {
    DistinctSketch sketch(11);
    for (int i = 0; i < 300; ++i) {
      const uint64_t hash = random() % 1500 * 0x9E3779B97F4A7C15;
      sketch.Add(hash);
      whole.Add(hash);
    }
    ASSERT_THAT(merged.Merge(Again(sketch)), IsOk());
  }
  EXPECT_EQ(merged.Estimate(), whole.Estimate());
  EXPECT_THAT(merged.Merge(DistinctSketch(12)), HasMessage(HasSubstr("cannot be merged")));
}

// The values of the tests that TimescaleDB Toolkit is published with.
CounterSummary Counted(const std::vector<TimedNumber>& points, bool is_gauge = false) {
  CounterSummary summary(is_gauge, points.front());
  for (size_t i = 1; i < points.size(); ++i) summary.Add(points[i]);
  return summary;
}

TEST(CounterSummaryTest, WhatFallsWasReset) {
  const CounterSummary summary = Counted({{0, 10}, {5, 5}, {10, 30}, {15, 15}});
  EXPECT_EQ(summary.Delta(), 45);
  EXPECT_DOUBLE_EQ(*summary.Rate(), 3e6);
  EXPECT_EQ(summary.FirstDelta(), 5);
  EXPECT_EQ(summary.LastDelta(), 15);
  EXPECT_DOUBLE_EQ(*summary.FirstRate(), 1e6);
  EXPECT_DOUBLE_EQ(*summary.LastRate(), 3e6);
  EXPECT_EQ(summary.changes(), 3u);
  EXPECT_EQ(summary.resets(), 2u);
  const CounterSummary gauge = Counted({{0, 10}, {5, 5}, {10, 30}, {15, 15}}, true);
  EXPECT_EQ(gauge.Delta(), 5);
  EXPECT_EQ(gauge.LastDelta(), -15);
  EXPECT_EQ(gauge.resets(), 0u);
}

TEST(CounterSummaryTest, AMicrosecondCountsAtTheEndOfTimeToo) {
  const int64_t late = 253'402'300'799'000'001;
  EXPECT_DOUBLE_EQ(*Counted({{late, 1}, {late + 1, 5}}).Rate(), 4e6);
  EXPECT_DOUBLE_EQ(Counted({{late, 1}, {late + 1, 5}}).Seconds(), 1e-6);
  TimeWeight weight(Weighting::kLocf, {late, 2});
  weight.Add({late + 7, 3});
  EXPECT_EQ(weight.area_us(), 14);
  EXPECT_EQ(*weight.Average(), 2);
}

TEST(CounterSummaryTest, OnePointHasNoRate) {
  const CounterSummary summary = Counted({{20, 10}});
  EXPECT_EQ(summary.Delta(), 0);
  EXPECT_EQ(summary.Rate(), std::nullopt);
  EXPECT_EQ(summary.FirstRate(), std::nullopt);
  EXPECT_EQ(summary.LastRate(), std::nullopt);
  EXPECT_EQ(summary.elements(), 1u);
}

TEST(CounterSummaryTest, MergedPartsAreTheWhole) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    std::vector<TimedNumber> points(1 + random() % 12);
    int64_t ts_us = -50;
    for (TimedNumber& point : points) {
      ts_us += 1 + static_cast<int64_t>(random() % 9);
      point = {ts_us, static_cast<double>(random() % 20)};
    }
    const CounterSummary whole = Counted(points);
    const size_t cut = 1 + random() % points.size();
    CounterSummary merged = Counted({points.begin(), points.begin() + static_cast<long>(cut)});
    if (cut < points.size()) {
      const CounterSummary rest = Counted({points.begin() + static_cast<long>(cut), points.end()});
      ASSERT_THAT(merged.Merge(Again(rest)), IsOk());
    }
    EXPECT_EQ(merged.Encode(), whole.Encode());
  }
}

TEST(CounterSummaryTest, PartsThatOverlapAreNotMerged) {
  CounterSummary summary = Counted({{0, 1}, {5, 2}});
  EXPECT_THAT(summary.Merge(Counted({{5, 2}})), HasMessage(HasSubstr("overlap in time")));
  EXPECT_THAT(summary.Merge(Counted({{6, 2}}, true)), HasMessage(HasSubstr("gauge_agg")));
}

TEST(TimeWeightTest, AreasAreThoseOfStepsAndOfSlopes) {
  const std::vector<TimedNumber> points = {{0, 1}, {10, 0}, {20, 2}, {30, 1}, {40, -3}, {50, -3}};
  TimeWeight locf(Weighting::kLocf, points[0]), linear(Weighting::kLinear, points[0]);
  EXPECT_EQ(locf.Average(), std::nullopt);
  for (size_t i = 1; i < points.size(); ++i) {
    locf.Add(points[i]);
    linear.Add(points[i]);
  }
  EXPECT_EQ(locf.area_us(), 10);
  EXPECT_EQ(linear.area_us(), -10);
  EXPECT_EQ(*locf.Average(), 0.2);
}

TEST(TimeWeightTest, MergedPartsAreTheWhole) {
  for (const Weighting weighting : {Weighting::kLocf, Weighting::kLinear}) {
    TimeWeight whole(weighting, {0, 1}), first(weighting, {0, 1}), second(weighting, {30, 4});
    for (const TimedNumber point : {TimedNumber{10, 2}, {30, 4}, {31, 8}}) whole.Add(point);
    first.Add({10, 2});
    second.Add({31, 8});
    ASSERT_THAT(first.Merge(Again(second)), IsOk());
    EXPECT_EQ(first.Encode(), whole.Encode());
    EXPECT_THAT(first.Merge(second), HasMessage(HasSubstr("overlap in time")));
  }
  TimeWeight locf(Weighting::kLocf, {0, 1});
  EXPECT_THAT(locf.Merge(TimeWeight(Weighting::kLinear, {1, 1})), HasMessage(HasSubstr("LOCF")));
}

TEST(LargestTriangleTest, KeepsEndsAndPeaksInOrder) {
  std::vector<TimedNumber> points;
  for (int64_t i = 0; i < 1000; ++i) points.push_back({i * 1'000'000, i == 500 ? 100.0 : 1.0});
  for (const size_t wanted : {3, 4, 10, 999, 1000, 5000}) {
    SCOPED_TRACE(wanted);
    const std::vector<TimedNumber> chosen = LargestTriangles(points, wanted);
    EXPECT_EQ(chosen.size(), std::min(wanted, points.size()));
    EXPECT_EQ(chosen.front(), points.front());
    EXPECT_EQ(chosen.back(), points.back());
    EXPECT_TRUE(std::is_sorted(
        chosen.begin(), chosen.end(),
        [](const TimedNumber& a, const TimedNumber& b) { return a.ts_us < b.ts_us; }));
    EXPECT_EQ(std::count(chosen.begin(), chosen.end(), points[500]), 1);
  }
}

TEST(SketchFormatTest, TheBytesOfOneAreThese) {
  TimeWeight weight(Weighting::kLinear, {1, 0.5});
  weight.Add({3, 1.5});
  std::string hex;
  for (const std::byte byte : weight.Encode()) {
    char text[3];
    std::snprintf(text, sizeof(text), "%02x", std::to_integer<unsigned>(byte));
    hex += text;
  }
  EXPECT_EQ(hex,
            "7854736b"          // xTsk
            "0501"              // time weight, version 1
            "01"                // linear
            "0100000000000000"  // first: microseconds, value
            "000000000000e03f"
            "0300000000000000"  // last
            "000000000000f83f"
            "0000000000000040"  // area: 2
            "2fc5ce62");        // crc32, as zlib computes it
}

TEST(SketchFormatTest, EveryFlippedBitIsDetected) {
  QuantileSketch sketch(16, 0.01);
  for (int i = -20; i < 20; ++i) sketch.Add(i * 1.5);
  SketchBytes bytes = sketch.Encode();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(SketchKindOf(bytes).ok()) << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(SketchKindOf(std::span(bytes).first(size)).ok()) << size;
  }
}

}  // namespace
}  // namespace xtdb
