#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/format/chunk_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// A block as a plan names it. `entry` lives as long as its chunk.
struct BlockRef {
  const BlockDirEntry* entry = nullptr;
  uint32_t entry_index = 0;
  class Chunk* chunk = nullptr;
};

// A chunk in memory: its layout, summary and, once asked for, its directory. The directory of a sealed
// chunk is read at first use; that of the open chunk grows with each flush.
//
// Ownership: borrows `file`; shared by snapshots.
// Threads:   any; AddEntry from the flusher only.
class Chunk {
 public:
  // A chunk whose directory stands in the container; nothing is read yet.
  Chunk(File& file, const ChunkLayout& layout, const ChunkHeader& header, ChunkState state,
        const ChunkSummary& summary);

  const ChunkLayout& layout() const { return layout_; }
  const ChunkHeader& header() const { return header_; }
  ChunkState state() const { return state_.load(); }
  void set_state(ChunkState state) { state_.store(state); }
  // Of a sealed chunk what its seal record says; of the open one what its entries say.
  ChunkSummary summary() const;

  // A chunk just allocated, whose directory is known to be empty.
  void StartEmpty();
  // Reads and checks the directory (and, of a sealed chunk, the SuperCRC and order array) unless it is
  // in memory already. `tolerate_damaged`: entries with a bad CRC count as unwritten (recovery: the log
  // has them again) and are counted. kCorruption names chunk and entry.
  Status Load(bool tolerate_damaged = false);
  uint32_t damaged_entries() const;

  // Publishes an entry. An entry that stands there already with the same through_lsn and tag is
  // replaced by itself (replay); a different one is kCorruption.
  Status AddEntry(uint32_t entry_index, const BlockDirEntry& entry);

  // Appends the blocks of `tag` seen by a snapshot at `lsn` whose time range meets [ts_from, ts_to],
  // by start ts. Loads the directory if need be. Returns how many of the tag's blocks were not taken.
  Result<uint32_t> FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn,
                              std::vector<BlockRef>& out);
  // Every block seen at `lsn`, by entry number.
  Result<std::vector<BlockRef>> AllBlocks(LSN lsn);
  // Largest through_lsn of `tag` in this chunk, kNoLsn if it has none here.
  Result<LSN> ThroughLsn(TagId tag);
  // First data extent that no entry claims.
  uint32_t next_free_extent() const;

 private:
  struct Directory;
  File& file_;
  const ChunkLayout layout_;
  const ChunkHeader header_;
  std::atomic<ChunkState> state_;
  mutable std::shared_mutex mutex_;
  ChunkSummary summary_;  // guarded by mutex_
  std::deque<BlockDirEntry> entries_;           // stable addresses; guarded by mutex_
  std::vector<uint16_t> order_;                 // into numbers_, by (tag, start); guarded by mutex_
  std::vector<uint32_t> entry_numbers_;         // of entries_[i]; guarded by mutex_
  bool loaded_ = false;                         // guarded by mutex_
  uint32_t damaged_entries_ = 0;                // guarded by mutex_
};

}  // namespace xtdb
