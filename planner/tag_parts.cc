#include "planner/tag_parts.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

bool HasTombstones(const PointColumns& columns) {
  return std::any_of(columns.flags.begin(), columns.flags.end(),
                     [](uint8_t flags) { return (flags & kPointDeleted) != 0; });
}

TagPart PartOf(const BlockRef& block) {
  const BlockDirEntry& entry = *block.entry;
  TagPart part;
  part.ts_min_us = entry.ts_min_us;
  part.ts_max_us = entry.ts_max_us;
  part.rows = entry.count;
  part.size_bytes = entry.extents * kExtentSizeBytes;
  part.has_deleted = entry.ts_min_us < block.first_visible_us || entry.stats.deleted_count != 0;
  part.block = &block;
  return part;
}

TagPart PartOf(const MemoryRun& run) {
  const PointColumns& columns = *run.columns;
  TagPart part;
  part.ts_min_us = columns.ts_us.front();
  part.ts_max_us = columns.ts_us.back();
  part.rows = columns.size();
  part.has_deleted = HasTombstones(columns);
  part.run = &run;
  return part;
}

Status AddMixedPart(const ReadView& view, TagId tag, const BlockRef& block,
                    std::vector<TagPart>& parts, PlanCounters& counters) {
  TagPart part;
  XTDB_ASSIGN_OR_RETURN(part.mixed, view.Load(block));
  ++counters.blocks_read;
  const VectorTable table = part.mixed->TableOf(tag);
  if (table.vectors.empty()) return Status();
  part.ts_min_us = table.vectors.front().ts_min_us;
  part.ts_max_us = table.vectors.back().ts_max_us;
  part.has_deleted = part.ts_min_us < block.first_visible_us;
  part.block = &block;
  for (const VectorEntry& vector : table.vectors) {
    part.rows += vector.count;
    part.size_bytes += vector.size_bytes;
    part.has_deleted |= vector.deleted_count != 0;
  }
  parts.push_back(std::move(part));
  return Status();
}

}  // namespace

Result<std::vector<TagPart>> PartsByTime(const ReadView& view, TagId tag,
                                         const ReadView::Sources& sources, PlanCounters& counters) {
  std::vector<TagPart> parts;
  parts.reserve(sources.blocks.size() + sources.runs.size());
  for (const BlockRef& block : sources.blocks) {
    if (block.entry->kind == BlockKind::kMixed) {
      XTDB_RETURN_IF_ERROR(AddMixedPart(view, tag, block, parts, counters));
    } else {
      parts.push_back(PartOf(block));
    }
  }
  for (const MemoryRun& run : sources.runs) {
    if (!run.columns->empty()) parts.push_back(PartOf(run));
  }
  // Stable: of runs with equal rank the order counts.
  std::stable_sort(parts.begin(), parts.end(),
                   [](const TagPart& a, const TagPart& b) { return a.ts_min_us < b.ts_min_us; });
  return parts;
}

std::span<const TagPart> TouchingParts(std::span<const TagPart> parts) {
  if (parts.empty()) return parts;
  int64_t ts_max_us = parts.front().ts_max_us;
  size_t count = 1;
  for (; count < parts.size() && parts[count].ts_min_us <= ts_max_us; ++count) {
    ts_max_us = std::max(ts_max_us, parts[count].ts_max_us);
  }
  return parts.first(count);
}

ReadView::Sources SourcesOf(std::span<const TagPart> parts) {
  ReadView::Sources sources;
  for (const TagPart& part : parts) {
    if (part.block != nullptr) sources.blocks.push_back(*part.block);
    if (part.run != nullptr) sources.runs.push_back(*part.run);
  }
  return sources;
}

}  // namespace xtdb
