#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

struct PlacedEntry {
  uint32_t slot = 0;
  uint32_t entry_index = 0;
  uint64_t chunk_sequence = 0;
  BlockDirEntry entry;
};

// Copies entries that the log has made durable into a chunk's directory. The caller syncs before
// the checkpoint passes their frame.
//
// Ownership: borrows `file`.
// Threads:   one at a time.
class DirectoryBuilder {
 public:
  DirectoryBuilder(File& file, const ChunkLayout& layout, uint64_t chunk_sequence)
      : file_(file), layout_(layout), chunk_sequence_(chunk_sequence) {}
  // kInvalidArgument for an index outside the directory or an extent range outside the chunk,
  // kFailedPrecondition if the chunk is sealed.
  Status Write(uint32_t entry_index, const BlockDirEntry& entry);
  void set_sealed() { sealed_ = true; }

 private:
  File& file_;
  const ChunkLayout layout_;
  const uint64_t chunk_sequence_;
  bool sealed_ = false;
};

}  // namespace xtdb
