#include <utility>

#include "planner/plan.h"
#include "planner/tag_stream.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

FoundPoint PointAt(const PointColumns& columns, size_t row) {
  FoundPoint found;
  found.type = columns.type;
  found.point = columns.At(row);
  found.text = found.point.text;
  found.point.text = found.text;
  return found;
}

}  // namespace

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

Result<std::optional<FoundPoint>> FindPointIn(const ReadView& view, const TagPtr& tag,
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
      PointAt(*batch->columns, batch->reversed ? batch->end - 1 : batch->begin));
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
