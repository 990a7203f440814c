#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/background_worker.h"
#include "engine/base/parallel.h"
#include "engine/base/progress.h"
#include "engine/base/raised_flag.h"
#include "engine/base/retry_pause.h"
#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/block/block_output.h"
#include "engine/block/block_reader.h"
#include "engine/block/tag_encoder.h"
#include "engine/compaction/compaction_selection.h"
#include "engine/compaction/compactor.h"
#include "engine/container.h"
#include "engine/engine_state.h"
#include "engine/event_log.h"
#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/io/process.h"
#include "engine/process/process_locks.h"
#include "engine/process/shared_memory.h"
#include "engine/snapshot.h"
#include "engine/transaction/group_commit.h"
#include "engine/transaction/transaction.h"
#include "engine/transaction/writer_lock.h"
#include "engine/wal/log_replay.h"
#include "engine/wal/log_syncer.h"
#include "engine/wal/pending_transaction.h"
#include "engine/wal/rotating_wal.h"

namespace xtdb {

enum class Synchronous : uint8_t { kOff = 0, kNormal = 1, kFull = 2 };

// What the storage keeps; decided at creation, then read from the container. An absent one takes
// the container's value (or the default, at creation); a different one is kInvalidArgument at open.
// ChangeStorage changes all but chunk_size and atomic_commit.
struct RequestedStorage {
  std::optional<uint64_t> chunk_size_bytes;  // default 64 MiB
  std::optional<uint32_t> block_extents;     // of the largest block; default 16
  std::optional<bool> raw_records;           // default false
  std::optional<int64_t> retention_us;       // default 0, keep for ever
  std::optional<uint64_t> max_bytes;         // of blocks; default 0, no limit
  std::optional<bool> atomic_commit;         // default false
};

struct EngineOptions {
  RequestedStorage storage;
  Synchronous synchronous = Synchronous::kFull;
  uint64_t buffer_bytes = 64 * kMiB;  // budget of unflushed points; >= 1 MiB
  // What a transaction stages in memory; the rest leaves it for blocks. 0: 3/4 of buffer_bytes.
  uint64_t staging_bytes = 0;
  // So many sealed RAW chunks side by side are compacted by a thread in the background; 0: only
  // when Compact is called.
  size_t compact_chunks = 0;
  size_t cache_bytes = 8 * kMiB;      // of blocks that are read for a few points
  bool auto_retention = true;         // by the same thread; false: only when Retain is called
  size_t threads = DefaultThreads();  // that encode at a time, the caller's among them; >= 1
  bool read_only = false;
  bool must_exist = false;  // do not create
  WALOptions wal;
  BlockOutputOptions block_output;  // of flushes
  int64_t flush_age_us = 15 * 60 * int64_t{1'000'000};
  std::chrono::microseconds log_sync_interval{1'000'000};  // of Synchronous::kNormal
};

// Of a container with atomic_commit: a transaction that is prepared, and whose fate the database
// knows with which it was to commit.
struct UndecidedTransaction {
  Uuid container{};
  Uuid database{};
  LSN number = kNoLsn;  // of its PREPARE
};
// Whether that database has committed it. kNotFound: this is another database.
using IsCommittedFn = std::function<Result<bool>(const UndecidedTransaction&)>;

struct EngineStats {
  uint64_t tags = 0;
  uint64_t chunks = 0;
  uint64_t buffered_points = 0;
  uint64_t buffered_bytes = 0;
  uint64_t snapshot_bytes = 0;   // buffers held for snapshots only
  uint64_t cached_bytes = 0;     // of blocks, for reads of a few points
  uint64_t directory_bytes = 0;  // of sealed chunks, in memory
  uint64_t snapshots = 0;
  LSN oldest_snapshot_lsn = kNoLsn;  // of all processes
  int64_t oldest_snapshot_pid = 0;   // who has it; 0: nobody has one
  int64_t oldest_snapshot_age_us = 0;
  LSN published_lsn = kNoLsn;
  LSN durable_lsn = kNoLsn;
  LSN checkpoint_lsn = kNoLsn;
  uint64_t log_bytes = 0;
  uint64_t log_segments = 0;
  uint64_t log_unsynced_bytes = 0;    // at its end, as far as this process knows
  uint64_t container_bytes = 0;       // apparent size
  uint64_t container_disk_bytes = 0;  // allocated
  uint64_t waiting_commits = 0;       // callers of WritePoint and BatchAppend that wait their turn
  uint64_t commits = 0;               // since open, like all below
  uint64_t joined_commits = 0;        // of those, ones that shared another's log write and sync
  uint64_t log_syncs = 0;             // by this process
  uint64_t points_written = 0;
  uint64_t flushes = 0;
  uint64_t blocks_written = 0;
  uint64_t block_bytes_written = 0;
  uint64_t checkpoints = 0;
  uint64_t chunks_sealed = 0;
  uint64_t chunks_dropped = 0;  // by retentions, too
  uint64_t retentions = 0;      // that have hidden or dropped something
  uint64_t slots_reclaimed = 0;
  uint64_t compactions = 0;
  uint64_t chunks_compacted = 0;
  uint64_t compaction_bytes_read = 0;     // of blocks
  uint64_t compaction_bytes_written = 0;  // of blocks
  uint64_t recovered_transactions = 0;
  uint64_t recovered_points = 0;
};

// The store: one container and its log, shared with any number of other processes. Transactions of
// any connection, thread or process write, one at a time; snapshots read. Locks and the order of
// writes: docs/concurrency.md.
//
// Ownership: borrows `fs` and `clock`, which must outlive it. Shared by transactions and snapshots.
// Threads:   any, for every public method.
// Errors:    after a failed write or sync of the log or of blocks every later write is refused with
//            that error (reads go on); reopening recovers.
class StorageEngine : public std::enable_shared_from_this<StorageEngine> {
 public:
  // Opens or creates the container at `path`; recovers it, if nobody else has it open. Waits for
  // others who open or close it: kBusy after a minute, naming them.
  //   kReadOnly: cannot be written (message says to use read_only=on). kCorruption: not a
  //   container, or damaged, with file and offset. kUnsupported: network file system, newer format.
  static Result<std::shared_ptr<StorageEngine>> Open(FileSystem& fs, Clock& clock,
                                                     const std::string& path,
                                                     const EngineOptions& options);
  ~StorageEngine();
  // If no other process has it open: flushes, checkpoints, marks clean, removes the log; one file
  // is left. Idempotent. On error the log stays and the next Open recovers. Later writes are
  // kFailedPrecondition.
  Status Close();
  // Removes the container again if this engine created it, nothing was ever committed to it and no
  // other process has it open; else closes. For a CREATE that rolls back.
  Status CloseAndRemoveIfNew();

