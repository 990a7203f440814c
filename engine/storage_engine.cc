#include "engine/storage_engine.h"

#include <algorithm>
#include <limits>

#include "engine/base/cleanup.h"
#include "engine/check/integrity_checker.h"

namespace xtdb {

namespace {

// A writer publishes a checkpoint a moment before the log's end that it stands for.
constexpr int64_t kSnapshotTimeoutUs = 10'000'000;

// Of a snapshot that waits for the log's end to pass the checkpoint.
Status CheckpointNotReached(const std::string& path, const SharedMemory& shared) {
  const std::string what = path + ": the checkpoint is at LSN " +
                           std::to_string(shared.checkpoint()) + ", the log's end at " +
                           std::to_string(shared.settled());
  if (shared.writer_mark() != 0) {
    return Status::Busy(what + ", and its writer does not go on; try again, or end it");
  }
  return Status::Corruption(what + ", and nobody writes; close the container everywhere");
}

}  // namespace

StorageEngine::~StorageEngine() {
  IgnoreStatus(CatchNoMemory([this] { return Close(); }),
               "the log stays, and the next Open recovers");
}

Result<std::shared_ptr<const Snapshot>> StorageEngine::TakeSnapshot() {
  std::shared_ptr<EngineState> state;
  VisibleChunks visible;
  LSN lsn;
  XTDB_RETURN_IF_ERROR(Pin());
  Cleanup unpin([this] {
    std::lock_guard lock(mutex_);
    Unpin();
  });
  const int64_t now_us = clock_.NowUs();
  Backoff backoff(clock_, kSnapshotTimeoutUs);
  while (true) {
    XTDB_RETURN_IF_ERROR(CatchUp());
    {
      std::lock_guard lock(mutex_);
      // The list is taken after the LSN's registration, so it holds every block that the LSN shows.
      lsn = published_lsn_;
      snapshots_.emplace(lsn, now_us);
      state = state_;
      visible = state->chunks.visible();
      const LSN known = applied_lsn_;
      ShareOldestSnapshot();
      // A writer that did not see the slot in time may take back what this snapshot needs.
      if (shared_ == nullptr || shared_->checkpoint() <= known) break;
      snapshots_.erase(snapshots_.find(lsn));
      ShareOldestSnapshot();
    }
    if (backoff.Wait()) continue;
    return CheckpointNotReached(ShmPath(), *shared_);
  }
  Cleanup unregister([&] {
    std::lock_guard lock(mutex_);
    snapshots_.erase(snapshots_.find(lsn));
    ShareOldestSnapshot();
  });
  auto snapshot = std::make_shared<const Snapshot>(shared_from_this(), std::move(state), lsn,
                                                   std::move(visible));
  // From here on its end does both.
  unregister.Cancel();
  unpin.Cancel();
  return snapshot;
}

void StorageEngine::ReleaseSnapshot(LSN lsn, EngineState& state) {
  if (forked()) return;  // another thread may have had a mutex
  bool is_last;
  {
    std::lock_guard lock(mutex_);
    snapshots_.erase(snapshots_.find(lsn));
    is_last = !snapshots_.contains(lsn);
    ShareOldestSnapshot();
    Unpin();
  }
  if (!is_last || state.buffer.retired_bytes() == 0) return;
  const Status reclaimed = CatchNoMemory([&] {
    SnapshotSet snapshots;
    {
      std::lock_guard lock(mutex_);
      snapshots = Snapshots();
    }
    state.buffer.Reclaim(snapshots);
    return Status();
  });
  IgnoreStatus(reclaimed, "the end of a later snapshot does it");
}

SnapshotSet StorageEngine::Snapshots() const {
  SnapshotSet snapshots{.live = {}, .coming_from = published_lsn_};
  for (const auto& [lsn, since_us] : snapshots_) {
    if (snapshots.live.empty() || snapshots.live.back() != lsn) snapshots.live.push_back(lsn);
  }
  return snapshots;
}

LSN StorageEngine::OldestSnapshot() const {
  return snapshots_.empty() ? published_lsn_ : snapshots_.begin()->first;
}

Status StorageEngine::CheckWritable() {
  if (forked()) {
    return Status::FailedPrecondition(
        path_ + ": opened before fork(); close it in the child and open it again");
  }
  if (options_.read_only) return Status::ReadOnly(path_ + " was opened with read_only=on");
  if (has_undecided_) return UndecidedError();
  std::lock_guard lock(mutex_);
  if (closed_) return Status::FailedPrecondition(path_ + " is closed");
  return failure_.ok() ? Status()
                       : failure_.WithContext("writes have stopped; reopen the container");
}

void StorageEngine::NoteFailure(const char* what, const Status& status) noexcept {
  TellFailure(what, status);
  // A full disk ends by itself, and so does a lack of memory; a failed write or sync leaves nothing
  // that could be relied on.
  if (status.code() == StatusCode::kResourceExhausted) return;
  if (status.code() == StatusCode::kOutOfMemory) return;
  if (shared_ != nullptr && wal_ != nullptr && !wal_->failure().ok()) shared_->SetLogFailed(true);
  StopWrites(status);
}

void StorageEngine::NoteFailedBackgroundSync(const Status& status) noexcept {
  TellFailure("log sync", status);
  shared_->SetLogFailed(true);
  StopWrites(status);
}

void StorageEngine::TellFailure(const char* what, const Status& status) noexcept {
  const Status told = CatchNoMemory([&] {
    events_.Add(clock_.NowUs(), EventLevel::kError, std::string(what) + " failed",
                std::string(status.message()));
    return Status();
  });
  IgnoreStatus(told, "the failure itself is kept");
}

std::shared_ptr<EngineState> StorageEngine::CurrentState() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void StorageEngine::TellDone(const char* kind,
                             const std::function<std::string()>& message) noexcept {
  const Status told = CatchNoMemory([&] {
    events_.Add(clock_.NowUs(), EventLevel::kInfo, kind, message());
    return Status();
  });
  IgnoreStatus(told, "it is done all the same");
}

void StorageEngine::StopWrites(const Status& status) {
  std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
}

Result<std::unique_ptr<Transaction>> StorageEngine::Begin(int64_t timeout_us,
                                                          const std::optional<Uuid>& database) {
  return BeginFor(Purpose::kTransaction, timeout_us, database);
}

Result<std::unique_ptr<Transaction>> StorageEngine::BeginFor(Purpose purpose, int64_t timeout_us,
                                                             const std::optional<Uuid>& database) {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  const int64_t began_us = clock_.MonotonicUs();
  XTDB_RETURN_IF_ERROR(writer_.Acquire(timeout_us, path_));
  Cleanup release([this] { writer_.Release(); });
  XTDB_RETURN_IF_ERROR(LockWriter(timeout_us - (clock_.MonotonicUs() - began_us)));
  release.Cancel();
  Cleanup end([this] { EndWrite(); });
  XTDB_RETURN_IF_ERROR(CheckWritable());
  if (purpose == Purpose::kTransaction) XTDB_RETURN_IF_ERROR(BindDatabase(database));
  XTDB_RETURN_IF_ERROR(EnsureLog());
  // Buffers that could not be flushed must not grow without end.
  if (!last_flush_error_.ok()) XTDB_RETURN_IF_ERROR(FlushOverBudget());
  std::unique_ptr<Transaction> transaction(new Transaction(shared_from_this()));
  end.Cancel();
  return transaction;
}

Status StorageEngine::WritePoint(std::string_view tag, int64_t ts_us, const Value& value,
                                 Quality quality, int64_t timeout_us) {
  const PointWrite point{tag, ts_us, value, quality};
  return group_commit_.Commit(std::span(&point, 1), timeout_us);
}

Status StorageEngine::BatchAppend(std::span<const PointWrite> points, int64_t timeout_us) {
  return group_commit_.Commit(points, timeout_us);
}

void StorageEngine::Publish(LSN lsn, uint64_t points) {
  {
    std::lock_guard lock(mutex_);
    published_lsn_ = lsn;
    committed_anything_ = true;
    ++stats_.commits;
    stats_.points_written += points;
    NoteLogStats();
  }
  Settle();
}

void StorageEngine::NoteLogStats() {
  stats_.durable_lsn = wal_->durable_lsn();
  stats_.log_bytes = wal_->file_bytes();
  stats_.log_segments = wal_->segment_count();
  stats_.log_syncs = old_log_syncs_ + wal_->sync_count();
}

Result<int64_t> StorageEngine::LastTs(TagId tag) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  XTDB_ASSIGN_OR_RETURN(const auto snapshot, TakeSnapshot());
  int64_t last = snapshot->buffer().LastTs(tag);
  std::vector<BlockRef> blocks;
  for (const auto& chunk : snapshot->chunks()) {
    XTDB_RETURN_IF_ERROR(chunk
                             ->FindBlocks(tag, last == kMin ? kMin : last + 1,
                                          std::numeric_limits<int64_t>::max(), snapshot->lsn(),
                                          blocks)
                             .status());
  }
  for (const BlockRef& block : blocks) last = std::max(last, block.entry->ts_max_us);
  return last;
}

