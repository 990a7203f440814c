// Times that comparisons let through, against each time compared by itself.

#include "vtab/functions/time_set.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace xtdb {
namespace {

Comparand Integer(int64_t value) {
  return {.kind = Comparand::Kind::kInteger, .integer = value, .bytes = {}};
}
Comparand Real(double value) {
  return {.kind = Comparand::Kind::kReal, .real = value, .bytes = {}};
}
Comparand Text(const char* text) { return {.kind = Comparand::Kind::kText, .bytes = text}; }

constexpr CompareOp kOps[] = {CompareOp::kEq, CompareOp::kNe, CompareOp::kLt,
                              CompareOp::kLe, CompareOp::kGt, CompareOp::kGe};

TEST(TimeSetTest, HasTheTimesForWhichTheComparisonHolds) {
  const std::vector<int64_t> times = {kTsMin, kTsMin + 1, -3, -2, -1,         0,     1,
                                      2,      3,          4,  5,  kTsMax - 1, kTsMax};
  const std::vector<Comparand> comparands = {
      Integer(2),   Integer(kTsMin), Integer(kTsMax), Integer(INT64_MIN),  Integer(INT64_MAX),
      Real(2.0),    Real(2.5),       Real(-2.5),      Real(-0.0),          Real(1e300),
      Real(-1e300), Real(9.3e18),    Text("x"),       Integer(kTsMin - 1), Integer(kTsMax + 1)};
  for (const Comparand& comparand : comparands) {
    for (const CompareOp op : kOps) {
      const TimeSet set = TimeSet::Where(op, comparand);
      for (const int64_t ts_us : times) {
        EXPECT_EQ(set.Contains(ts_us), Holds(op, CompareInteger(ts_us, comparand)))
            << static_cast<int>(op) << " " << comparand.integer << " " << comparand.real << " at "
            << ts_us;
      }
    }
  }
  EXPECT_TRUE(TimeSet::Where(CompareOp::kNe, Comparand()).empty());
}

TEST(TimeSetTest, AgreesWithTimesOneByOne) {
  constexpr int64_t kTimes = 60;
  std::mt19937_64 random(1);
  const auto random_set = [&](std::vector<bool>& has) {
    std::vector<TimeSet::Interval> intervals;
    for (size_t count = random() % 6; count > 0; --count) {
      const auto min_us = static_cast<int64_t>(random() % kTimes);
      const auto max_us = min_us + static_cast<int64_t>(random() % 12) - 2;
      intervals.push_back({min_us, std::min(max_us, kTimes - 1)});
    }
    for (const TimeSet::Interval& one : intervals) {
      for (int64_t t = one.min_us; t <= one.max_us; ++t) has[static_cast<size_t>(t)] = true;
    }
    return TimeSet::Union(intervals);
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<bool> in_a(kTimes), in_b(kTimes);
    const TimeSet a = random_set(in_a);
    const TimeSet b = random_set(in_b);
    const TimeSet both = a.Intersect(b);
    std::optional<int64_t> next, previous;
    uint64_t size = 0;
    for (int64_t t = 0; t < kTimes; ++t) {
      const auto i = static_cast<size_t>(t);
      const bool is_member = in_a[i] && in_b[i];
      if (is_member) previous = t;
      size += is_member ? 1 : 0;
      ASSERT_EQ(both.Contains(t), is_member);
      ASSERT_EQ(both.Previous(t), previous);
    }
    for (int64_t t = kTimes - 1; t >= 0; --t) {
      const auto i = static_cast<size_t>(t);
      if (in_a[i] && in_b[i]) next = t;
      ASSERT_EQ(both.Next(t), next);
    }
    ASSERT_EQ(both.size(), size);
    ASSERT_EQ(both.empty(), size == 0);
  }
}

}  // namespace
}  // namespace xtdb