  // What is committed now, by whatever process. kCorruption, kIoError: what another process has
  // written to the log cannot be read.
  Result<std::shared_ptr<const Snapshot>> TakeSnapshot();
  // Waits at most `timeout_us` for the transaction before it: then kBusy. kReadOnly, or the sticky
  // failure.
  //   database: with which the transaction commits; with atomic_commit it must be given. A
  //   container that is bound to none is bound to it from now on; kReadOnly: to another one.
  Result<std::unique_ptr<Transaction>> Begin(int64_t timeout_us,
                                             const std::optional<Uuid>& database = {});

  bool atomic_commit() const { return atomic_commit_; }
  // The log ends with a transaction that only the container's database can decide. Until then it is
  // not seen, and nothing can be written.
  bool has_undecided() const { return has_undecided_; }
  // Decides it by what `is_committed` says, whose error is returned and leaves it undecided. Called
  // with WRITER held.
  Status SettleUndecided(const IsCommittedFn& is_committed, int64_t timeout_us);
  // `database`, if this container is bound to it, drops a record of what it has committed here:
  // what is committed needs none from now on. kRelease: it was the last one; the next Begin may
  // bind another database.
  enum class Binding : uint8_t { kKeep, kRelease };
  Status ForgetDatabase(const Uuid& database, Binding binding, int64_t timeout_us);

  // One commit each: of one point, or of some, all or none. Callers in several threads share log
  // writes and syncs (GroupCommit). A commit that is joined to others is no less durable.
  // kBusy after `timeout_us`.
  static constexpr int64_t kWriteTimeoutUs = 60'000'000;
  Status WritePoint(std::string_view tag, int64_t ts_us, const Value& value, Quality quality,
                    int64_t timeout_us = kWriteTimeoutUs);
  Status BatchAppend(std::span<const PointWrite> points, int64_t timeout_us = kWriteTimeoutUs);

