#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>
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
  int64_t first_visible_us = kTsMin;  // its points before it are hidden
};

// A chunk in memory: its layout, summary and, once asked for, its directory. The directory of a
// sealed chunk is read at first use; that of the open chunk grows with each flush.
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
  // Reads and checks the directory (and, of a sealed chunk, seal record, SuperCRC and order array)
  // unless it is in memory already. kCorruption names chunk and entry.
  Status Load();
  // The same, of entries for extents below `extents` only; those that cannot be used count as
  // unwritten (the log may have them again) and are counted, and the seal is not checked.
  Status LoadBelow(uint32_t extents);
  uint32_t damaged_entries() const;
  // False while entries are damaged or could not be read: blocks may then stand anywhere.
  bool knows_its_extents() const;
  // For a chunk that is not sealed and whose directory is damaged or has less than the catalogue
  // says: takes blocks by their heads. False if that does not bring back all of `expected`; then
  // what lies in its time and tag range cannot be read, and its places count as used.
  bool RescueOrNoteMissing(const ChunkSummary& expected);
  // What was found wrong when the directory was read, though every block could be found without it;
  // told once. Empty: nothing, or told.
  std::string TakeDamage();

  // Publishes an entry; loads the directory if need be. One that stands there already with the same
  // through_lsn and tag stays (replay); a different one, or one that claims extents of another, is
  // kCorruption. kFailedPrecondition for a new entry of a sealed chunk without damage.
  Status AddEntry(uint32_t entry_index, const BlockDirEntry& entry);

  // Takes back the entry that AddEntry published last, which nobody has seen.
  void RemoveLastEntry(uint32_t entry_index) noexcept;

  // Appends the blocks seen by a snapshot at `lsn` that may hold points of `tag` in [ts_from,
  // ts_to]: those of the tag by start ts, then MIXED ones whose tags lie about it. Loads the
  // directory if need be. Returns how many of such blocks that the snapshot sees were not taken for
  // their time. kCorruption while entries are damaged: a block that is not found would be points
  // silently missing.
  Result<uint32_t> FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn,
                              std::vector<BlockRef>& out);
  // Every block seen at `lsn`, by entry number.
  Result<std::vector<BlockRef>> AllBlocks(LSN lsn);
  // The data extent behind the last one that an entry claims.
  uint32_t next_free_extent() const;
  // Directory and order array as a sealed chunk has them on disk.
  Result<std::vector<std::byte>> DirectoryImage();

 private:
  Status EnsureLoaded();
  // Whether what is missing may hold points of the tag and time. Caller holds mutex_.
  Status CheckUndamaged(TagId tag_min, TagId tag_max, int64_t ts_from, int64_t ts_to) const;
  bool IsElsewhere(TagId tag, int64_t ts_from, int64_t ts_to) const;
  // A sealed chunk whose directory is damaged as `why` says: by the heads of its blocks, if they
  // are all there.
  Status LoadByHeads(std::span<const std::byte> image, const ChunkSummary& recorded,
                     const Status& why);
  // Entries for damaged places, and then for blocks that none names, made of the blocks. Returns
  // whether all of `expected` is there.
  bool Rescue(const ChunkSummary& expected);
  Result<BlockDirEntry> EntryFromBlock(uint32_t extent) const;
  bool HasAllOf(const ChunkSummary& expected) const;
  void SortEntries();
  static ChunkSummary Everywhere();
  Status LoadLocked(uint32_t extents, bool tolerate_damaged);
  void Clear();
  // Checks the chunk's directory as read, as far as it is for extents below `extents`.
  Status DecodeDirectory(std::span<const std::byte> directory, uint32_t extents,
                         bool tolerate_damaged);
  Status CheckSeal(std::span<const std::byte> image) const;
  // Appends to entries_, by_number_ and summary_; order_ and reach_ are up to the caller.
  Status Append(uint32_t entry_index, const BlockDirEntry& entry);
  void CountInSummary(uint32_t entry_index, const BlockDirEntry& entry) noexcept;
  void InsertInOrder(uint16_t position);
  // By (tag, start, through LSN, number), MIXED ones behind the others.
  bool Before(uint16_t a, uint16_t b) const;
  bool IsMixed(uint16_t position) const { return entries_[position].kind == BlockKind::kMixed; }
  size_t FirstMixed() const;  // place in order_
  void ExtendReach(size_t first, size_t last);
  void FindMixed(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn, uint32_t& seen,
                 std::vector<BlockRef>& out);
  std::vector<std::byte> ImageLocked() const;
  // [first, last) places in order_ of `tag`'s own blocks.
  std::pair<size_t, size_t> PlacesOf(TagId tag) const;
  std::string Where() const;

  File& file_;
  const ChunkLayout layout_;
  const ChunkHeader header_;
  std::atomic<ChunkState> state_;
  mutable std::shared_mutex mutex_;
  // All guarded by mutex_.
  ChunkSummary summary_;
  std::deque<BlockDirEntry> entries_;    // stable addresses, in the order of their arrival
  std::vector<uint16_t> entry_numbers_;  // of entries_[i]
  std::vector<uint16_t> by_number_;      // positions in entries_, by entry number
  std::vector<uint16_t> order_;          // positions in entries_, as Before() has them
  // Of the tag's blocks up to order_[i] the largest end, of MIXED ones the largest tag: rises
  // within a tag, so the first block that can meet a range is found by binary search though blocks
  // may overlap.
  std::vector<int64_t> reach_;
  bool loaded_ = false;
  uint32_t missing_entries_ = 0;
  ChunkSummary missing_in_ = Everywhere();  // where missing and damaged entries' points may be
  std::string damage_;                      // for TakeDamage
  std::atomic<bool> has_damage_{false};
  std::set<uint32_t> damaged_entries_;  // numbers; a replayed flush may still bring them
};

}  // namespace xtdb
