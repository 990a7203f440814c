#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/log_format.h"
#include "engine/io/file_system.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/segment_ring.h"

namespace xtdb {

struct WALOptions {
  uint64_t segment_size_bytes = 4 * kMiB;
  uint32_t reserve_segments =
      1;  // kept allocated and unused, for ABORT, FLUSH, DROP and checkpoint
  // With synchronous=normal: log bytes that may be written and not synced when a commit returns. At
  // half of it the sync in the background begins at once, at all of it the commit waits for that.
  uint64_t unsynced_bytes_max = 8 * kMiB;
};

// The write-ahead log: segments of one file used in rotation; byte layout in docs/format-log.md.
// A record is replayed whole or not at all, and only behind intact ones. Bytes once synced never
// change: a later append only adds behind them, so a torn write cannot hurt acknowledged points.
//
// Ownership: borrows `fs`, which must outlive the log.
// Threads:   Append, Sync and Release from one thread at a time (the holder of WRITER); the LSN
//            getters from any.
// Errors:    the first kIoError of a write or sync is sticky: every later Append and Sync returns
// it.
//            After a failed fsync the kernel may have dropped the dirty pages, so trying again
//            would lie. kResourceExhausted (no room for another segment) is not sticky: nothing was
//            written.
class RotatingWAL {
 public:
  // Creates the log at `path` (which must not exist); the first frame gets `start_lsn` rounded up
  // to a segment's first frame place. Header and first segment are synced, and so is the directory.
  static Result<std::unique_ptr<RotatingWAL>> Create(FileSystem& fs, const std::string& path,
                                                     const Uuid& container_uuid, uint64_t epoch,
                                                     LSN start_lsn, const WALOptions& options);

  // Joins a log that another process may be writing: gives each record from `checkpoint_lsn` up to
  // `settled_lsn` to `replay`, and goes on from there by Follow. Changes nothing. kCorruption as
  // LogReader::Follow says.
  static Result<std::unique_ptr<RotatingWAL>> Join(FileSystem& fs, const std::string& path,
                                                   const Uuid& container_uuid, LSN checkpoint_lsn,
                                                   LSN settled_lsn, const WALOptions& options,
                                                   bool read_only, const ReplayFn& replay);
  // Gives what other processes have appended up to `settled_lsn` to `replay`; the end is then
  // there. After an error the object is good for nothing but its end.
  Status Follow(LSN settled_lsn, const ReplayFn& replay);
  // This process writes now, behind what Follow has read: learns the segments that others began.
  // None is reused before Release says that nobody reads it.
  Status TakeOver(uint64_t epoch, LSN durable_lsn);
  // A sync has failed, so what was synced beyond `lsn` later may still not be on the disk; no frame
  // claims that it is.
  void DistrustSyncsBeyond(LSN lsn);
  // The next frame is the first of another segment, so that no append goes behind bytes whose sync
  // has failed. A reader gets there only by a checkpoint at the new end.
  Status SkipToNewSegment();

  // Opens an existing log and gives each intact record from `checkpoint_lsn` (which must be the
  // place of a frame, or the log's end) on to `replay`, in order. The log ends at the first frame
  // that is damaged or missing. If a frame behind that place names it as durable, it is not a
  // crash's trace: kCorruption with the file, segment and byte offset. kCorruption too if the log
  // belongs to another container (names both files), begins after checkpoint_lsn or ends before
  // durable_lsn, up to which it is known to have been synced. read_only:
  // nothing is written; Append and Sync are then kFailedPrecondition. Unless read_only, what was
  // replayed is synced before Open returns. No segment is reused before Release says that nobody
  // reads it.
  static Result<std::unique_ptr<RotatingWAL>> Open(FileSystem& fs, const std::string& path,
                                                   const Uuid& container_uuid, LSN checkpoint_lsn,
                                                   LSN durable_lsn, const WALOptions& options,
                                                   bool read_only, const ReplayFn& replay,
                                                   ReplayEnd* end);
  // Frames from now on carry it; not less than any in the log (XTDB_CHECKed: a reader would take
  // the frames for stale ones). Due once after Open: appending before is kFailedPrecondition.
  void BeginEpoch(uint64_t epoch);
  // Of the frame before the end, where nothing was replayed that told it: others who read on from
  // there know it.
  void LearnLastCrc(uint32_t crc32) {
    if (prev_crc32_ == 0) prev_crc32_ = crc32;
  }
  bool has_epoch() const { return epoch_ != 0; }
  uint64_t epoch_min() const { return epoch_min_; }

