#include "planner/view_sources.h"

#include <utility>

namespace xtdb {

BlockSource::BlockSource(const ReadView& view, const BlockRef& block, TagId tag,
                         PlanCounters& counters)
    : VectorSource(block.entry->ts_min_us, block.entry->ts_max_us, block.entry->through_lsn,
                   block.first_visible_us),
      view_(view),
      block_(block),
      tag_(tag),
      counters_(counters) {}

std::optional<ZoneMap> BlockSource::zone_map() const {
  if (block_.entry->kind != BlockKind::kPoints) return std::nullopt;
  return ZoneMapOf(*block_.entry);
}

Result<VectorSource::Table> BlockSource::Open(BlockUse use) {
  XTDB_ASSIGN_OR_RETURN(loaded_, view_.Load(block_, use));
  ++counters_.blocks_read;
  const VectorTable table = loaded_->TableOf(tag_);
  first_vector_ = table.first_vector;
  return Table{table.vectors, table.type, table.has_statistics};
}

Status BlockSource::Decode(size_t index, PointColumns& out) {
  return loaded_->DecodeVectorAt(first_vector_ + index, out);
}

Result<std::shared_ptr<const PointColumns>> BlockSource::DecodeShared(size_t index,
                                                                      ValueType type) {
  return loaded_->VectorAt(first_vector_ + index, type);
}

Result<ReadView::Sources> FindTagSources(const ReadView& view, TagId tag, int64_t ts_from_us,
                                         int64_t ts_to_us, PlanCounters& counters) {
  ReadView::Sources sources;
  XTDB_RETURN_IF_ERROR(view.FindSources(tag, ts_from_us, ts_to_us, sources));
  counters.chunks_considered += sources.chunks_considered;
  counters.chunks_pruned += sources.chunks_pruned;
  counters.blocks_considered += sources.blocks_considered;
  counters.blocks_pruned += sources.blocks_pruned;
  counters.memory_runs += sources.runs.size();
  return sources;
}

uint64_t PointsMax(const ReadView::Sources& sources) {
  uint64_t points = 0;
  for (const BlockRef& block : sources.blocks) {
    if (block.entry->kind == BlockKind::kPoints) points += block.entry->count;
  }
  for (const MemoryRun& run : sources.runs) points += run.columns->size();
  return points;
}

PointSources MakePointSources(const ReadView& view, TagId tag, const ReadView::Sources& sources,
                              PlanCounters& counters) {
  PointSources result;
  result.reserve(sources.blocks.size() + sources.runs.size());
  for (const BlockRef& block : sources.blocks) {
    result.push_back(std::make_unique<BlockSource>(view, block, tag, counters));
  }
  for (const MemoryRun& run : sources.runs) {
    if (!run.columns->empty()) result.push_back(std::make_unique<RunSource>(run));
  }
  return result;
}

}  // namespace xtdb