  // A commit that gives a tag another name, as Transaction::RenameTag. kUnsupported with
  // atomic_commit, where commits are a database's.
  Status RenameTag(std::string_view name, std::string_view new_name, int64_t timeout_us);

  // Writes all buffered points to blocks and moves the checkpoint to the log's end. kBusy after
  // timeout.
  Status Flush(int64_t timeout_us);
  // The same, and keeps WRITER: until the transaction ends, nothing in the container changes.
  Result<std::unique_ptr<Transaction>> FlushAndHold(int64_t timeout_us);
  // Flushes, then finishes the open chunk if it has blocks; the next flush begins another one.
  Status Seal(int64_t timeout_us);

  // Drops the sealed chunks whose points are all earlier than `before_us`, whole, for snapshots
  // from now on; flushes first. A chunk stays if without it points would come back that it has
  // replaced or deleted (SelectDroppable). Their space is free at once unless a snapshot still
  // reads them, else at a checkpoint after its end.
  struct DropReport {
    uint64_t chunks = 0;
    uint64_t points = 0;  // tombstones included
    uint64_t blocks = 0;
    uint64_t bytes = 0;  // of their blocks
  };
  Result<DropReport> DropBefore(int64_t before_us, int64_t timeout_us);
  // As DropBefore, and what is left of earlier points is hidden in the chunks that stay; space goes
  // with the chunk, or with its compaction. Points that are written later count, whatever their
  // time. A limit before that of an earlier call changes nothing.
  Result<DropReport> RetainFrom(int64_t first_us, int64_t timeout_us);
  // What the container keeps, all of it given; as of this process's last write or checkpoint.
  RequestedStorage Storage() const;
  // For the blocks and retentions to come. Other processes follow with their next write.
  //   kInvalidArgument: changes has chunk_size or atomic_commit. kBusy after timeout.
  Status ChangeStorage(const RequestedStorage& changes, int64_t timeout_us);
  // RetainFrom by the container's options: points older than `retention`; and whole chunks, the
  // oldest first, while blocks take more than `max_bytes`. kFailedPrecondition: it has neither.
  Result<DropReport> Retain(int64_t timeout_us);

  // Merges sealed chunks into COMPACT ones, sorted by tag and time, without what was overwritten or
  // deleted; flushes and seals first. Others read and write meanwhile, but for an instant before
  // and after. kBusy: another process or thread compacts, or writes, for longer than the timeout;
  // at the end, where the work would be lost, than a minute. kCorruption: a block cannot be read;
  // then its chunks stay as they are.
  struct CompactionReport {
    uint64_t runs = 0;
    uint64_t chunks_in = 0;
    uint64_t chunks_out = 0;
    CompactionCounts counts;
  };
  Result<CompactionReport> Compact(CompactionScope scope, int64_t timeout_us);

  // Chunks that are dropped and whose slots are not free yet.
  std::vector<DroppedChunk> DroppedChunks() const;

  // Bytes on disk, CRCs, statistics against decoded data, cross references; told block by block.
  struct CheckReport {
    std::vector<std::string> problems;  // "chunk 3, block 17, tag 'a': vector 2: checksum"
    uint64_t chunks = 0;
    uint64_t blocks = 0;
    uint64_t vectors = 0;
    uint64_t points = 0;
  };
  Result<CheckReport> Check(const ProgressFn& on_progress = {});

  // Every tag's largest ts that is committed (tombstones count), INT64_MIN if it has no points.
  Result<int64_t> LastTs(TagId tag);

  // As of what this process knows; statements take those of their snapshot.
  std::shared_ptr<const TagDictionary> tags() const;
  std::shared_ptr<const MemBuffer> buffer() const;
  const BlockReader& block_reader() const { return *block_reader_; }
  const Container& container() const { return *container_; }
  EventLog& events() { return events_; }
  const EngineOptions& options() const { return options_; }
  const std::string& path() const { return path_; }
  EngineStats Stats();
  Clock& clock() const { return clock_; }
  FileSystem& fs() const { return fs_; }
  // True in a child process after fork(): every use of the engine there is an error.
  bool forked() const { return ForkGeneration() != fork_generation_; }

