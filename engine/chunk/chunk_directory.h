#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/format/chunk_format.h"

namespace xtdb {

// The entries of a chunk's directory in memory, by number and in the order of its order array:
// blocks of one tag by tag and start, then MIXED ones.
//
// Threads: none of its own. Entries stay where they are while others come.
class ChunkDirectory {
 public:
  struct Found {
    const BlockDirEntry* entry = nullptr;
    uint32_t number = 0;
  };
  struct Query {
    TagId tag = kNoTag;
    int64_t ts_from_us = kTsMin;
    int64_t ts_to_us = kTsMax;
    LSN lsn = kMaxLsn;  // of the snapshot
    // Every entry is seen at `lsn`.
    bool sees_all = true;
  };

  size_t size() const { return entries_.size(); }
  // In the order of their arrival.
  const std::deque<BlockDirEntry>& entries() const { return entries_; }
  uint32_t next_free_extent() const;
  // nullptr: there is none of that number.
  const BlockDirEntry* Find(uint32_t number) const;
  // By number.
  std::vector<Found> All() const;
  // Appends the blocks that may hold points of the tag in the range: its own by start, then MIXED
  // ones. Returns how many of such that the snapshot sees were not taken for their time.
  uint32_t FindBlocks(const Query& query, std::vector<Found>& out) const;

  // Not in order yet: Sort, or InsertLast. kCorruption if its extents are not in the chunk or are
  // those of another block. All memory is taken first.
  Status Append(uint32_t number, const BlockDirEntry& entry, const ChunkLayout& layout);
  void Sort();
  void InsertLast();  // the entry that was appended, where all others are in order
  void RemoveLast(uint32_t number) noexcept;
  void Clear();

  ChunkSummary Summarize() const;
  // Directory and order array as a sealed chunk has them on disk.
  std::vector<std::byte> Image(const ChunkLayout& layout) const;
  size_t MemoryBytes() const;

 private:
  // By (tag, start, through LSN, number), MIXED ones behind the others.
  bool Before(uint16_t a, uint16_t b) const;
  bool IsMixed(uint16_t position) const { return entries_[position].kind == BlockKind::kMixed; }
  std::vector<uint16_t>::const_iterator ByNumber(uint32_t number) const;
  std::pair<size_t, size_t> PlacesOf(TagId tag) const;  // [first, last) in order_ of its own
  void ExtendReach(size_t first, size_t last);
  void FindMixed(const Query& query, uint32_t& seen, std::vector<Found>& out) const;

  std::deque<BlockDirEntry> entries_;  // stable addresses, in the order of their arrival
  std::vector<uint16_t> numbers_;      // of entries_[i]
  std::vector<uint16_t> by_number_;    // positions in entries_, by number
  std::vector<uint16_t> order_;        // positions in entries_, as Before() has them
  size_t first_mixed_ = 0;             // place in order_: how many are not MIXED
  // Of the tag's blocks up to order_[i] the largest end, of MIXED ones the largest tag: rises
  // within a tag, so the first block that can meet a range is found by binary search though blocks
  // may overlap.
  std::vector<int64_t> reach_;
};

// Adds an entry to what a summary says of the others.
void CountInSummary(uint32_t number, const BlockDirEntry& entry, ChunkSummary& summary) noexcept;

}  // namespace xtdb
