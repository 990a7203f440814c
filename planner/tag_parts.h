#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/read_view.h"
#include "planner/request.h"

namespace xtdb {

// What a block or a run has of one tag, with its place in time.
struct TagPart {
  int64_t ts_min_us = 0;
  int64_t ts_max_us = 0;
  uint64_t rows = 0;         // tombstones included
  uint64_t size_bytes = 0;   // of its vectors in a MIXED block; else whole extents; 0 in memory
  bool has_deleted = false;  // or hidden ones
  const BlockRef* block = nullptr;
  const MemoryRun* run = nullptr;
  std::shared_ptr<LoadedBlock> mixed;  // a MIXED block, whose entry tells nothing of one tag
};

// The parts of `sources`, which outlives them, by their first time. MIXED blocks are read.
Result<std::vector<TagPart>> PartsByTime(const ReadView& view, TagId tag,
                                         const ReadView::Sources& sources, PlanCounters& counters);

// The first of `parts` and those that touch it, directly or through others: no part behind them has
// a time of theirs.
std::span<const TagPart> TouchingParts(std::span<const TagPart> parts);
// The sources of some parts, in the order that decides between equal times.
ReadView::Sources SourcesOf(std::span<const TagPart> parts);

}  // namespace xtdb