 private:
  friend class GroupCommit;
  friend class Transaction;
  friend class Snapshot;

  StorageEngine(FileSystem& fs, Clock& clock, std::string path, const EngineOptions& options,
                std::unique_ptr<Container> container, bool created);

  // Opening (storage_engine_open.cc). Null: the file went away meanwhile, or is just being made.
  static Result<std::shared_ptr<StorageEngine>> TryOpen(FileSystem& fs, Clock& clock,
                                                        const std::string& path,
                                                        const EngineOptions& options);
  Status CheckStorageOptions() const;
  void NoteStorage();
  Status Attach(bool alone);
  Status Recover();
  Status EnsureLog();
  Status SetAsideStrayLog();
  Result<bool> IsLeftoverLog();
  // Of this container's log; none if what stands there is no log of it.
  Result<std::optional<LogHeader>> ReadLogHeader() const;
  Status FindUnmarkedLog(Superblock& superblock) const;
  std::string LogPath() const { return path_ + "-wal"; }
  std::string ShmPath() const { return path_ + "-shm"; }

  // Loading what the files say (storage_engine_load.cc). Caller holds catch_up_mutex_, if others
  // may call.
  enum class LoadMode : uint8_t {
    kRecover,    // to the log's end, mending; by who has the container, or WRITER, to himself
    kJoin,       // up to what is settled; others may be writing
    kReadAlone,  // to the log's end, changing nothing; nobody writes
  };
  struct Loaded;
  Status Load(LoadMode mode, LSN log_lsn);
  void FinishInterrupted(bool log_failed, LSN durable);
  Status LoadCatalogue(Loaded& loaded);
  Status LoadLog(LoadMode mode, LSN log_lsn, const Superblock& superblock, Loaded& loaded);
  Status OpenLog(LoadMode mode, LSN log_lsn, const Superblock& superblock, LogReplay& replay,
                 Loaded& loaded);
  Status BeginEpoch(RotatingWAL& wal);
  void TellRecovery(const LogReplay& replay, const ReplayEnd& end);
  void Install(Loaded& loaded);

  // Sharing with other processes (storage_engine_share.cc).
  Status CatchUp();             // before a snapshot
  bool HasForeignMark() const;  // somebody else holds WRITER, or died with it; or as if
  bool IsKnownUndecided() const;
  Status CatchUpShared();  // the next three: caller holds catch_up_mutex_
  Status CatchUpReadOnly();
  Result<bool> FindWriters();
  bool IsCurrent(LSN settled) const;
  Status FollowLog(LSN settled);
  Status Reload(LSN settled);
  Status RecoverTail();  // caller holds the WRITER lock, too
  Status LeaveFailedLog();
  Status LockWriter(int64_t timeout_us);
  Status TakeOver();
  Status FollowLastWriter();
  void EndWrite();  // gives WRITER back
  void Settle();    // what is in the log is decided; by the holder of WRITER
  void ShareSuperblock();
  void ShareEverything();
  void ReleaseLog();
  Status Pin();
  void Unpin();                // caller holds mutex_
  void ShareOldestSnapshot();  // caller holds mutex_
  // Of the oldest snapshot that any process has; the published LSN if there is none, kNoLsn if that
  // cannot be told.
  LSN OldestSnapshotAnywhere();
  void AddSnapshotOfOthers(EngineStats& stats);

