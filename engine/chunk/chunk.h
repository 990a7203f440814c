#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/chunk_directory.h"
#include "engine/chunk/directory_budget.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/chunk/sealed_directory.h"
#include "engine/format/block_format.h"
#include "engine/format/chunk_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// A block as a plan names it.
struct BlockRef {
  std::shared_ptr<const BlockDirEntry> entry;
  uint32_t entry_index = 0;
  class Chunk* chunk = nullptr;
  int64_t first_visible_us = kTsMin;  // its points before it are hidden
  // Of a transaction that has not committed: its place may be another block's once this is true.
  const std::atomic<bool>* is_rolled_back = nullptr;
};

// A chunk in memory: its layout, summary and, where much of it is asked for, its directory. A few
// blocks of a sealed chunk are looked for on disk, in place; many have its directory read, which
// stays as long as `budget` lets it. That of the open chunk grows with each flush.
//
// Ownership: borrows `file` and `budget`; shared by snapshots.
// Threads:   any; AddEntry from the flusher only.
class Chunk {
 public:
  // A chunk whose directory stands in the container; nothing is read yet. Without a budget what is
  // read stays.
  Chunk(File& file, const ChunkLayout& layout, const ChunkHeader& header, ChunkState state,
        const ChunkSummary& summary, DirectoryBudget* budget = nullptr);
  ~Chunk();
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  const ChunkLayout& layout() const { return layout_; }
  const ChunkHeader& header() const { return header_; }
  ChunkState state() const { return state_.load(); }
  void set_state(ChunkState state);
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
  // No point of the tag is later; kTsMax: that is not known.
  int64_t LatestTs(TagId tag) const;
  // What was found wrong when the directory was read, though every block could be found without it;
  // told once. Empty: nothing, or told.
  std::string TakeDamage();

  // Publishes an entry; loads the directory if need be. One that stands there already with the same
  // through_lsn and tag stays (replay); a different one, or one that claims extents of another, is
  // kCorruption. kFailedPrecondition for a new entry of a sealed chunk without damage.
  Status AddEntry(uint32_t entry_index, const BlockDirEntry& entry);

  // Takes back the entry that AddEntry published last, which nobody has seen.
  void RemoveLastEntry(uint32_t entry_index) noexcept;

  // For DirectoryBudget: lets go of a directory that can be read again.
  void Unload();
  bool is_loaded() const;

  // Appends the blocks seen by a snapshot at `lsn` that may hold points of `tag` in [ts_from,
  // ts_to]: those of the tag by start ts, then MIXED ones whose tags lie about it. Returns how many
  // of such blocks that the snapshot sees were not taken for their time. kCorruption while entries
  // are damaged: a block that is not found would be points silently missing.
  Result<uint32_t> FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn,
                              std::vector<BlockRef>& out);
  // Every block seen at `lsn`, by entry number.
  Result<std::vector<BlockRef>> AllBlocks(LSN lsn);
  // The data extent behind the last one that an entry claims.
  uint32_t next_free_extent() const;
  // Directory and order array as a sealed chunk has them on disk.
  Result<std::vector<std::byte>> DirectoryImage();

 private:
  using DirectoryPtr = std::shared_ptr<ChunkDirectory>;
  // The directory, which is read if need be; it may grow while the caller has it, if the chunk is
  // not sealed: entries stay where they are, all else is guarded by mutex_.
  Result<DirectoryPtr> Loaded();
  void NoteUse(size_t bytes);
  bool KnowsItsExtents() const;  // caller holds mutex_
  // FindBlocks where the directory is in memory. Caller holds mutex_.
  Result<uint32_t> FindIn(const DirectoryPtr& directory, ChunkDirectory::Query query,
                          std::vector<BlockRef>& out);
  // What the directory on disk says; nothing: too much of it would be read, or it is damaged.
  std::optional<uint32_t> FindInPlace(const ChunkDirectory::Query& query,
                                      std::vector<BlockRef>& out);
  std::shared_ptr<const SealedDirectory> InPlace();
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
  static ChunkSummary Everywhere();
  Status LoadLocked(uint32_t extents, bool tolerate_damaged);
  void Clear();
  // Checks the chunk's directory as read, as far as it is for extents below `extents`.
  Status DecodeDirectory(std::span<const std::byte> directory, uint32_t extents,
                         bool tolerate_damaged);
  Status CheckSeal(std::span<const std::byte> image) const;
  // To directory_, which is not in order then, and summary_.
  Status Append(uint32_t entry_index, const BlockDirEntry& entry);
  std::string Where() const;

  File& file_;
  const ChunkLayout layout_;
  const ChunkHeader header_;
  DirectoryBudget* const budget_;
  std::atomic<ChunkState> state_;
  mutable std::shared_mutex mutex_;
  // All guarded by mutex_.
  ChunkSummary summary_;
  DirectoryPtr directory_;                           // null: not in memory
  std::shared_ptr<const SealedDirectory> in_place_;  // null: not looked into yet
  bool was_rescued_ = false;                         // by the heads of its blocks
  uint32_t missing_entries_ = 0;
  ChunkSummary missing_in_ = Everywhere();  // where missing and damaged entries' points may be
  std::string damage_;                      // for TakeDamage
  std::atomic<bool> has_damage_{false};
  std::atomic<uint32_t> reads_in_place_{0};
  std::set<uint32_t> damaged_entries_;  // numbers; a replayed flush may still bring them
};

}  // namespace xtdb
