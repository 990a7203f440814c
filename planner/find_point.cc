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

Result<std::optional<FoundPoint>> FindNewest(const ReadView& view, const TagPtr& tag,
                                             int64_t ts_from_us, int64_t ts_to_us,
                                             PlanCounters* counters) {
  PlanCounters own;
  if (counters == nullptr) counters = &own;
  XTDB_ASSIGN_OR_RETURN(const ReadView::Sources sources,
                        FindTagSources(view, tag->id, ts_from_us, ts_to_us, *counters));
  const StreamOptions options = {.ts_from_us = ts_from_us,
                                 .ts_to_us = ts_to_us,
                                 .descending = true,
                                 .few_points = true,
                                 .filter = nullptr,
                                 .counters = counters};
  TagStream stream(tag, MakePointSources(view, tag->id, sources, *counters), options);
  XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream.Next());
  if (batch == nullptr) return std::optional<FoundPoint>();
  return std::optional<FoundPoint>(
      PointAt(*batch->columns, batch->reversed ? batch->end - 1 : batch->begin));
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

Result<std::optional<FoundPoint>> FindPoint(const ReadView& view, const TagPtr& tag, int64_t ts_us,
                                            PlanCounters* counters) {
  return FindNewest(view, tag, ts_us, ts_us, counters);
}

Result<std::optional<FoundPoint>> FindLastPoint(const ReadView& view, const TagPtr& tag,
                                                int64_t ts_us, PlanCounters* counters) {
  return FindNewest(view, tag, kTsMin, ts_us, counters);
}

}  // namespace xtdb