  // Writing; the caller holds WRITER.
  Status CheckWritable();
  enum class Purpose : uint8_t { kTransaction, kMaintenance };
  Result<std::unique_ptr<Transaction>> BeginFor(Purpose purpose, int64_t timeout_us,
                                                const std::optional<Uuid>& database);
  Status BindDatabase(const std::optional<Uuid>& database);
  Status UndecidedError() const;
  Status HoldWriter(int64_t timeout_us, const std::function<Status()>& work,
                    WriterLock::Holder holder = WriterLock::Holder::kUser);
  Status CommitUndecided();
  Status AbortUndecided();
  Status ReserveRoom(const Staging& staging);
  Status SyncLog();
  void Publish(LSN lsn, uint64_t points);
  void NoteLogStats();                  // caller holds mutex_, too
  void MaintainAfterCommit() noexcept;  // flushes and checkpoints, if that is due
  Status FlushWhatIsDue();
  Status FlushOverBudget();
  Status FlushTags(std::span<const TagId> tags);
  // Flushes the first of `tags`, as many as one FLUSH record takes; how many these were.
  Result<size_t> FlushFirst(std::span<const TagId> tags);
  Result<size_t> WriteBlocks(std::span<const TagId> tags, FlushRecord& record);
  Result<std::vector<EncodedTag>> EncodeTags(std::span<const TagId> tags,
                                             const BlockOptions& options);
  BlockOptions FlushBlockOptions(size_t tag_count) const;
  Status PlaceBlocks(std::span<EncodedBlock> blocks, BlockOutput& output, FlushRecord& record);
  Result<ChunkStore::Place> PlaceBlock(EncodedBlock& block, BlockOutput& output);
  // Of a transaction larger than its share of memory (storage_engine_spill.cc).
  Status BeginSpilling();  // before its first SpillRows
  Status SpillRows(Staging& staging);
  Result<std::shared_ptr<SpillGroup>> WriteGroup(const Staging::Leaving& leaving);
  Status PlaceSpilled(std::span<EncodedBlock> blocks, BlockOutput& output, SpillGroup& group);
  FlushRecord RecordOf(const SpillGroup& group, bool is_first) const;
  Status AppendFlushRecord(FlushRecord record, std::span<const TagId> tags);
  Status FlushAll();
  static DropReport ReportOf(const ChunkStore::DropPlan& plan);
  Status AppendDropRecord(ChunkStore::DropPlan plan, const char* kind);
  Result<LSN> AppendSynced(FrameType type, std::span<const std::byte> payload, const char* what);
  void FreeDropped();
  // Retention (storage_engine_retain.cc).
  bool HasRetention() const;
  int64_t RetentionLimit() const;  // kTsMin: nothing is to go
  bool MovesHorizon(int64_t limit_us, const Horizon& horizon) const;
  bool IsRetentionDue() const;
  Status RetainHeld(int64_t first_us, DropReport& report);
  // Compaction (storage_engine_compact.cc). The first three without WRITER.
  struct Compaction;
  struct Patience {
    int64_t timeout_us = 0;
    std::function<bool()> is_over;  // asked now and then
  };
  Status LockCompaction(const Patience& patience);
  void UnlockCompaction();
  Status CheckSpareSpace(const CompactionNeed& need);
  Status CompactRuns(CompactionNeed need, const Patience& patience, CompactionReport& report);
  Status HoldWriterPatiently(const Patience& patience, const std::function<Status()>& work);
  Result<std::unique_ptr<Compaction>> BeginCompaction(CompactionNeed need,
                                                      const Patience& patience);
  Result<std::unique_ptr<File>> OpenAgain();
  Result<ChunkList> BuildCompacted(const Compaction& compaction, const Patience& patience,
                                   CompactionCounts& counts);
  Status EndCompaction(Compaction& compaction, const Result<ChunkList>& outputs,
                       const Patience& patience);
  Status CommitCompaction(Compaction& compaction, const ChunkList& outputs);
  Status FollowLease();  // by who has just taken WRITER
  void EndLease();
  // What is due is done by a thread in the background.
  void RequestMaintenance() noexcept;
  CompactionNeed DueCompaction() const;
  bool IsCompactionDue() const;
  void MaintainInBackground() noexcept;
  Status CompactDue(const Patience& patience);
  enum class CheckpointScope : uint8_t {
    kWhole,
    kCatalogue,  // without sealing, marking and freeing chunks
  };
  Status Checkpoint(LogState log_state, CheckpointScope scope = CheckpointScope::kWhole);
  Status WriteCheckpoint(LogState log_state, CheckpointScope scope);
  void NoteFailure(const char* what, const Status& status) noexcept;
  void NoteFailedBackgroundSync(const Status& status) noexcept;
  void TellFailure(const char* what, const Status& status) noexcept;
  void TellDone(const char* kind, const std::function<std::string()>& message) noexcept;
  void StopWrites(const Status& status);
  std::vector<TagDefinition> CommittedTags() const;
  Status CloseWith(bool remove_if_new);
  Status CloseAlone(bool remove_if_new);
  bool HoldsNothing() const;
  Status CloseLog();
  Status RemoveFiles();

