#include "planner/tag_summary.h"

#include <algorithm>
#include <span>
#include <utility>

#include "planner/tag_stream.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

// What a block or a run has of the tag, with its place in time.
struct Part {
  int64_t ts_min_us = 0;
  int64_t ts_max_us = 0;
  uint64_t rows = 0;         // tombstones included
  bool has_deleted = false;  // or hidden ones
  const BlockRef* block = nullptr;
  const MemoryRun* run = nullptr;
};

bool HasTombstones(const PointColumns& columns) {
  return std::any_of(columns.flags.begin(), columns.flags.end(),
                     [](uint8_t flags) { return (flags & kPointDeleted) != 0; });
}

Part PartOf(const BlockRef& block) {
  const BlockDirEntry& entry = *block.entry;
  const bool is_hidden = entry.ts_min_us < block.first_visible_us;
  return {entry.ts_min_us, entry.ts_max_us,
          entry.count,     is_hidden || entry.stats.deleted_count != 0,
          &block,          nullptr};
}

Part PartOf(const MemoryRun& run) {
  const PointColumns& columns = *run.columns;
  return {columns.ts_us.front(),
          columns.ts_us.back(),
          columns.size(),
          HasTombstones(columns),
          nullptr,
          &run};
}

// A MIXED block's entry speaks of all its tags: what it has of this one, its table says.
Status AddMixedPart(const ReadView& view, TagId tag, const BlockRef& block,
                    std::vector<Part>& parts, uint64_t& bytes, PlanCounters& counters) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<LoadedBlock> loaded, view.Load(block));
  ++counters.blocks_read;
  const VectorTable table = loaded->TableOf(tag);
  if (table.vectors.empty()) return Status();
  const int64_t ts_min_us = table.vectors.front().ts_min_us;
  Part part{ts_min_us, table.vectors.back().ts_max_us,
            0,         ts_min_us < block.first_visible_us,
            &block,    nullptr};
  for (const VectorEntry& vector : table.vectors) {
    part.rows += vector.count;
    part.has_deleted |= vector.deleted_count != 0;
    bytes += vector.size_bytes;
  }
  parts.push_back(part);
  return Status();
}

Result<std::vector<Part>> PartsByTime(const ReadView& view, TagId tag,
                                      const ReadView::Sources& sources, uint64_t& block_bytes,
                                      PlanCounters& counters) {
  std::vector<Part> parts;
  parts.reserve(sources.blocks.size() + sources.runs.size());
  for (const BlockRef& block : sources.blocks) {
    if (block.entry->kind == BlockKind::kMixed) {
      XTDB_RETURN_IF_ERROR(AddMixedPart(view, tag, block, parts, block_bytes, counters));
      continue;
    }
    block_bytes += block.entry->extents * kExtentSizeBytes;
    parts.push_back(PartOf(block));
  }
  for (const MemoryRun& run : sources.runs) {
    if (!run.columns->empty()) parts.push_back(PartOf(run));
  }
  // Stable: of runs with equal rank the order counts.
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.ts_min_us < b.ts_min_us; });
  return parts;
}

void Count(TagSummary& summary, uint64_t points, int64_t first_ts_us, int64_t last_ts_us) {
  if (points == 0) return;
  if (summary.points == 0) summary.first_ts_us = first_ts_us;
  summary.points += points;
  summary.last_ts_us = last_ts_us;
}

// True if the part alone tells its live points.
bool CountWhole(const Part& part, TagSummary& summary, PlanCounters& counters) {
  if (part.has_deleted) return false;
  if (part.block != nullptr) ++counters.blocks_from_statistics;
  Count(summary, part.rows, part.ts_min_us, part.ts_max_us);
  return true;
}

Status CountByDecoding(const ReadView& view, const TagPtr& tag, std::span<const Part> parts,
                       TagSummary& summary, PlanCounters& counters) {
  ReadView::Sources sources;
  for (const Part& part : parts) {
    if (part.block != nullptr) sources.blocks.push_back(*part.block);
    if (part.run != nullptr) sources.runs.push_back(*part.run);
  }
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
  XTDB_ASSIGN_OR_RETURN(const std::vector<Part> parts,
                        PartsByTime(view, tag->id, sources, summary.block_bytes, *counters));
  for (size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
    // Parts that touch each other, directly or through others, are taken together.
    int64_t ts_max_us = parts[begin].ts_max_us;
    for (end = begin + 1; end < parts.size() && parts[end].ts_min_us <= ts_max_us; ++end) {
      ts_max_us = std::max(ts_max_us, parts[end].ts_max_us);
    }
    if (end - begin == 1 && CountWhole(parts[begin], summary, *counters)) continue;
    XTDB_RETURN_IF_ERROR(CountByDecoding(view, tag, std::span(parts).subspan(begin, end - begin),
                                         summary, *counters));
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
