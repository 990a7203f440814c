#pragma once

#include <optional>

#include "engine/read_view.h"
#include "planner/plan.h"

namespace xtdb {

// What xtdb_tags says of a tag, exact in the view: from statistics where blocks and memory do not
// overlap and nothing is deleted, else by decoding.
struct TagSummary {
  uint64_t points = 0;
  int64_t first_ts_us = 0;  // meaningless if points is 0
  int64_t last_ts_us = 0;
  std::optional<FoundPoint> last;
  uint64_t block_bytes = 0;  // whole extents of the tag's blocks, and its vectors in MIXED ones
};
Result<TagSummary> SummarizeTag(const ReadView& view, const TagPtr& tag, PlanCounters* counters);

}  // namespace xtdb
