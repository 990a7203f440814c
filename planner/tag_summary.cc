#include "planner/tag_summary.h"

#include <algorithm>
#include <span>
#include <utility>

#include "planner/tag_parts.h"
#include "planner/tag_stream.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

void Count(TagSummary& summary, uint64_t points, int64_t first_ts_us, int64_t last_ts_us) {
  if (points == 0) return;
  if (summary.points == 0) summary.first_ts_us = first_ts_us;
  summary.points += points;
  summary.last_ts_us = last_ts_us;
}

// True if the part alone tells its live points.
bool CountWhole(const TagPart& part, TagSummary& summary, PlanCounters& counters) {
  if (part.has_deleted) return false;
  if (part.block != nullptr) ++counters.blocks_from_statistics;
  Count(summary, part.rows, part.ts_min_us, part.ts_max_us);
  return true;
}

Status CountByDecoding(const ReadView& view, const TagPtr& tag, std::span<const TagPart> parts,
                       TagSummary& summary, PlanCounters& counters) {
  const ReadView::Sources sources = SourcesOf(parts);
  StreamOptions options;
  options.counters = &counters;
  TagStream stream(tag, MakePointSources(view, tag->id, sources, counters), options);
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream.Next());
    if (batch == nullptr) return Status();
    const std::vector<int64_t>& ts_us = batch->columns->ts_us;
    Count(summary, batch->end - batch->begin, ts_us[batch->begin], ts_us[batch->end - 1]);
  }
}

}  // namespace

Result<TagSummary> SummarizeTag(const ReadView& view, const TagPtr& tag, PlanCounters* counters) {
  PlanCounters own;
  if (counters == nullptr) counters = &own;
  XTDB_ASSIGN_OR_RETURN(const ReadView::Sources sources,
                        FindTagSources(view, tag->id, kTsMin, kTsMax, *counters));
  TagSummary summary;
  XTDB_ASSIGN_OR_RETURN(const std::vector<TagPart> parts,
                        PartsByTime(view, tag->id, sources, *counters));
  for (const TagPart& part : parts) summary.block_bytes += part.size_bytes;
  for (std::span<const TagPart> rest(parts); !rest.empty();) {
    const std::span<const TagPart> touching = TouchingParts(rest);
    rest = rest.subspan(touching.size());
    if (touching.size() == 1 && CountWhole(touching.front(), summary, *counters)) continue;
    XTDB_RETURN_IF_ERROR(CountByDecoding(view, tag, touching, summary, *counters));
  }
  if (summary.points == 0) return summary;
  PlanCounters look_up;  // its sources are counted already
  XTDB_ASSIGN_OR_RETURN(summary.last, FindPoint(view, tag, summary.last_ts_us, &look_up));
  counters->blocks_read += look_up.blocks_read;
  counters->vectors_decoded += look_up.vectors_decoded;
  counters->vectors_pruned += look_up.vectors_pruned;
  return summary;
}

}  // namespace xtdb
