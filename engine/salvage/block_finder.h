#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/base/status.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/io/file_system.h"
#include "engine/salvage/container_survey.h"
#include "engine/salvage/salvage_report.h"
#include "engine/wal/flush_record.h"

namespace xtdb {

// A block of which at least the head, or the directory entry that repeats it, is intact.
struct FoundBlock {
  uint32_t slot = 0;
  uint32_t extent = 0;
  uint64_t offset = 0;
  BlockHead head;
  // From a table whose CRC is wrong each row is a claim: whoever decodes checks it.
  std::vector<VectorEntry> vectors;
  std::vector<TagRun> runs;  // by tag
  bool is_table_intact = true;
};

struct LostBlock {
  TagId tag = kNoTag;
  LSN through_lsn = kNoLsn;
  SalvageLoss loss;  // `tag` is still to be named
};

struct FoundBlocks {
  std::vector<FoundBlock> blocks;
  std::vector<LostBlock> lost;
  std::vector<std::string> notes;
};

// Finds the blocks of a container by their heads, helped by whatever directory entries, FLUSH
// records, seal records and chunk table rows are intact: these bring back blocks whose head is
// damaged, and tell what is missing.
//
// Ownership: borrows `file` and `survey`.
// Threads:   one.
class BlockFinder {
 public:
  BlockFinder(File& file, const ContainerSurvey& survey, const LayoutCalculator& layout)
      : file_(file), survey_(survey), layout_(layout) {}
  // flushed: entries that the log has. compacted: numbers of COMPACT chunks that it says count.
  // on_progress: called with "reading", of chunks. kIoError, or its error.
  Result<FoundBlocks> Find(const std::vector<PlacedEntry>& flushed,
                           const std::set<uint64_t>& compacted, const ProgressFn& on_progress);

 private:
  struct Slot {
    ChunkLayout layout;
    uint64_t sequence = 0;  // 0: no chunk is known here
    bool is_compact = false;
    bool is_sealed = false;  // and its directory is whole: it names every block
    std::map<uint32_t, BlockDirEntry> entries;
    std::map<uint32_t, FoundBlock> blocks;
    std::optional<ChunkSummary> expected;
    LSN flushed_lsn = kNoLsn;
  };
  Status ReadSlot(uint32_t slot, const std::vector<PlacedEntry>& flushed);
  Status FindSequence(Slot& slot);
  Result<bool> IsGone(const Slot& slot);
  Status ReadDirectory(Slot& slot);
  Status ReadSeal(Slot& slot);
  Status ScanHeads(Slot& slot);
  static void DropUncommitted(Slot& slot);
  Status RebuildHeads(Slot& slot);
  Result<std::optional<FoundBlock>> Rebuild(const Slot& slot, uint32_t extent,
                                            const BlockDirEntry& entry);
  // Takes what the damaged table of the block says.
  Status ReadClaims(FoundBlock& block);
  void NoteMissing(const Slot& slot);
  const ChunkTableEntry* TableRow(uint32_t slot) const;

  File& file_;
  const ContainerSurvey& survey_;
  const LayoutCalculator layout_;
  std::set<uint64_t> compacted_;
  FoundBlocks found_;
};

}  // namespace xtdb
