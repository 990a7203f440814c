#pragma once

#include "engine/base/status.h"
#include "engine/chunk/chunk.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/chunk/state_mutator.h"
#include "engine/io/file_system.h"

namespace xtdb {

// Finishes a chunk for ever: order array, SuperCRC over directory and order array, seal record,
// sync, then the state word, sync. A crash between any two of them leaves a chunk that is sealed
// again.
//
// Ownership: borrows `file` and `mutator`.
// Threads:   one at a time.
class ChunkSealer {
 public:
  ChunkSealer(File& file, StateMutator& mutator) : file_(file), mutator_(mutator) {}
  // A chunk that is SEALED on disk and not in memory is sealed again (recovery: what a failed sync
  // has lost may still read back). kFailedPrecondition if it is sealed in memory ("double seal") or
  // not allocated; kCorruption if the directory on disk is not what `chunk` holds in memory.
  Result<ChunkSummary> Seal(Chunk& chunk);
  // For recovery: writes and syncs it all once more for a chunk that is SEALED on disk and not yet
  // in a checkpoint, since what a failed sync has lost may still read back.
  Result<ChunkSummary> SealAgain(Chunk& chunk);
  // kCorruption if directory or order array do not match the seal record's SuperCRC.
  Result<SealRecord> Verify(const ChunkLayout& layout);

 private:
  Result<ChunkSummary> WriteSeal(Chunk& chunk);
  Result<ChunkSummary> Finish(Chunk& chunk, const ChunkSummary& summary);
  File& file_;
  StateMutator& mutator_;
};

}  // namespace xtdb
