#include <algorithm>
#include <utility>

#include "planner/plan.h"
#include "planner/tag_stream.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

Result<std::optional<FoundPoint>> FindInWindow(const ReadView& view, const TagPtr& tag,
                                               const PointSearch& search, PlanCounters& counters) {
  XTDB_ASSIGN_OR_RETURN(ReadView::Sources sources, FindTagSources(view, tag->id, search.ts_from_us,
                                                                  search.ts_to_us, counters));
  if (search.staged != nullptr) sources.runs.push_back(*search.staged);
  const StreamOptions options = {.ts_from_us = search.ts_from_us,
                                 .ts_to_us = search.ts_to_us,
                                 .descending = search.last,
                                 .few_points = true,
                                 .filter = search.filter,
                                 .counters = &counters};
  TagStream stream(tag, MakePointSources(view, tag->id, sources, counters), options);
  XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream.Next());
  if (batch == nullptr) return std::optional<FoundPoint>();
  return std::optional<FoundPoint>(
      FoundPoint::At(*batch->columns, batch->reversed ? batch->end - 1 : batch->begin));
}

}  // namespace

FoundPoint FoundPoint::At(const PointColumns& columns, size_t row) {
  FoundPoint found;
  found.type = columns.type;
  found.point = columns.At(row);
  found.text = found.point.text;
  found.point.text = found.text;
  return found;
}

FoundPoint::FoundPoint(const FoundPoint& other)
    : point(other.point), type(other.type), text(other.text) {
  point.text = text;
}

FoundPoint::FoundPoint(FoundPoint&& other) noexcept
    : point(other.point), type(other.type), text(std::move(other.text)) {
  point.text = text;
}

FoundPoint& FoundPoint::operator=(FoundPoint other) noexcept {
  point = other.point;
  type = other.type;
  text = std::move(other.text);
  point.text = text;
  return *this;
}

// Near the end of the range from which it is sought first, so that what it costs does not grow with
// the tag's history: in windows, each much wider than the one before.
Result<std::optional<FoundPoint>> FindPointIn(const ReadView& view, const TagPtr& tag,
                                              const PointSearch& search, PlanCounters& counters) {
  constexpr int64_t kFirstWindowUs = 3'600'000'000;
  constexpr int64_t kGrowth = 64;
  PointSearch window = search;
  const bool has_own = view.staging != nullptr || search.staged != nullptr || !view.spills.empty();
  if (search.last && !has_own && search.ts_to_us > search.ts_from_us) {
    window.ts_to_us = std::min(search.ts_to_us, view.LatestTsMax(tag->id));
  }
  int64_t width_us = kFirstWindowUs;
  while (true) {
    const bool is_all = width_us >= window.ts_to_us - search.ts_from_us;
    if (search.last) {
      window.ts_from_us = is_all ? search.ts_from_us : window.ts_to_us - width_us;
    } else {
      window.ts_to_us = is_all ? search.ts_to_us : search.ts_from_us + width_us;
    }
    XTDB_ASSIGN_OR_RETURN(std::optional<FoundPoint> found,
                          FindInWindow(view, tag, window, counters));
    if (found || is_all) return found;
    width_us *= kGrowth;
    if (!search.last) window.ts_to_us = search.ts_to_us;
  }
}

Result<std::optional<FoundPoint>> FindPoint(const ReadView& view, const TagPtr& tag, int64_t ts_us,
                                            PlanCounters* counters) {
  PlanCounters own;
  const PointSearch search = {.ts_from_us = ts_us, .ts_to_us = ts_us, .last = true};
  return FindPointIn(view, tag, search, counters == nullptr ? own : *counters);
}

Result<std::optional<FoundPoint>> FindLastPoint(const ReadView& view, const TagPtr& tag,
                                                int64_t ts_us, PlanCounters* counters) {
  PlanCounters own;
  const PointSearch search = {.ts_to_us = ts_us, .last = true};
  return FindPointIn(view, tag, search, counters == nullptr ? own : *counters);
}

}  // namespace xtdb
