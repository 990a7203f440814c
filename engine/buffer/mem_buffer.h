#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/types.h"
#include "engine/buffer/tag_buffer.h"

namespace xtdb {

// Committed points that are in the log and not yet in a block, per tag; and those that are in a
// block which a living snapshot does not see yet.
//
// Threads: readers and Reclaim from any; Prepare, Unprepare, Append, Retire and Collect from the
// holder of WRITER.
class MemBuffer {
 public:
  // Takes the memory that Append of as many rows and text bytes will need. Append or Unprepare
  // comes before the next Prepare of the tag. May throw std::bad_alloc; then Unprepare, too.
  void Prepare(TagId tag, const PointColumns& rows);
  // The prepared rows will not come; does nothing if none were prepared.
  void Unprepare(TagId tag) noexcept;
  // Adds rows that a commit at `lsn` made; their frames begin at `first_frame_lsn`. Does not
  // allocate after a Prepare of the same rows.
  void Append(TagId tag, const PointColumns& rows, LSN lsn, LSN first_frame_lsn) noexcept;
  // The same in pairs for rows that are of no more use to the caller: many are not copied. Both get
  // the same rows, in the same memory.
  void PrepareTake(TagId tag, const PointColumns& rows);
  void Take(TagId tag, PointColumns&& rows, LSN lsn, LSN first_frame_lsn) noexcept;

  // Appends what a snapshot at `lsn` sees of the tag's points in [ts_from, ts_to], oldest run
  // first.
  void RunsAt(TagId tag, LSN lsn, int64_t ts_from, int64_t ts_to,
              std::vector<MemoryRun>& out) const;

  // All unflushed points of the tag, sorted, of equal times the last; as values of `type`.
  PointColumns Collect(TagId tag, ValueType type) const;
  // The tag's unflushed points are in blocks that snapshots from `flush_lsn` on see.
  void Retire(TagId tag, LSN flush_lsn);
  // Drops what no snapshot sees any more, nor one that is taken meanwhile.
  void Reclaim(const SnapshotSet& snapshots);

  struct TagUsage {
    TagId tag = kNoTag;
    size_t bytes = 0;
    LSN first_frame_lsn = kNoLsn;  // the oldest frame that replay needs for this tag
  };
  std::vector<TagUsage> Usage() const;  // of tags with unflushed points, largest first
  size_t bytes() const;                 // unflushed
  size_t retired_bytes() const;         // held for snapshots only
  uint64_t point_count() const;         // unflushed rows
  LSN oldest_frame_lsn() const;         // kMaxLsn if nothing is buffered
  // Of the tag's rows in memory, those held for snapshots included; INT64_MIN if there are none.
  int64_t LastTs(TagId tag) const;

 private:
  template <typename Body>
  void ChangeBuffer(TagId tag, const Body& body);

  mutable std::shared_mutex mutex_;
  std::unordered_map<TagId, TagBuffer> tags_;
  std::vector<TagId> tags_with_retired_;
  size_t bytes_ = 0;
  size_t retired_bytes_ = 0;
  uint64_t point_count_ = 0;
};

}  // namespace xtdb