Status StorageEngine::RenameTag(std::string_view name, std::string_view new_name,
                                int64_t timeout_us) {
  if (atomic_commit()) {
    return Status::Unsupported("tags of a container with atomic_commit cannot be renamed");
  }
  XTDB_ASSIGN_OR_RETURN(const auto transaction, Begin(timeout_us));
  XTDB_RETURN_IF_ERROR(transaction->RenameTag(name, new_name));
  XTDB_RETURN_IF_ERROR(transaction->Prepare());
  transaction->Commit();
  return Status();
}

std::shared_ptr<const TagDictionary> StorageEngine::tags() const {
  std::lock_guard lock(mutex_);
  return {state_, &state_->dictionary};
}

std::shared_ptr<const MemBuffer> StorageEngine::buffer() const {
  std::lock_guard lock(mutex_);
  return {state_, &state_->buffer};
}

EngineStats StorageEngine::Stats() {
  EngineStats stats;
  std::shared_ptr<EngineState> state;
  {
    std::lock_guard lock(mutex_);
    stats = stats_;
    stats.snapshots = snapshots_.size();
    stats.oldest_snapshot_lsn = OldestSnapshot();
    if (!snapshots_.empty()) {
      stats.oldest_snapshot_pid = CurrentProcessId();
      stats.oldest_snapshot_age_us = clock_.NowUs() - snapshots_.begin()->second;
    }
    stats.published_lsn = published_lsn_;
    state = state_;
    if (shared_ != nullptr) stats.durable_lsn = std::max(stats.durable_lsn, shared_->durable());
  }
  stats.log_syncs += log_syncer_.sync_count();
  stats.durable_lsn = std::max(stats.durable_lsn, log_syncer_.synced_lsn());
  stats.log_unsynced_bytes = applied_lsn_ - std::min(applied_lsn_.load(), stats.durable_lsn);
  AddSnapshotOfOthers(stats);
  stats.waiting_commits = group_commit_.waiting();
  stats.tags = state->dictionary.size();
  stats.chunks = state->chunks.chunks()->size();
  stats.buffered_points = state->buffer.point_count();
  stats.buffered_bytes = state->buffer.bytes();
  stats.snapshot_bytes = state->buffer.retired_bytes();
  stats.cached_bytes = block_reader_->cached_bytes();
  stats.directory_bytes = container_->directory_budget().bytes();
  const Result<uint64_t> size = container_->file().Size();
  const Result<uint64_t> allocated = container_->file().AllocatedBytes();
  if (size.ok()) stats.container_bytes = size.value();
  if (allocated.ok()) stats.container_disk_bytes = allocated.value();
  return stats;
}

Result<StorageEngine::CheckReport> StorageEngine::Check(const ProgressFn& on_progress) {
  if (forked()) return CheckWritable();
  return IntegrityChecker(*this, on_progress).Run();
}

}  // namespace xtdb
