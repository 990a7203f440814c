#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/block/block_reader.h"
#include "engine/chunk/chunk.h"

namespace xtdb {

// The points of one tag in several blocks, by time; of equal times that of the latest flush. Vector
// by vector, so that a tag of any size takes the memory of its overlaps.
//
// Threads: one at a time.
class PointMerge {
 public:
  // A block of the tag; `loaded` is shared by the tags of a MIXED block.
  struct Source {
    const BlockDirEntry* entry = nullptr;
    std::shared_ptr<LoadedBlock> loaded;
    int64_t first_visible_us = kTsMin;  // earlier points are left out
  };
  // type: of the rows that come out; blocks of integers are widened to it.
  PointMerge(TagId tag, ValueType type, std::vector<Source> sources);
  // Appends rows until `out` has `rows`, or nothing is left.
  Status Read(size_t rows, PointColumns& out);
  bool done() const { return heap_.empty(); }

 private:
  struct Cursor {
    Source source;
    size_t next_vector = 0;
    PointColumns rows;    // of the vector before it
    size_t at = 0;        // in rows
    int64_t next_ts = 0;  // of row `at`; nothing earlier comes, where it is not read yet
    bool is_read() const { return at < rows.size(); }
  };
  // Whether `a` comes behind `b`. Of equal times what is not read yet goes first, then the later
  // flush: the others are then replaced.
  static bool IsBehind(const Cursor* a, const Cursor* b);
  Result<bool> ReadOn(Cursor& cursor) const;  // false: it has ended
  void PushBack(Cursor* cursor);
  size_t RowsToTake(const Cursor& cursor, size_t limit) const;

  const TagId tag_;
  const ValueType type_;
  std::vector<Cursor> cursors_;
  std::vector<Cursor*> heap_;
  bool has_last_ = false;
  int64_t last_ts_ = 0;  // of the last row handed out
};

}  // namespace xtdb
