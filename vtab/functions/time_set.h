#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/types.h"
#include "planner/request.h"
#include "vtab/comparand.h"

namespace xtdb {

// The times that comparisons let through, in [kTsMin, kTsMax].
class TimeSet {
 public:
  // Both ends belong to it.
  struct Interval {
    int64_t min_us = kTsMin;
    int64_t max_us = kTsMax;
  };

  static TimeSet All() { return TimeSet({Interval{}}); }
  // Those t for which `t op comparand` holds; none if the comparand is NULL.
  static TimeSet Where(CompareOp op, const Comparand& comparand);
  // In any order, also overlapping.
  static TimeSet Union(std::vector<Interval> intervals);
  TimeSet Intersect(const TimeSet& other) const;

  bool empty() const { return intervals_.empty(); }
  bool Contains(int64_t ts_us) const { return Next(ts_us) == ts_us; }
  // The first and the last; none: the first is behind the last.
  int64_t min_us() const { return empty() ? kTsMax : intervals_.front().min_us; }
  int64_t max_us() const { return empty() ? kTsMin : intervals_.back().max_us; }
  uint64_t size() const;  // how many microseconds
  // The least member that is not before `ts_us`, and the greatest that is not behind it.
  std::optional<int64_t> Next(int64_t ts_us) const;
  std::optional<int64_t> Previous(int64_t ts_us) const;
  // Rising, with gaps between them.
  const std::vector<Interval>& intervals() const { return intervals_; }

 private:
  explicit TimeSet(std::vector<Interval> intervals) : intervals_(std::move(intervals)) {}

  std::vector<Interval> intervals_;
};

}  // namespace xtdb
