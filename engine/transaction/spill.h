#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/types.h"
#include "engine/chunk/chunk.h"
#include "engine/wal/flush_record.h"

namespace xtdb {

// A moment in a transaction: what was staged before it. Larger is later.
using Mark = uint64_t;
inline constexpr Mark kMarkNow = UINT64_MAX;  // everything staged so far

// Marks that somebody may still roll back to or read at: rows staged before one and after it must
// stay apart, also when they leave memory.
class HeldMarks {
 public:
  void Add(Mark mark) { marks_.insert(mark); }
  void Remove(Mark mark) { marks_.erase(marks_.find(mark)); }
  std::vector<Mark> Distinct() const;  // rising

 private:
  std::multiset<Mark> marks_;
};

// Holds a mark as long as it lives. Threads: those of the transaction.
class MarkHold {
 public:
  MarkHold() = default;
  MarkHold(std::shared_ptr<HeldMarks> marks, Mark mark) : marks_(std::move(marks)), mark_(mark) {
    marks_->Add(mark);
  }
  ~MarkHold() {
    if (marks_) marks_->Remove(mark_);
  }
  MarkHold(MarkHold&& other) noexcept
      : marks_(std::exchange(other.marks_, nullptr)), mark_(other.mark_) {}
  MarkHold& operator=(MarkHold&& other) noexcept {
    std::swap(marks_, other.marks_);
    std::swap(mark_, other.mark_);
    return *this;
  }

 private:
  std::shared_ptr<HeldMarks> marks_;
  Mark mark_ = 0;
};

// What a transaction has written to blocks before it commits, because it is larger than its share
// of memory: rows of many tags, all staged after one held mark and before the next. No directory
// names these blocks until the commit, so that a crash or a rollback leaves nothing.
struct SpillGroup {
  struct Block {
    BlockDirEntry entry;
    uint32_t entry_index = 0;
    std::shared_ptr<Chunk> chunk;
  };
  std::optional<Mark> after;  // none: the first rows of the transaction
  Mark until = 0;             // nothing was staged after it
  std::vector<Block> blocks;  // those of one tag by tag, then MIXED ones
  std::vector<TagId> mixed_tags;
  uint64_t row_count = 0;
  std::shared_ptr<const std::atomic<bool>> is_rolled_back;  // the transaction: its place is free

  // Orders the blocks for FindBlocks.
  void Sort();
  // Appends those that may hold points of `tag` in [ts_from, ts_to]; they live as long as the
  // group.
  void FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, std::vector<BlockRef>& out) const;
  // Whether its blocks may hold points of the tag.
  bool MayHold(TagId tag) const;
};
using SpillGroups = std::vector<std::shared_ptr<const SpillGroup>>;  // in the order of writing

}  // namespace xtdb
