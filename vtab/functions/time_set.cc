#include "vtab/functions/time_set.h"

#include <algorithm>
#include <cmath>

namespace xtdb {
namespace {

constexpr int64_t kNone = kTsMax + 1;  // behind all times

// The first time that is not less; SQL's order: numbers are before texts and BLOBs.
int64_t FirstNotBefore(const Comparand& comparand) {
  if (comparand.kind == Comparand::Kind::kInteger) {
    return std::clamp(comparand.integer, kTsMin, kNone);
  }
  if (comparand.kind != Comparand::Kind::kReal || comparand.real > static_cast<double>(kTsMax)) {
    return kNone;
  }
  const double least = std::max(comparand.real, static_cast<double>(kTsMin));
  return static_cast<int64_t>(std::ceil(least));
}

// The first one that is greater.
int64_t FirstBehind(const Comparand& comparand) {
  const int64_t first_us = FirstNotBefore(comparand);
  if (first_us == kNone) return kNone;
  return CompareInteger(first_us, comparand) == 0 ? first_us + 1 : first_us;
}

}  // namespace

TimeSet TimeSet::Where(CompareOp op, const Comparand& comparand) {
  if (comparand.kind == Comparand::Kind::kNull) return TimeSet({});
  const int64_t not_before_us = FirstNotBefore(comparand);
  const int64_t behind_us = FirstBehind(comparand);
  const Interval less{kTsMin, not_before_us - 1};
  const Interval equal{not_before_us, behind_us - 1};
  const Interval greater{behind_us, kTsMax};
  switch (op) {
    case CompareOp::kEq:
      return Union({equal});
    case CompareOp::kNe:
      return Union({less, greater});
    case CompareOp::kLt:
      return Union({less});
    case CompareOp::kLe:
      return Union({less, equal});
    case CompareOp::kGt:
      return Union({greater});
    case CompareOp::kGe:
      return Union({equal, greater});
    case CompareOp::kIsNull:
      return TimeSet({});
    case CompareOp::kIsNotNull:
      return All();
  }
  return TimeSet({});
}

TimeSet TimeSet::Union(std::vector<Interval> intervals) {
  std::erase_if(intervals, [](const Interval& one) { return one.min_us > one.max_us; });
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.min_us < b.min_us; });
  std::vector<Interval> merged;
  for (const Interval& one : intervals) {
    if (merged.empty() || merged.back().max_us + 1 < one.min_us) {
      merged.push_back(one);
    } else {
      merged.back().max_us = std::max(merged.back().max_us, one.max_us);
    }
  }
  return TimeSet(std::move(merged));
}

TimeSet TimeSet::Intersect(const TimeSet& other) const {
  std::vector<Interval> common;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const Interval both{std::max(a->min_us, b->min_us), std::min(a->max_us, b->max_us)};
    if (both.min_us <= both.max_us) common.push_back(both);
    a->max_us < b->max_us ? ++a : ++b;
  }
  return TimeSet(std::move(common));
}

uint64_t TimeSet::size() const {
  uint64_t size = 0;
  for (const Interval& one : intervals_) size += static_cast<uint64_t>(one.max_us - one.min_us) + 1;
  return size;
}

std::optional<int64_t> TimeSet::Next(int64_t ts_us) const {
  const auto it = std::partition_point(intervals_.begin(), intervals_.end(),
                                       [&](const Interval& one) { return one.max_us < ts_us; });
  if (it == intervals_.end()) return std::nullopt;
  return std::max(ts_us, it->min_us);
}

std::optional<int64_t> TimeSet::Previous(int64_t ts_us) const {
  const auto it = std::partition_point(intervals_.begin(), intervals_.end(),
                                       [&](const Interval& one) { return one.min_us <= ts_us; });
  if (it == intervals_.begin()) return std::nullopt;
  return std::min(ts_us, std::prev(it)->max_us);
}

}  // namespace xtdb
