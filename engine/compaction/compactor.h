#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/block/block_reader.h"
#include "engine/block/mixed_packer.h"
#include "engine/block/tag_encoder.h"
#include "engine/catalog/tag_dictionary.h"
#include "engine/chunk/chunk_builder.h"
#include "engine/chunk/chunk_store.h"
#include "engine/compaction/point_merge.h"

namespace xtdb {

// What a compaction reads, and how it writes.
struct CompactorOptions {
  ChunkList inputs;
  ChunkList older;   // others that may hold earlier versions of the inputs' points
  LSN lsn = kNoLsn;  // of the snapshot
  Horizon horizon;   // what it hides is left out
  BlockOptions blocks;
  size_t threads = 1;                           // that encode at a time
  DirectoryBudget* directory_budget = nullptr;  // of the outputs
  // The header and place of the next output; kResourceExhausted when there are to be no more.
  std::function<Result<ChunkHeader>()> next_header;
  std::function<bool()> is_stopped;  // then it ends with kBusy
};

struct CompactionCounts {
  uint64_t points_in = 0;  // tombstones included
  uint64_t points_out = 0;
  uint64_t bytes_in = 0;  // of blocks, whole extents
  uint64_t bytes_out = 0;
};

// Merges chunks into new ones: sorted by tag and time, of each point the last version, tombstones
// only where an older chunk may hold what they hide. Sees no log and no lock: what it has written
// counts once somebody commits it.
//
// Ownership: borrows everything.
// Threads:   one at a time; encodes on several.
class Compactor {
 public:
  // file: the container, which the outputs read; output: the same, opened once more to be written
  Compactor(File& file, File& output, const LayoutCalculator& layout, const BlockReader& reader,
            const TagDictionary& tags, CompactorOptions options)
      : file_(file),
        output_(output),
        layout_(layout),
        reader_(reader),
        tags_(tags),
        options_(std::move(options)) {}

  // The outputs, on the disk; none if no point is left. kCorruption names the block that cannot be
  // read. After an error the slots hold anything.
  Result<ChunkList> Run();
  const CompactionCounts& counts() const { return counts_; }

 private:
  // Part of a tag's points, or all of them.
  struct Slice {
    TagId tag = kNoTag;
    LSN through_lsn = kNoLsn;
    PointColumns points;
    bool is_last = true;  // of its tag
  };
  using TagBlock = std::pair<TagId, BlockRef>;

  Status FindTagBlocks();
  Status MergeTag(std::span<const TagBlock> blocks);
  Result<PointMerge::Source> LoadSource(const BlockRef& block);
  PointMerge::Source SourceOf(const BlockRef& block, std::shared_ptr<LoadedBlock> loaded) const;
  Status DropTombstones(Slice& slice) const;
  Status WriteSlices();
  Status Place(std::span<EncodedBlock> blocks);
  Status NextChunk();
  Status FinishChunk();

  File& file_;
  File& output_;
  const LayoutCalculator& layout_;
  const BlockReader& reader_;
  const TagDictionary& tags_;
  const CompactorOptions options_;
  std::vector<TagBlock> tag_blocks_;                                    // by tag
  std::map<const BlockDirEntry*, std::shared_ptr<LoadedBlock>> mixed_;  // of tags not yet done
  std::vector<Slice> slices_;                                           // merged, not yet encoded
  size_t slice_rows_ = 0;
  // Rests, by the flush that they stand for: else one of a tag might seem to be later than a block
  // that has replaced some of it.
  std::map<LSN, MixedPacker> packers_;
  std::unique_ptr<ChunkBuilder> builder_;
  ChunkList outputs_;
  CompactionCounts counts_;
};

}  // namespace xtdb
