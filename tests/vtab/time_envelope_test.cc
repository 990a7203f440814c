#include "vtab/chart/time_envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <sstream>

namespace xtdb {
namespace {

struct Sample {
  int64_t ts_us;
  std::optional<double> value;
};

std::vector<ChartBin> BinsOf(const std::vector<Sample>& samples) {
  TimeEnvelope envelope;
  for (const Sample& sample : samples) {
    if (sample.value) {
      envelope.Add(sample.ts_us, *sample.value);
    } else {
      envelope.AddBreak(sample.ts_us);
    }
  }
  return envelope.Bins();
}

// "first_us..last_us: first min max last xcount", with a / where the line is broken before.
std::string Text(const std::vector<ChartBin>& bins) {
  std::ostringstream out;
  for (const ChartBin& bin : bins) {
    out << (bin.breaks_before ? "/ " : "") << bin.first_us << ".." << bin.last_us << ": "
        << bin.first << " " << bin.min << " " << bin.max << " " << bin.last << " x" << bin.count
        << "\n";
  }
  return out.str();
}

std::vector<Sample> RandomSamples(std::mt19937_64& random, size_t count) {
  std::uniform_int_distribution<int64_t> any_ts(-50'000'000, 50'000'000);
  std::uniform_int_distribution<int> any_value(0, 99);
  std::vector<Sample> samples;
  for (size_t i = 0; i < count; ++i) {
    const int value = any_value(random);
    samples.push_back({any_ts(random), value < 5 ? std::nullopt : std::optional<double>(value)});
  }
  return samples;
}

TEST(TimeEnvelopeTest, FewPointsStayApart) {
  EXPECT_EQ(Text(BinsOf({{30, 3.0}, {10, 1.0}, {20, 2.0}})),
            "10..10: 1 1 1 1 x1\n20..20: 2 2 2 2 x1\n30..30: 3 3 3 3 x1\n");
}

TEST(TimeEnvelopeTest, AMissingValueBreaksTheLine) {
  EXPECT_EQ(Text(BinsOf({{10, 1.0}, {15, std::nullopt}, {20, 2.0}, {30, 3.0}})),
            "10..10: 1 1 1 1 x1\n/ 20..20: 2 2 2 2 x1\n30..30: 3 3 3 3 x1\n");
  EXPECT_TRUE(BinsOf({{15, std::nullopt}}).empty());
}

TEST(TimeEnvelopeTest, TheOrderOfPointsDoesNotMatter) {
  std::mt19937_64 random(3);
  for (const size_t count : {10u, 4'096u, 5'000u, 50'000u}) {
    std::vector<Sample> samples = RandomSamples(random, count);
    const std::string expected = Text(BinsOf(samples));
    std::shuffle(samples.begin(), samples.end(), random);
    EXPECT_EQ(Text(BinsOf(samples)), expected) << count;
    std::sort(samples.begin(), samples.end(),
              [](const Sample& a, const Sample& b) { return a.ts_us > b.ts_us; });
    EXPECT_EQ(Text(BinsOf(samples)), expected) << count;
  }
}

// Goal: bins say of the points between them what the points say.
TEST(TimeEnvelopeTest, BinsHoldEveryPoint) {
  std::mt19937_64 random(5);
  const std::vector<Sample> samples = RandomSamples(random, 100'000);
  const std::vector<ChartBin> bins = BinsOf(samples);
  EXPECT_LE(bins.size(), TimeEnvelope::kBinsMax);
  EXPECT_GE(bins.size(), TimeEnvelope::kBinsMax / 2);
  std::vector<ChartBin> expected = bins;
  for (ChartBin& bin : expected) {
    bin.min = 1e9;
    bin.max = -1e9;
    bin.count = 0;
  }
  for (const Sample& sample : samples) {
    if (!sample.value) continue;
    const auto bin = std::lower_bound(
        expected.begin(), expected.end(), sample.ts_us,
        [](const ChartBin& candidate, int64_t ts_us) { return candidate.last_us < ts_us; });
    ASSERT_NE(bin, expected.end());
    ASSERT_LE(bin->first_us, sample.ts_us);
    bin->min = std::min(bin->min, *sample.value);
    bin->max = std::max(bin->max, *sample.value);
    ++bin->count;
  }
  EXPECT_EQ(Text(bins), Text(expected));
}

TEST(TimeEnvelopeTest, AllOfTimeHasRoom) {
  constexpr int64_t kFirst = -60'000'000'000'000'000, kLast = 200'000'000'000'000'000;
  TimeEnvelope envelope;
  for (int64_t i = 0; i < 10'000; ++i) envelope.Add(i % 2 == 0 ? kFirst + i : kLast - i, 1);
  const std::vector<ChartBin> bins = envelope.Bins();
  EXPECT_EQ(bins.front().first_us, kFirst);
  EXPECT_EQ(bins.back().last_us, kLast - 1);
}

ChartBin PointAt(int64_t ts_us) { return {ts_us, ts_us, 0, 0, 0, 0, 1, false}; }

TEST(BreakAtGapsTest, AnUnusualDistanceIsAGap) {
  std::vector<ChartBin> bins;
  for (int64_t i = 0; i < 20; ++i) bins.push_back(PointAt(i * 10 + (i >= 10 ? 41 : 0)));
  BreakAtGaps(bins, 50);
  EXPECT_TRUE(bins[10].breaks_before);
  EXPECT_EQ(std::count_if(bins.begin(), bins.end(), [](auto& bin) { return bin.breaks_before; }),
            1);
}

TEST(BreakAtGapsTest, ADistanceThatIsTooNarrowToSeeIsNone) {
  std::vector<ChartBin> bins;
  for (int64_t i = 0; i < 20; ++i) bins.push_back(PointAt(i * 10 + (i >= 10 ? 41 : 0)));
  BreakAtGaps(bins, 51);
  EXPECT_FALSE(bins[10].breaks_before);
}

TEST(BreakAtGapsTest, FewPointsHaveNoUsualDistance) {
  std::vector<ChartBin> bins = {PointAt(0), PointAt(1), PointAt(1000)};
  BreakAtGaps(bins, 2);
  EXPECT_FALSE(bins[2].breaks_before);
  std::vector<ChartBin> none;
  BreakAtGaps(none, 0);
}

TEST(BreakAtGapsTest, PointsWithinBinsCount) {
  std::vector<ChartBin> bins = {PointAt(0), PointAt(1000)};
  bins[0].last_us = 100;
  bins[0].count = 11;
  BreakAtGaps(bins, 100);
  EXPECT_TRUE(bins[1].breaks_before);
}

}  // namespace
}  // namespace xtdb