  std::shared_ptr<EngineState> CurrentState() const;  // by who has not WRITER
  void ReleaseSnapshot(LSN lsn, EngineState& state);
  LSN OldestSnapshot() const;     // caller holds mutex_
  SnapshotSet Snapshots() const;  // caller holds mutex_

  FileSystem& fs_;
  Clock& clock_;
  const std::string path_;
  const EngineOptions options_;
  const bool created_;
  const bool atomic_commit_;
  const uint64_t fork_generation_;
  const std::unique_ptr<Container> container_;
  ProcessLocks locks_;
  std::unique_ptr<SharedMemory> shared_;  // null: read-only, and no writer was there
  EventLog events_;
  // Set under mutex_; whoever holds WRITER reads it without, since then nobody sets it.
  std::shared_ptr<EngineState> state_;
  std::unique_ptr<BlockReader> block_reader_;
  WriterLock writer_;
  GroupCommit group_commit_{*this};

  // Guards the WRITER lock of the process, and everything that follows the log, which the holder of
  // WRITER (writing_) does alone.
  std::mutex catch_up_mutex_;
  bool writing_ = false;     // a transaction of this process holds WRITER
  bool wal_astray_ = false;  // wal_ stands where a failed write has left it
  // Memory ended within a change of log or chunks: what this process knows may be half of it.
  // Mended from the files, as after the death of the process, before anybody writes or reads on.
  std::atomic<bool> must_recover_ = false;
  std::atomic<bool> must_reload_ = false;  // state_ may be half of something
  bool flushes_followed_ = false;          // since state_.chunks knew its open chunk
  uint64_t loaded_sequence_ = 0;    // of the superblock that state_ was loaded from, or has written
  uint64_t loaded_generation_ = 0;  // read-only: of the shared memory; 0: nobody wrote
  bool left_unfinished_ = false;  // a checkpoint failed half way; the state is right in memory only
  std::atomic<LSN> applied_lsn_ = kNoLsn;  // state_ knows the log up to here

  // Held by WRITER, or by catch_up_mutex_ while nobody of this process has that.
  std::unique_ptr<RotatingWAL> wal_;
  uint64_t old_log_syncs_ = 0;  // of logs that were read anew since
  Status last_flush_error_;
  int64_t buffered_since_us_ = 0;  // monotonic; 0: nothing buffered
  LSN spill_base_lsn_ = kNoLsn;    // of the transaction: the log's end at its first spill
  uint64_t spill_count_ = 0;
  PendingTransaction undecided_;  // at the log's end
  uint64_t undecided_mark_ = 0;   // of the writer that left it there

  std::atomic<bool> has_undecided_ = false;  // set at open, cleared by the holder of WRITER

  mutable std::mutex mutex_;
  LSN published_lsn_ = kNoLsn;  // guarded by mutex_
  // By LSN, and since when by the wall clock. Guarded by mutex_.
  std::multimap<LSN, int64_t> snapshots_;
  LSN shared_oldest_lsn_ = kMaxLsn;  // guarded by mutex_; what the slot says
  size_t pins_ = 0;                  // guarded by mutex_; of a read-only engine's snapshots
  Status failure_;                   // guarded by mutex_; never cleared
  bool closed_ = true;               // guarded by mutex_; until it is open
  bool committed_anything_ = false;  // guarded by mutex_
  EngineStats stats_;                // guarded by mutex_; only the counts since open
  RequestedStorage storage_;         // guarded by mutex_; as in the superblock

  WriterLock compaction_lock_;                        // of the process; before that of all of them
  std::atomic<bool> is_compacting_ = false;           // set by who has both
  std::atomic<uint64_t> uncompactable_sequence_ = 0;  // up to here it has failed
  RetryPause retention_pause_;
  RetryPause compaction_pause_;

  // The last: their threads end before what these use.
  LogSyncer log_syncer_;
  BackgroundWorker maintenance_worker_;
};

}  // namespace xtdb
