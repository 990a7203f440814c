#pragma once

#include <cstdint>
#include <optional>

#include "planner/aggregate/value_filter.h"
#include "planner/plan.h"

namespace xtdb {

// Finds values of one tag near a time: points that are neither NULL nor NaN, of accepted quality.
//
// Ownership: keeps the snapshot alive and copies what is staged; borrows `counters`.
// Threads:   one at a time.
class ValueFinder {
 public:
  ValueFinder(const ReadView& view, TagPtr tag, Accept accept, PlanCounters& counters);

  // In [ts_from, ts_to].
  Result<std::optional<FoundPoint>> First(int64_t ts_from_us, int64_t ts_to_us = kTsMax) const {
    return Find(ts_from_us, ts_to_us, false);
  }
  Result<std::optional<FoundPoint>> Last(int64_t ts_from_us, int64_t ts_to_us) const {
    return Find(ts_from_us, ts_to_us, true);
  }

  // The first point of all, of any value and quality.
  Result<std::optional<int64_t>> FirstPoint(int64_t ts_from_us, int64_t ts_to_us = kTsMax) const;

  const ReadView& view() const { return view_; }  // has no staging
  const std::optional<MemoryRun>& staged() const { return staged_; }
  const RowFilter& filter() const { return filter_; }

 private:
  Result<std::optional<FoundPoint>> Find(int64_t ts_from_us, int64_t ts_to_us, bool last) const;

  const ReadView view_;
  const TagPtr tag_;
  const std::optional<MemoryRun> staged_;  // of all time
  const RowFilter filter_;
  PlanCounters& counters_;
};

}  // namespace xtdb
