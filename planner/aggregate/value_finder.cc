#include "planner/aggregate/value_finder.h"

#include <utility>

namespace xtdb {
namespace {

std::optional<MemoryRun> StagedRun(const ReadView& view, TagId tag) {
  if (view.staging == nullptr) return std::nullopt;
  return view.staging->RunAt(tag, view.mark, kTsMin, kTsMax);
}

}  // namespace

ValueFinder::ValueFinder(const ReadView& view, TagPtr tag, Accept accept, PlanCounters& counters)
    : view_(view.WithoutStaging()),
      tag_(std::move(tag)),
      staged_(StagedRun(view, tag_->id)),
      filter_(ValueFilter(accept)),
      counters_(counters) {}

Result<std::optional<int64_t>> ValueFinder::FirstPoint(int64_t ts_from_us, int64_t ts_to_us) const {
  if (ts_from_us > ts_to_us) return std::optional<int64_t>();
  const PointSearch search = {.ts_from_us = ts_from_us,
                              .ts_to_us = ts_to_us,
                              .last = false,
                              .filter = nullptr,
                              .staged = staged_ ? &*staged_ : nullptr};
  XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> found,
                        FindPointIn(view_, tag_, search, counters_));
  return found ? std::optional(found->point.ts_us) : std::nullopt;
}

Result<std::optional<FoundPoint>> ValueFinder::Find(int64_t ts_from_us, int64_t ts_to_us,
                                                    bool last) const {
  const PointSearch search = {.ts_from_us = ts_from_us,
                              .ts_to_us = ts_to_us,
                              .last = last,
                              .filter = &filter_,
                              .staged = staged_ ? &*staged_ : nullptr};
  return FindPointIn(view_, tag_, search, counters_);
}

}  // namespace xtdb
