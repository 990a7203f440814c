#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "planner/aggregate/tally.h"
#include "planner/aggregate/value_finder.h"
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
  // A tag that is said to be sloped is read along lines, others step by step, whatever mode says.
  bool is_as_tag_says = false;
  // The quality is wanted, too. It costs a look at what the accepted values stand between.
  bool tells_quality = true;
};

// A value at a time. `found` is the point it is from; of a line the one before, its value and
// quality replaced: a double, and the lower quality of the two.
struct Sampled {
  FoundPoint found;
  int64_t source_us = 0;  // the point's time
};

// The value at `ts_us`, if there is one, from its neighbours.
//   before: the last value at or before it; null: there is none
//   behind: the first at or behind it, if the mode is kLinear or kNearest
std::optional<Sampled> SampleBetween(const SampleRequest& request, const FoundPoint* before,
                                     const FoundPoint* behind, int64_t ts_us);
constexpr bool LooksBehind(SampleMode mode) {
  return mode == SampleMode::kLinear || mode == SampleMode::kNearest;
}

// The values of one tag at some times, each found by itself; times that rise, and lie closer than
// the points, find what the last one has found. As OPC UA Part 13 says of Interpolative data:
// behind the last value of all that one is held, along lines, too; and what is held or drawn over
// points that are not accepted, held behind the last point, or drawn to an uncertain value, is
// uncertain (sub-normal).
//
// Ownership: keeps the snapshot alive and copies what is staged; borrows `counters`.
// Threads:   one at a time.
class Sampler {
 public:
  Sampler(const ReadView& view, TagPtr tag, const SampleRequest& request, PlanCounters& counters);

  // Nothing: the tag has no value there.
  Result<std::optional<Sampled>> At(int64_t ts_us);

 private:
  Status JudgeQuality(int64_t ts_us, Sampled& sampled);
  Status FindBefore(int64_t ts_us);
  Status FindBehind(int64_t ts_us);

  const SampleRequest request_;
  const ValueFinder values_;
  // The last value at or before each time in [before_from, before_to]; nothing: there is none.
  std::optional<FoundPoint> before_;
  int64_t before_from_us_ = 1;
  int64_t before_to_us_ = 0;
  // The first point behind before_, of whatever quality, once it was asked for.
  std::optional<int64_t> next_us_;
  bool knows_next_ = false;
  // The first value at or behind each time in [behind_from, behind_to].
  std::optional<FoundPoint> behind_;
  int64_t behind_from_us_ = 1;
  int64_t behind_to_us_ = 0;
};

}  // namespace xtdb
