#pragma once

#include <string>
#include <vector>

#include "engine/storage_engine.h"

namespace xtdb {

// Reads every byte that a snapshot stands on and compares what is said twice: states, headers,
// directories and SuperCRCs, blocks, vectors, statistics against decoded data, tags against the
// dictionary, the chunk table against chunks, slots and extents against each other, the log up to
// what is known to be synced.
//
// Ownership: borrows both.
// Threads:   one; the engine goes on meanwhile.
class IntegrityChecker {
 public:
  // on_progress: called with "checking", of blocks
  IntegrityChecker(StorageEngine& engine, const ProgressFn& on_progress)
      : engine_(engine), on_progress_(on_progress) {}
  // Damage is in the report; an error is that of `on_progress`.
  Result<StorageEngine::CheckReport> Run();

 private:
  Status CheckWhatChanges();
  void CheckSuperblocks();
  void CheckCatalogue();
  void CheckCatalogChunk(const ChunkTableEntry& row);
  void CheckLog();
  void CheckSlots(const ChunkList& chunks);
  void CheckOpenDirectory(Chunk& chunk, const std::vector<BlockRef>& blocks);
  void CheckVector(const std::string& where, const LoadedBlock& block, size_t index,
                   const PointColumns& columns, size_t begin);
  Status CheckChunk(Chunk& chunk, LSN lsn);
  void CheckChunkHeader(Chunk& chunk);
  bool IsStepAhead(const Chunk& chunk, ChunkState on_disk) const;
  // Of chunks that no new snapshot sees: that their slots hold them still, or nothing.
  void CheckDropped();
  void CheckBlock(const BlockRef& block);
  void CheckRun(std::string where, LoadedBlock& block, const TagRun& run,
                const BlockDirEntry& entry);
  void CheckOverlap(Chunk& chunk, const std::vector<BlockRef>& blocks);
  void Problem(const std::string& where, const std::string& what);

  StorageEngine& engine_;
  const ProgressFn& on_progress_;
  uint64_t block_count_ = 0;  // to check
  std::shared_ptr<const Snapshot> snapshot_;
  StorageEngine::CheckReport report_;
};

}  // namespace xtdb
