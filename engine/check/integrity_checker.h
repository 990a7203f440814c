#pragma once

#include <string>
#include <vector>

#include "engine/storage_engine.h"

namespace xtdb {

// Reads every byte that a snapshot stands on and compares what is said twice: states, headers,
// directories and SuperCRCs, blocks, vectors, statistics against decoded data, tags against the
// dictionary.
//
// Ownership: borrows `engine`.
// Threads:   one; the engine goes on meanwhile.
class IntegrityChecker {
 public:
  explicit IntegrityChecker(StorageEngine& engine) : engine_(engine) {}
  // Damage is in the report, not an error.
  Result<StorageEngine::CheckReport> Run();

 private:
  void CheckSuperblocks();
  void CheckChunk(Chunk& chunk, LSN lsn);
  void CheckChunkHeader(Chunk& chunk);
  void CheckBlock(const BlockRef& block);
  void CheckOverlap(Chunk& chunk, const std::vector<BlockRef>& blocks);
  void Problem(const std::string& where, const std::string& what);

  StorageEngine& engine_;
  StorageEngine::CheckReport report_;
};

}  // namespace xtdb
