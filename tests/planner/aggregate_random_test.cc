// Aggregates against the same figures computed row by row.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "planner/aggregate/aggregate_plan.h"
#include "tests/planner/random_history.h"
#include "tests/support/engine_oracle.h"

namespace xtdb {
namespace {

struct OraclePoint {
  int64_t ts_us;
  TestPoint point;
};
using OraclePoints = std::vector<OraclePoint>;  // of one tag, by time

std::map<std::string, OraclePoints> ByTag(const TestPoints& points) {
  std::map<std::string, OraclePoints> by_tag;
  for (const auto& [key, point] : points) by_tag[key.first].push_back({key.second, point});
  return by_tag;
}

double NumberOf(const TestPoint& point) { return ToDouble(point.type, point.bits); }

bool IsAccepted(const TestPoint& point, Accept accept) {
  if (point.type == ValueType::kNone || point.quality < LeastAccepted(accept)) return false;
  return point.type == ValueType::kText || !std::isnan(NumberOf(point));
}

// What a row should say, found by looking at every point.
struct Expected {
  int64_t start_us = 0;
  uint64_t points = 0;
  uint64_t good = 0;
  OraclePoints values;
};

std::vector<Expected> ExpectedBuckets(const OraclePoints& points, const BucketsRequest& request) {
  std::vector<Expected> buckets;
  for (const OraclePoint& at : points) {
    if (at.ts_us < request.ts_from_us || at.ts_us > request.ts_to_us) continue;
    const int64_t start_us = request.buckets.FloorOf(at.ts_us);
    if (buckets.empty() || buckets.back().start_us != start_us) {
      buckets.emplace_back();
      buckets.back().start_us = start_us;
    }
    Expected& bucket = buckets.back();
    ++bucket.points;
    bucket.good += IsGood(at.point.quality) ? 1 : 0;
    if (IsAccepted(at.point, request.accept)) bucket.values.push_back(at);
  }
  return buckets;
}

void ExpectNear(double actual, double expected, double scale, const char* what) {
  EXPECT_NEAR(actual, expected, 1e-12 * scale + 1e-300) << what;
}

void CheckNumbers(const Tally& tally, ValueType type, const OraclePoints& values) {
  long double sum = 0, largest = 0;
  double least = NumberOf(values[0].point), greatest = least;
  for (const OraclePoint& at : values) {
    const double value = NumberOf(at.point);
    sum += value;
    largest = std::max(largest, std::fabs(static_cast<long double>(value)));
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  const auto count = static_cast<long double>(values.size());
  const long double mean = sum / count;
  long double squares = 0;
  for (const OraclePoint& at : values) {
    squares += (NumberOf(at.point) - mean) * (NumberOf(at.point) - mean);
  }
  const auto scale = static_cast<double>(largest * count);
  if (IsFloat(type)) {
    ExpectNear(tally.real_sum.value(), static_cast<double>(sum), scale, "sum");
  } else {
    EXPECT_EQ(static_cast<int64_t>(tally.integer_sum), static_cast<int64_t>(sum));
  }
  EXPECT_EQ(ToDouble(type, tally.min), least);
  EXPECT_EQ(ToDouble(type, tally.max), greatest);
  ExpectNear(MeanOf(type, tally), static_cast<double>(mean), scale, "avg");
  ExpectNear(tally.m2, static_cast<double>(squares), scale * static_cast<double>(largest), "m2");
  EXPECT_EQ(ToDouble(type, tally.first), NumberOf(values.front().point));
  EXPECT_EQ(ToDouble(type, tally.last), NumberOf(values.back().point));
}

void CheckTexts(const Tally& tally, const OraclePoints& values) {
  ASSERT_NE(tally.texts, nullptr);
  std::string least = values[0].point.text, greatest = least;
  for (const OraclePoint& at : values) {
    least = std::min(least, at.point.text);
    greatest = std::max(greatest, at.point.text);
  }
  EXPECT_EQ(tally.texts->min, least);
  EXPECT_EQ(tally.texts->max, greatest);
  EXPECT_EQ(tally.texts->first, values.front().point.text);
  EXPECT_EQ(tally.texts->last, values.back().point.text);
}

// The area under all accepted values from `from` up to `to`, microseconds at a time.
Area AreaByPoints(const OraclePoints& points, const SeriesRequest& request, int64_t from_us,
                  int64_t to_us) {
  const Weighting& weighting = request.buckets.weighting;
  std::vector<Sample> values;
  for (const OraclePoint& at : points) {
    const bool is_inside = at.ts_us >= from_us && at.ts_us < to_us;
    const bool known = (request.has_start || at.ts_us >= request.buckets.ts_from_us) &&
                       (request.has_stop || at.ts_us <= request.buckets.ts_to_us);
    if (!known || (weighting.bounds == Bounds::kNone && !is_inside)) continue;
    if (IsAccepted(at.point, request.buckets.accept)) {
      values.push_back({at.ts_us, NumberOf(at.point)});
    } else if (weighting.bounds == Bounds::kSimple && !values.empty()) {
      values.back().ended_us = std::min(values.back().ended_us, at.ts_us);
    }
  }
  Area area;
  for (size_t i = 0; i < values.size(); ++i) {
    const Sample& a = values[i];
    std::optional<Sample> b;
    const bool is_held = request.has_stop && weighting.bounds != Bounds::kNone;
    int64_t end_us = is_held ? std::min(to_us, request.now_us) : a.ts_us;
    if (i + 1 < values.size()) {
      b = values[i + 1];
      end_us = to_us;
    }
    area.Add(AreaBetween(weighting, a, b, from_us, end_us));
  }
  return area;
}

class SeriesCheck {
 public:
  SeriesCheck(RandomHistory& history, const OraclePoints& points, const TagPtr& tag,
              const SeriesRequest& request)
      : points_(points), tag_(tag), request_(request), view_(history.view()) {}

  void Run() {
    const std::vector<Expected> expected = ExpectedBuckets(points_, request_.buckets);
    AggregatePlan plan({tag_}, request_, 1, [this] { return view_; });
    size_t next = 0;
    int64_t before_us = std::numeric_limits<int64_t>::min();
    while (true) {
      ASSERT_OK_AND_ASSIGN(const std::optional<AggregateRow> row, plan.Next());
      if (!row) break;
      const SeriesRow& series = row->series;
      ASSERT_GT(series.start_us, before_us);
      before_us = series.start_us;
      if (next < expected.size() && series.start_us == expected[next].start_us) {
        ASSERT_NO_FATAL_FAILURE(CheckFull(series.tally, expected[next++]));
      } else {
        ASSERT_NE(request_.fill, Fill::kNone);
        EXPECT_EQ(series.tally.points, 0u);
      }
      CheckArea(series);
    }
    EXPECT_EQ(next, expected.size());
  }

 private:
  void CheckFull(const Tally& tally, const Expected& expected) {
    SCOPED_TRACE(testing::Message() << "bucket " << expected.start_us);
    EXPECT_EQ(tally.points, expected.points);
    EXPECT_EQ(tally.good, expected.good);
    ASSERT_EQ(tally.count, expected.values.size());
    if (expected.values.empty()) return;
    EXPECT_EQ(tally.first_ts_us, expected.values.front().ts_us);
    EXPECT_EQ(tally.last_ts_us, expected.values.back().ts_us);
    if (tag_->type == ValueType::kText) return CheckTexts(tally, expected.values);
    CheckNumbers(tally, tag_->type, expected.values);
  }

  void CheckArea(const SeriesRow& series) {
    if (tag_->type == ValueType::kText) return;
    const BucketsRequest& buckets = request_.buckets;
    const int64_t begin_us = std::max(series.start_us, buckets.ts_from_us);
    const int64_t end_us = std::min(buckets.buckets.NextOf(series.start_us), buckets.ts_to_us + 1);
    const Area area = AreaByPoints(points_, request_, begin_us, end_us);
    EXPECT_EQ(series.area.covered_us, area.covered_us) << "bucket " << series.start_us;
    ExpectNear(series.area.integral.value(), area.integral.value(),
               1e7 * static_cast<double>(area.covered_us) * 1e-6, "integral");
  }

  const OraclePoints& points_;
  const TagPtr tag_;
  const SeriesRequest request_;
  const ReadView view_;
};

SeriesRequest RandomSeries(RandomHistory& history, int64_t range_us) {
  SeriesRequest request;
  BucketsRequest& buckets = request.buckets;
  const auto below = [&](int64_t bound) {
    return static_cast<int64_t>(history.Below(static_cast<size_t>(bound)));
  };
  if (below(8) != 0) buckets.buckets = Buckets::Fixed(1 + below(range_us), below(1000));
  if (below(2) == 0) {
    request.has_start = true;
    buckets.ts_from_us = below(range_us);
  }
  if (below(2) == 0) {
    request.has_stop = true;
    buckets.ts_to_us = (request.has_start ? buckets.ts_from_us : 0) + below(range_us);
  }
  buckets.accept = static_cast<Accept>(below(3));
  buckets.weighting.is_linear = below(2) == 0;
  buckets.weighting.bounds = static_cast<Bounds>(below(3));
  if (below(3) == 0) buckets.weighting.gap_max_us = 1 + below(50);
  request.fill = static_cast<Fill>(below(4));
  // Narrow buckets of a long range are many empty ones.
  if (buckets.buckets.NextOf(0) < range_us / 100) request.fill = Fill::kNone;
  request.now_us = below(2) == 0 ? kTsMax : below(range_us);
  return request;
}

std::string Describe(const SeriesRequest& request) {
  const BucketsRequest& buckets = request.buckets;
  const int64_t start_us = buckets.buckets.FloorOf(0);
  std::ostringstream out;
  out << "from " << (request.has_start ? buckets.ts_from_us : -1) << " to "
      << (request.has_stop ? buckets.ts_to_us : -1) << " bucket " << start_us << " to "
      << buckets.buckets.NextOf(start_us) << " accept " << static_cast<int>(buckets.accept)
      << " linear " << buckets.weighting.is_linear << " gap " << buckets.weighting.gap_max_us
      << " bounds " << static_cast<int>(buckets.weighting.bounds) << " fill "
      << static_cast<int>(request.fill) << " now " << request.now_us;
  return out.str();
}

// What must not change where other buckets are left out.
std::vector<std::string> RowsOf(const ReadView& view, const TagPtr& tag,
                                const SeriesRequest& request, int64_t min_us, int64_t max_us) {
  std::vector<std::string> rows;
  AggregatePlan plan({tag}, request, 1, [&view] { return view; });
  while (true) {
    auto row = plan.Next();
    EXPECT_OK(row);
    if (!row.ok() || !row.value()) return rows;
    const SeriesRow& series = row.value()->series;
    if (series.start_us < min_us || series.start_us > max_us) continue;
    std::ostringstream out;
    out << series.start_us << ": " << series.tally.points << " points, " << series.tally.count
        << " values, min " << series.tally.min << ", last at " << series.tally.last_ts_us
        << ", covered " << series.area.covered_us << ", integral " << std::setprecision(9)
        << series.area.integral.value();
    rows.push_back(out.str());
  }
}

TEST(AggregateRandomTest, BucketsThatAreCutOutAreAsTheyWere) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    RandomHistory history(seed);
    ASSERT_NO_FATAL_FAILURE(history.Make());
    for (const TagPtr& tag : history.view().AllTags()) {
      SeriesRequest request = RandomSeries(history, 1000);
      request.fill = Fill::kNone;
      const auto min_us = static_cast<int64_t>(history.Below(1000));
      const auto max_us = min_us + static_cast<int64_t>(history.Below(500));
      SCOPED_TRACE(Describe(request));
      SeriesRequest cut = request;
      cut.CutTo(min_us, max_us);
      if (request.buckets.buckets.is_whole()) continue;
      EXPECT_EQ(RowsOf(history.view(), tag, cut, kTsMin, kTsMax),
                RowsOf(history.view(), tag, request, min_us, max_us))
          << tag->name << " " << min_us << " to " << max_us;
    }
  }
}

// Goal: every figure is what the points of the bucket give, for any history. Method: random
// histories with late points, overwrites, deletes, NULL, NaN and bad quality; each bucket computed
// again from all points that a reader of everything has.
TEST(AggregateRandomTest, AgreesWithTheOracleForRandomHistories) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    HistoryShape shape;
    shape.rows_max = seed % 3 == 0 ? 4000 : 100;
    shape.has_odd_reals = seed % 2 == 0;
    RandomHistory history(seed, shape);
    ASSERT_NO_FATAL_FAILURE(history.Make());
    ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(history.view()));
    const auto by_tag = ByTag(points);
    for (const TagPtr& tag : history.view().AllTags()) {
      const auto found = by_tag.find(tag->name);
      const OraclePoints of_tag = found == by_tag.end() ? OraclePoints() : found->second;
      for (int i = 0; i < 8; ++i) {
        SCOPED_TRACE(testing::Message() << "tag " << tag->name << " request " << i);
        const SeriesRequest request =
            RandomSeries(history, static_cast<int64_t>(10 * shape.rows_max));
        SCOPED_TRACE(Describe(request));
        SeriesCheck check(history, of_tag, tag, request);
        ASSERT_NO_FATAL_FAILURE(check.Run());
        ASSERT_FALSE(testing::Test::HasFailure());
      }
    }
  }
}

}  // namespace
}  // namespace xtdb
