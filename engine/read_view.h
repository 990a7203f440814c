#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/block/block_reader.h"
#include "engine/buffer/tag_buffer.h"
#include "engine/chunk/chunk.h"
#include "engine/snapshot.h"
#include "engine/transaction/staging.h"

namespace xtdb {

// What a statement sees: a snapshot, and its own transaction's staging up to a mark. The staging
// pointer is used only while a plan is made; a plan copies what it needs of it.
struct ReadView {
  std::shared_ptr<const Snapshot> snapshot;
  const Staging* staging = nullptr;  // null: no transaction of its own
  Mark mark = kMarkNow;
  SpillGroups spills = {};                         // of a plan, which has no staging any more
  std::shared_ptr<const MarkHold> hold = nullptr;  // of `mark`

  // The view of a plan: what it needs of the staging's rows it has copied.
  ReadView WithoutStaging() const;

  TagPtr FindTag(std::string_view name) const;
  TagPtr FindTag(TagId id) const;
  std::vector<TagPtr> AllTags() const { return TagsWithPrefix({}); }  // by name, bytewise
  // Those whose names begin so; looks at no others.
  std::vector<TagPtr> TagsWithPrefix(std::string_view prefix) const;

  struct Sources {
    std::vector<BlockRef> blocks;  // by start ts; rank is entry->through_lsn
    std::vector<MemoryRun> runs;   // oldest first
    uint32_t chunks_considered = 0;
    uint32_t chunks_pruned = 0;
    uint32_t blocks_considered = 0;
    uint32_t blocks_pruned = 0;
  };
  // No committed point of the tag is later; looks at no block.
  int64_t LatestTsMax(TagId tag) const;
  // Everything of the tag that may hold points in [ts_from, ts_to].
  Status FindSources(TagId tag, int64_t ts_from, int64_t ts_to, Sources& out) const;
  Result<std::shared_ptr<LoadedBlock>> Load(const BlockRef& block,
                                            BlockUse use = BlockUse::kScan) const;
};

}  // namespace xtdb
