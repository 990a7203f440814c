#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/types.h"

namespace xtdb {

// Points of one tag in memory, ts strictly increasing: to a merge the same as a block.
struct MemoryRun {
  std::shared_ptr<const PointColumns> columns;
  // Of two points of one (tag, ts) that of the larger rank counts. A block's rank is its
  // through_lsn, a buffer's the LSN of its commits, own staging's kMaxLsn.
  LSN rank = kNoLsn;
};

// The snapshots that there are, and those that may come.
struct SnapshotSet {
  std::vector<LSN> live;  // ascending
  // Those that were taken since this was made, and later ones, are at this LSN or a later one.
  LSN coming_from = kMaxLsn;

  // Whether one of them is in [first, end).
  bool MayHaveAny(LSN first, LSN end) const;
};

// The buffer of one tag: segments of rows in order of commit. Each commit lies in one segment.
// Threads: none of its own; MemBuffer locks.
class TagBuffer {
 public:
  static constexpr size_t kSegmentRows = 4096;
  static constexpr size_t kSegmentTextBytes = 1024 * 1024;

  TagBuffer();

  void Prepare(const PointColumns& rows);
  void Unprepare() noexcept;
  void Append(const PointColumns& rows, LSN lsn, LSN first_frame_lsn) noexcept;
  // Rows that fill a segment become one as they are, the others are copied.
  void PrepareTake(const PointColumns& rows);
  void Take(PointColumns&& rows, LSN lsn, LSN first_frame_lsn) noexcept;
  void RunsAt(LSN lsn, int64_t ts_from, int64_t ts_to, std::vector<MemoryRun>& out) const;
  PointColumns Collect(ValueType type) const;
  void Retire(LSN flush_lsn);
  void Reclaim(const SnapshotSet& snapshots);

  bool HasRetired() const { return !retired_.empty(); }
  bool HasRows() const { return row_count_ != 0; }
  bool HoldsNothing() const { return segments_.empty() && retired_.empty(); }
  size_t row_count() const { return row_count_; }
  size_t bytes() const { return bytes_; }
  size_t retired_bytes() const;
  LSN first_frame_lsn() const { return first_frame_lsn_; }
  int64_t last_ts() const { return last_ts_; }

 private:
  struct CommitMark {
    LSN lsn;
    uint32_t end_row;
  };
  struct Segment {
    PointColumns columns;
    std::vector<CommitMark> marks;  // increasing lsn and end_row
    size_t bytes = 0;               // by capacity, also of rows that are to come
    bool increasing = true;         // ts strictly increasing over all rows
    int64_t ts_min = 0;
    int64_t ts_max = 0;
  };
  // Seen by snapshots from the first commit in it to the flush, that one left out.
  struct Retired {
    LSN first_lsn;
    LSN flush_lsn;
    std::vector<std::shared_ptr<Segment>> segments;
  };
  bool TailTakes(const PointColumns& rows) const;
  static bool BecomesSegment(const PointColumns& rows);
  void AddSegment(std::shared_ptr<Segment> segment);
  // Rows of the last segment from `begin` on are new.
  void NoteAppended(size_t begin, LSN lsn, LSN first_frame_lsn) noexcept;
  static void MakeRoom(Segment& segment, const PointColumns& rows);
  static void RunsOf(const std::vector<std::shared_ptr<Segment>>& segments, LSN lsn,
                     int64_t ts_from, int64_t ts_to, std::vector<MemoryRun>& out);

  // Only the last may be without rows, between Prepare and Append.
  std::vector<std::shared_ptr<Segment>> segments_;
  std::vector<Retired> retired_;
  size_t row_count_ = 0;
  size_t bytes_ = 0;  // of segments_, by capacity
  LSN first_frame_lsn_ = kMaxLsn;
  int64_t last_ts_;
};

}  // namespace xtdb