  // Makes sure that records of `payload_bytes` in `record_count` records can be appended without
  // taking more space. kResourceExhausted if the disk is full; then nothing has changed. Holds
  // until the next append.
  Status Reserve(uint64_t payload_bytes, uint32_t record_count);

  struct Entry {
    FrameType type;
    std::span<const std::byte> payload;
  };
  // Appends records in one batch of writes. Returns the LSN of each record's first frame into
  // `lsns` (may be empty, or one place for each). transaction: 0 none; kNewTransaction: the first
  // record's own LSN. Not durable until Sync(). Batches of kAbort, kFlush, kCompact and kDrop
  // alone may take the reserve. kInvalidArgument: no entries, or a transaction that lies ahead;
  // kTooBig: > kRecordBytesMax.
  static constexpr LSN kNewTransaction = kMaxLsn;
  Result<LSN> BatchAppend(std::span<const Entry> entries, LSN transaction,
                          std::vector<LSN>* lsns = nullptr);  // returns the LSN of the last record
  // On OK, every record appended so far survives power loss.
  Status Sync();
  // Promises that no frame below `lsn` will be asked for again: whole segments before it are
  // reused.
  void Release(LSN lsn);

  LSN end_lsn() const;      // where the next frame will begin (the next record's LSN)
  LSN durable_lsn() const;  // every frame below it is synced
  uint32_t last_crc32() const { return prev_crc32_; }  // of the frame before the end; by the writer
  uint64_t live_bytes() const;  // from the oldest unreleased segment to the end
  uint64_t file_bytes() const;
  LSN released_lsn() const { return released_lsn_; }  // by the writer
  uint32_t segment_count() const;                     // places in the file
  uint64_t sync_count() const { return sync_count_; }
  Status failure() const;  // the sticky error, or OK

 private:
  RotatingWAL(std::unique_ptr<File> file, const Uuid& container_uuid, LogGeometry geometry,
              uint32_t reserve_segments, bool read_only);
  Status CheckWritable() const;
  Status CheckBatch(std::span<const Entry> entries, LSN transaction) const;
  // Takes care that segments up to `last` have places, growing the file if need be. ordinary: leave
  // the reserve alone.
  Status EnsureSegments(uint64_t last, bool ordinary);
  Status Grow(uint32_t places);
  Status WriteRecord(const Entry& entry, LSN transaction, LSN& position);
  Status EnterSegment(LSN position);
  Status FlushBuffer();
  Status EraseLeftovers(const std::vector<uint64_t>& offsets);
  Status Fail(const Status& status);
  void PublishPlaces();

  const std::unique_ptr<File> file_;
  const LogGeometry geometry_;
  const Uuid container_uuid_;
  const uint64_t container_id_;
  const uint32_t reserve_segments_;
  const bool read_only_;

  // Touched by the appending or following thread only.
  std::optional<LogReader> reader_;  // of Follow
  SegmentRing ring_;
  uint64_t epoch_ = 0;      // 0: BeginEpoch is due
  uint64_t epoch_min_ = 0;  // of what stands in the log
  uint32_t prev_crc32_ = 0;
  LSN released_lsn_ = kNoLsn;
  // What frames may claim to be synced, while the log goes on behind a failed range: nobody who
  // reads from the checkpoint before it gets there.
  LSN durable_claim_max_ = kMaxLsn;
  // Frames on their way to the file, so that a batch is few writes and a small commit one. Reused:
  // a commit allocates nothing.
  std::unique_ptr<std::byte[]> buffer_;
  uint64_t buffer_size_ = 0;
  uint64_t buffer_offset_ = 0;  // in the file

  // Written by the appending thread, read by any.
  std::atomic<LSN> end_lsn_ = kNoLsn;
  std::atomic<LSN> durable_lsn_ = kNoLsn;
  std::atomic<LSN> live_begin_lsn_ = kNoLsn;
  std::atomic<uint32_t> place_count_ = 0;
  std::atomic<uint64_t> sync_count_ = 0;
  mutable std::mutex mutex_;
  Status failure_;  // guarded by mutex_; never cleared
};

}  // namespace xtdb
