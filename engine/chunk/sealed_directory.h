#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/chunk_directory.h"
#include "engine/io/file_system.h"

namespace xtdb {

// The directory of a sealed chunk as it stands in the file, searched in place: what a search costs
// depends on how many blocks it finds. Each entry that is looked at is checked by its own CRC; that
// of the whole is not.
//
// Ownership: borrows `file`.
// Threads:   any (immutable after Open).
class SealedDirectory {
 public:
  // Reads seal record and order array. kCorruption unless the one says of that chunk what `summary`
  // does, and the other is the one that was sealed; kUnsupported if that is not known.
  static Result<std::unique_ptr<const SealedDirectory>> Open(File& file, const ChunkLayout& layout,
                                                             uint64_t chunk_sequence,
                                                             const ChunkSummary& summary);

  struct Block {
    std::shared_ptr<const BlockDirEntry> entry;
    uint32_t number = 0;
  };
  struct Search {
    // Of entries; beyond it the search is given up: reading the directory whole is cheaper.
    uint32_t reads_max = 0;
    uint32_t reads = 0;
    bool is_complete = false;
    std::vector<Block> blocks;  // as ChunkDirectory::FindBlocks gives them
    uint32_t pruned = 0;
  };
  size_t MemoryBytes() const { return sizeof(*this) + order_.size() * sizeof(uint16_t); }
  // All entries are seen by the snapshot. kCorruption: an entry that it looked at is damaged.
  Status FindBlocks(const ChunkDirectory::Query& query, Search& search) const;

 private:
  using EntryPtr = std::shared_ptr<const BlockDirEntry>;
  // Entries of one search, by place in the order; null: too many were read.
  class Reader;

  SealedDirectory(File& file, const ChunkLayout& layout, uint64_t chunk_sequence,
                  std::vector<uint16_t> order)
      : file_(file), layout_(layout), chunk_sequence_(chunk_sequence), order_(std::move(order)) {}

  File& file_;
  const ChunkLayout layout_;
  const uint64_t chunk_sequence_;
  const std::vector<uint16_t> order_;  // entry numbers
};

}  // namespace xtdb
