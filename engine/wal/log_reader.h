#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/log_format.h"
#include "engine/io/file_system.h"
#include "engine/wal/segment_ring.h"

namespace xtdb {

// One record as the log holds it.
struct LogRecord {
  LSN lsn = kNoLsn;      // of its first frame
  LSN end_lsn = kNoLsn;  // where the next frame may begin
  FrameType type = FrameType::kPoints;
  LSN transaction = kNoLsn;
  std::span<const std::byte> payload;  // valid during the callback
};
using ReplayFn = std::function<Status(const LogRecord&)>;

// What a log's end looked like at replay.
struct ReplayEnd {
  LSN end_lsn = kNoLsn;  // where appending goes on
  bool tail_was_cut =
      false;               // bytes that are no intact frame stood there: a crash's ordinary trace
  uint64_t max_epoch = 0;  // of the intact frames, those behind the end included
};

// Reads a log's frames and judges where it ends. Holds at most one window of the file and one
// record.
//
// Ownership: borrows `file`.
// Threads:   one at a time; the file must not be written meanwhile.
class LogReader {
 public:
  // Reads the log header and every segment header.
  // kCorruption if the log belongs to another container; kUnsupported if its version is unknown.
  static Result<LogReader> Create(File& file, const Uuid& container_uuid);

  // Where replay stands, between two frames. prev_crc32 is unknown before the first one.
  struct Cursor {
    LSN position = kNoLsn;
    uint64_t epoch = 0;
    std::optional<uint32_t> prev_crc32;
  };
  // Gives each record from `cursor` up to `until`, where a record is known to end, and moves
  // `cursor` there. Meanwhile the log may be appended to behind `until`. kCorruption, naming the
  // place, if a frame before it cannot be read.
  Status Follow(Cursor& cursor, LSN until, const ReplayFn& replay);
  // The segment headers again: a writer may have begun segments since.
  Status RefreshRing();

  // Gives each intact record from `checkpoint_lsn` on to `replay`, in order, and finds the end.
  // kCorruption if the log does not hold that place, or if a frame behind the end says that it was
  // synced; an error of `replay` is returned as it is.
  Result<ReplayEnd> Replay(LSN checkpoint_lsn, const ReplayFn& replay);

  const LogHeader& header() const { return header_; }
  LogGeometry geometry() const { return {header_.segment_size_bytes}; }
  const SegmentRing& ring() const { return ring_; }
  // File offsets of frame headers behind the end that a crash left: intact ones and what stands at
  // the end itself. Whoever appends erases them first (docs/format-log.md, "The end").
  const std::vector<uint64_t>& leftovers() const { return leftovers_; }
  // CRC of the last frame before the end; 0 where nothing was replayed.
  uint32_t end_crc32() const { return end_crc32_; }

 private:
  struct Frame {
    FrameHeader header;
    std::span<const std::byte> payload;  // valid until the next read
    LSN end_lsn = kNoLsn;
  };
  struct OpenRecord {
    LSN first_lsn = kNoLsn;
    FrameType type = FrameType::kPoints;
    LSN transaction = kNoLsn;
    bool open = false;
  };

  LogReader(File& file, const LogHeader& header, uint64_t file_size)
      : file_(&file), header_(header), file_size_(file_size) {}
  Status ReadSegmentHeaders();
  Status CheckStart(LSN checkpoint_lsn) const;
  // Bytes [offset, offset + size) of the file; what is behind its end reads as zeros.
  Result<std::span<const std::byte>> View(uint64_t offset, uint64_t size, uint64_t limit);
  // The intact frame at file offset `offset`, whose segment ends at `limit`; whose LSN is whatever
  // its header says.
  Result<std::optional<Frame>> FrameAt(uint64_t offset, uint64_t limit);
  Result<std::optional<Frame>> FrameAt(LSN lsn);
  Result<std::optional<Frame>> NextFrame(const Cursor& cursor);
  bool Continues(const Frame& frame, LSN lsn, const Cursor& cursor) const;
  Status TakeFrame(const Frame& frame, OpenRecord& record, const ReplayFn& replay);
  Status FindEnd(const Cursor& cursor, const OpenRecord& record, ReplayEnd& end);
  Status ScanPlace(uint32_t index, const Cursor& cursor, ReplayEnd& end);
  Status JudgeLater(const FrameHeader& frame, const Cursor& cursor, ReplayEnd& end) const;
  Result<bool> LooksBegun(const Cursor& cursor);
  // "PATH, segment 7, offset 81984 (LSN 458816)"
  std::string Where(LSN lsn) const;

  File* file_;
  LogHeader header_;
  uint64_t file_size_;
  SegmentRing ring_;
  std::vector<std::byte> window_;
  uint64_t window_offset_ = 0;
  uint64_t read_ahead_end_ = 0;    // file offset; 0: as far as the window and the segment go
  std::vector<std::byte> record_;  // payload of a record of several frames
  std::vector<uint64_t> leftovers_;
  uint32_t end_crc32_ = 0;
};

}  // namespace xtdb
