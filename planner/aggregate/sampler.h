#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "planner/aggregate/tally.h"
#include "planner/plan.h"

namespace xtdb {

// What a signal is between its points: the value before holds, a line joins them, the point that is
// nearest counts (of two the earlier one), or it is only where there is a point.
enum class SampleMode : uint8_t { kStep, kLinear, kNearest, kExact };

struct SampleRequest {
  Accept accept = Accept::kNotBad;
  SampleMode mode = SampleMode::kStep;
  // No value is taken from farther away, and no line drawn over a longer gap.
  int64_t gap_max_us = std::numeric_limits<int64_t>::max();
};

// A value at a time. `found` is the point it is from; of a line the one before, its value and
// quality replaced: a double, and the lower quality of the two.
struct Sampled {
  FoundPoint found;
  int64_t source_us = 0;  // the point's time
};

// The values of one tag at some times, each found by itself; times that rise, and lie closer than
// the points, find what the last one has found.
//
// Ownership: borrows `counters`.
// Threads:   one at a time.
class Sampler {
 public:
  Sampler(TagPtr tag, const SampleRequest& request, PlanCounters& counters);

  // Nothing: the tag has no value there. `view` is that of every call.
  Result<std::optional<Sampled>> At(const ReadView& view, int64_t ts_us);

 private:
  Status FindBefore(const ReadView& view, int64_t ts_us);
  Status FindBehind(const ReadView& view, int64_t ts_us);
  std::optional<Sampled> Interpolate(int64_t ts_us) const;

  const TagPtr tag_;
  const SampleRequest request_;
  const RowFilter filter_;
  PlanCounters& counters_;
  // The last value at or before each time in [before_from, before_to]; nothing: there is none.
  std::optional<FoundPoint> before_;
  int64_t before_from_us_ = 1;
  int64_t before_to_us_ = 0;
  // The first value at or behind each time in [behind_from, behind_to].
  std::optional<FoundPoint> behind_;
  int64_t behind_from_us_ = 1;
  int64_t behind_to_us_ = 0;
};

}  // namespace xtdb
