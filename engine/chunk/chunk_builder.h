#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/status.h"
#include "engine/block/encoded_block.h"
#include "engine/chunk/chunk.h"
#include "engine/chunk/state_mutator.h"
#include "engine/io/aligned_io.h"
#include "engine/io/file_system.h"

namespace xtdb {

// Makes `layout`'s slot that of a new chunk, ALLOCATED: its header extent and directory start from
// zeros, whatever stood there. Not synced.
Status WriteChunkHeader(File& file, StateMutator& mutator, const ChunkHeader& header,
                        const ChunkLayout& layout);

// Writes one COMPACT chunk into a slot that nobody else uses: blocks first, then directory and
// header. It counts once a COMPACT record names it.
//
// Ownership: borrows both files.
// Threads:   one at a time.
class ChunkBuilder {
 public:
  // file: what the chunk reads; output: the same or another open file of it, to be written
  // budget: of the chunk's directory, once it is sealed
  ChunkBuilder(File& file, File& output, const ChunkLayout& layout, const ChunkHeader& header,
               DirectoryBudget* budget)
      : file_(file),
        output_(output),
        io_(output),
        layout_(layout),
        header_(header),
        budget_(budget) {}

  // The slot's old content goes, as far as the file has it.
  Status Begin();
  bool HasRoom(uint32_t extents) const { return extents <= layout_.entry_count - next_extent_; }
  // Precondition: HasRoom. kResourceExhausted if the disk is full.
  Status Add(EncodedBlock& block);
  // Everything is on the disk afterwards. Precondition: a block was added.
  Result<std::shared_ptr<Chunk>> Finish();

 private:
  Status Allocate(uint64_t end);

  File& file_;
  File& output_;
  AlignedIO io_;
  const ChunkLayout layout_;
  const ChunkHeader header_;
  DirectoryBudget* const budget_;
  std::shared_ptr<Chunk> chunk_;
  uint32_t next_extent_ = 0;
  uint64_t allocated_end_ = 0;
};

}  // namespace xtdb
