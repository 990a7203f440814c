#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"

namespace xtdb {

// What the process knows is brought up to what is committed, whoever committed it.
Status StorageEngine::CatchUp() {
  if (forked()) return CheckWritable();
  if (!options_.read_only && shared_ != nullptr) {
    XTDB_RETURN_IF_ERROR(shared_->CheckIntact());
    if (IsCurrent(shared_->settled()) && !HasForeignMark()) return Status();
  }
  std::lock_guard lock(catch_up_mutex_);
  if (writing_) return Status();
  return options_.read_only ? CatchUpReadOnly() : CatchUpShared();
}

Status StorageEngine::CatchUpShared() {
  if (HasForeignMark() && !IsKnownUndecided()) {
    XTDB_ASSIGN_OR_RETURN(const bool is_free, locks_.TryWriter());
    if (is_free) {
      // Its holder is gone, or was about to end. If nothing can be made of what it left, what is
      // settled is served.
      const Cleanup unlock([this] { locks_.UnlockWriter(); });
      const Status recovered = HasForeignMark() ? RecoverTail() : Status();
      if (!recovered.ok()) NoteFailure("recovery of interrupted writes", recovered);
    }
  }
  return FollowLog(shared_->settled());
}

// Behind a checkpoint nothing waits for `settled`: the writer is between the two, or was stopped
// there.
bool StorageEngine::IsCurrent(LSN settled) const {
  return std::max(settled, shared_->checkpoint()) <= applied_lsn_ && !must_reload_;
}

bool StorageEngine::HasForeignMark() const {
  const uint64_t mark = shared_->writer_mark();
  return must_recover_ || (mark != 0 && mark != shared_->mark());
}

// Nothing new can be made of the log's end before somebody who can decide takes WRITER.
bool StorageEngine::IsKnownUndecided() const {
  return has_undecided_ && !must_recover_ && !must_reload_ &&
         shared_->writer_mark() == undecided_mark_;
}

Status StorageEngine::FollowLog(LSN settled) {
  if (IsCurrent(settled)) return Status();
  shared_->SetLogPosition(applied_lsn_);
  const Cleanup let_go([this] { shared_->SetLogPosition(kMaxLsn); });
  const bool is_behind = wal_ == nullptr || wal_astray_ || shared_->checkpoint() > applied_lsn_;
  if (must_reload_ || is_behind) return Reload(settled);
  LogReplay replay(state_->dictionary, state_->buffer, state_->chunks, /*keep_retired=*/true);
  must_reload_ = true;  // unless all of it is applied
  Status followed =
      wal_->Follow(settled, [&](const LogRecord& record) { return replay.Apply(record); });
  if (followed.ok()) followed = replay.Finish();
  XTDB_RETURN_IF_ERROR(followed);
  state_->chunks.TellDamage();
  must_reload_ = false;
  flushes_followed_ |= replay.flushes() != 0;
  if (shared_->superblock_sequence() != loaded_sequence_) state_->chunks.ForgetPendingEntries();
  SnapshotSet snapshots;
  {
    std::lock_guard lock(mutex_);
    published_lsn_ = std::max(published_lsn_, replay.last_lsn());
    committed_anything_ = true;
    applied_lsn_ = settled;
    snapshots = Snapshots();
  }
  if (replay.flushes() != 0) state_->buffer.Reclaim(snapshots);
  return Status();
}

Status StorageEngine::Reload(LSN settled) {
  constexpr int kTries = 20;
  for (int tries = 1;; ++tries) {
    const LSN checkpoint = shared_->checkpoint();
    shared_->SetLogPosition(checkpoint);
    // The slot counts only if the checkpoint has not passed it before it was set.
    if (shared_->checkpoint() != checkpoint && tries < kTries) continue;
    const uint64_t sequence = shared_->superblock_sequence();
    Status loaded = container_->RereadSuperblock(sequence);
    if (loaded.ok()) loaded = Load(LoadMode::kJoin, std::max(settled, shared_->settled()));
    settled = kNoLsn;  // a recovery may have taken it back
    // A checkpoint meanwhile may have written over the catalogue that was being read.
    if (loaded.ok() || tries >= kTries || shared_->superblock_sequence() == sequence) return loaded;
  }
}

Status StorageEngine::RecoverTail() {
  const bool log_failed = shared_->log_failed();
  const LSN settled = shared_->settled();
  must_reload_ = true;
  XTDB_RETURN_IF_ERROR(container_->RereadSuperblock(shared_->superblock_sequence()));
  const LSN durable = shared_->durable();
  XTDB_RETURN_IF_ERROR(Load(LoadMode::kRecover, durable));
  FinishInterrupted(log_failed, durable);
  if (wal_ != nullptr && wal_->end_lsn() == settled) wal_->LearnLastCrc(shared_->settled_crc());
  ShareEverything();
  must_recover_ = false;
  // The mark stays: who comes next has to settle it before writing.
  undecided_mark_ = has_undecided_ ? shared_->writer_mark() : 0;
  if (has_undecided_) return Status();
  XTDB_RETURN_IF_ERROR(FollowLease());  // leaving the log begins chunks
  if (log_failed) XTDB_RETURN_IF_ERROR(LeaveFailedLog());
  shared_->SetWriterMark(0);
  return Status();
}

// A sync of the log has failed, so what can be read there may not be on the disk. Everything goes
// to blocks, and the log on in another segment, where a checkpoint makes it begin. Before that
// nothing may change that the old catalogue needs: it has no log to mend it with.
Status StorageEngine::LeaveFailedLog() {
  if (wal_ == nullptr) {
    shared_->SetLogFailed(false);
    return Status();
  }
  ReleaseLog();
  Status left = wal_->SkipToNewSegment();
  if (left.ok()) left = FlushAll();
  if (left.ok()) left = Checkpoint(LogState::kInUse, CheckpointScope::kCatalogue);
  if (!left.ok()) return left.WithContext("the log's last sync has failed");
  shared_->SetLogFailed(false);
  return Status();
}

Status StorageEngine::LockWriter(int64_t timeout_us) {
  constexpr int64_t kPeekUs = 1'000'000;
  Backoff backoff(clock_, timeout_us);
  Backoff while_peeked(clock_, kPeekUs);
  while (true) {
    {
      std::lock_guard lock(catch_up_mutex_);
      XTDB_ASSIGN_OR_RETURN(const bool locked, locks_.TryWriter());
      if (locked) {
        Cleanup unlock([this] { locks_.UnlockWriter(); });
        XTDB_RETURN_IF_ERROR(TakeOver());
        unlock.Cancel();
        writing_ = true;
        return Status();
      }
    }
    if (backoff.Wait()) continue;
    // Without another's mark it is a reader that looks after one which it saw an instant ago.
    if (!HasForeignMark() && while_peeked.Wait()) continue;
    const int64_t pid = shared_->PidOf(shared_->writer_mark());
    return Status::Busy(path_ + ": " +
                        (pid == 0 ? "another process" : "process " + std::to_string(pid)) +
                        " is writing; wait for its commit, or set a longer PRAGMA busy_timeout");
  }
}

// Nothing has to be recovered, so what is shared cannot be behind what is known here.
Status StorageEngine::FollowLastWriter() {
  XTDB_RETURN_IF_ERROR(
      shared_->CheckGrown(loaded_sequence_, has_undecided_ ? kNoLsn : applied_lsn_.load()));
  if (shared_->superblock_sequence() == loaded_sequence_) return FollowLog(shared_->settled());
  const Cleanup let_go([this] { shared_->SetLogPosition(kMaxLsn); });
  return Reload(shared_->settled());
}

Status StorageEngine::TakeOver() {
  XTDB_RETURN_IF_ERROR(shared_->CheckIntact());
  const bool must_recover = HasForeignMark() && !IsKnownUndecided();
  if (must_recover || shared_->log_failed()) {
    XTDB_RETURN_IF_ERROR(RecoverTail());
  } else {
    XTDB_RETURN_IF_ERROR(FollowLastWriter());
  }
  if (flushes_followed_) {
    must_reload_ = true;  // unless every chunk is judged
    XTDB_RETURN_IF_ERROR(state_->chunks.FinishReplay());
    state_->chunks.TellDamage();
    must_reload_ = false;
  }
  flushes_followed_ = false;
  const bool others_wrote = shared_->last_writer() != shared_->mark();
  if (wal_ != nullptr && !has_undecided_ && (others_wrote || !wal_->has_epoch())) {
    wal_->LearnLastCrc(shared_->settled_crc());
    XTDB_RETURN_IF_ERROR(wal_->TakeOver(container_->superblock().log_epoch, shared_->durable()));
    ReleaseLog();
  }
  XTDB_RETURN_IF_ERROR(FollowLease());
  shared_->SetLastWriter(shared_->mark());
  shared_->SetWriterMark(shared_->mark());
  if (has_undecided_) undecided_mark_ = shared_->mark();
  return Status();
}

void StorageEngine::EndWrite() {
  if (!forked()) {
    std::lock_guard lock(catch_up_mutex_);
    bool failed;
    {
      std::lock_guard state_lock(mutex_);
      failed = !failure_.ok() || must_recover_;
    }
    wal_astray_ |= failed;
    if (!failed && wal_ != nullptr && !has_undecided_) Settle();
    // A mark that stays makes the next process recover what this one has begun.
    if (!failed && !left_unfinished_ && !has_undecided_) shared_->SetWriterMark(0);
    writing_ = false;
    locks_.UnlockWriter();
  }
  writer_.Release();
}

void StorageEngine::Settle() {
  applied_lsn_ = wal_->end_lsn();
  shared_->SetDurable(wal_->durable_lsn());
  shared_->SetSettled(wal_->end_lsn(), wal_->last_crc32());
}

void StorageEngine::ShareSuperblock() {
  const Superblock& superblock = container_->superblock();
  loaded_sequence_ = superblock.sequence;
  shared_->SetCheckpoint(superblock.checkpoint_lsn);
  shared_->SetSuperblockSequence(superblock.sequence);
}

void StorageEngine::ShareEverything() {
  const Superblock& superblock = container_->superblock();
  shared_->SetLogEpoch(superblock.log_epoch);
  ShareSuperblock();
  if (has_undecided_) {
    // Nobody appends here before it is decided, so nobody needs the last frame's checksum.
    shared_->SetDurable(std::min(undecided_.transaction, wal_->durable_lsn()));
    return shared_->SetSettled(undecided_.transaction, 0);
  }
  if (wal_ != nullptr) return Settle();
  shared_->SetDurable(superblock.checkpoint_lsn);
  shared_->SetSettled(superblock.checkpoint_lsn, 0);
}

void StorageEngine::ReleaseLog() {
  const Result<bool> nobody_pinned = locks_.TryExclusivePin();
  if (!nobody_pinned.ok() || !nobody_pinned.value()) return;  // the log grows meanwhile
  const Result<SharedMemory::Needs> others = shared_->NeedsOfOthers();
  if (others.ok()) {
    wal_->Release(std::min(container_->superblock().checkpoint_lsn, others.value().log_lsn));
  }
  locks_.UnlockPin();
}

LSN StorageEngine::OldestSnapshotAnywhere() {
  LSN oldest;
  {
    std::lock_guard lock(mutex_);
    oldest = OldestSnapshot();
  }
  const Result<SharedMemory::Needs> others = shared_->NeedsOfOthers();
  if (!others.ok()) return kNoLsn;
  const Result<bool> nobody_pinned = locks_.TryExclusivePin();
  if (!nobody_pinned.ok() || !nobody_pinned.value()) return kNoLsn;
  locks_.UnlockPin();
  return std::min(oldest, others.value().snapshot_lsn);
}

void StorageEngine::ShareOldestSnapshot() {
  if (shared_ == nullptr) return;
  const LSN oldest = snapshots_.empty() ? kMaxLsn : snapshots_.begin()->first;
  if (oldest == shared_oldest_lsn_ || forked()) return;
  shared_oldest_lsn_ = oldest;
  if (oldest == kMaxLsn) return shared_->ClearSnapshot();
  shared_->SetSnapshot(oldest, snapshots_.begin()->second);
}

void StorageEngine::AddSnapshotOfOthers(EngineStats& stats) {
  if (options_.read_only || shared_ == nullptr) return;
  const Result<SharedMemory::Needs> others = shared_->NeedsOfOthers();
  if (!others.ok() || others.value().pid == 0) return;
  if (stats.oldest_snapshot_pid != 0 && stats.oldest_snapshot_lsn <= others.value().snapshot_lsn) {
    return;
  }
  stats.oldest_snapshot_lsn = others.value().snapshot_lsn;
  stats.oldest_snapshot_pid = others.value().pid;
  // What another process wrote may be anything.
  if (__builtin_sub_overflow(clock_.NowUs(), others.value().since_us,
                             &stats.oldest_snapshot_age_us)) {
    stats.oldest_snapshot_age_us = 0;
  }
}

Status StorageEngine::Pin() {
  if (!options_.read_only) return Status();
  std::lock_guard lock(mutex_);
  if (pins_ == 0) XTDB_RETURN_IF_ERROR(locks_.SharePin());
  ++pins_;
  return Status();
}

void StorageEngine::Unpin() {
  if (!options_.read_only) return;
  if (--pins_ == 0) locks_.UnlockPin();
}

// A read-only engine has no slot and changes nothing. Its lock on PIN keeps everything in place
// that it may look at.
Status StorageEngine::CatchUpReadOnly() {
  XTDB_ASSIGN_OR_RETURN(bool has_writers, FindWriters());
  if (!has_writers) {
    const uint64_t known = loaded_sequence_;
    XTDB_RETURN_IF_ERROR(container_->RereadSuperblock(0));
    if (container_->superblock().sequence == known && loaded_generation_ == 0 && !must_reload_) {
      return Status();
    }
    // While somebody recovers, what is known can still be read, if no checkpoint has passed it.
    const bool may_wait = container_->superblock().checkpoint_lsn > applied_lsn_ || must_reload_;
    XTDB_ASSIGN_OR_RETURN(const bool locked, locks_.ShareRecovery(may_wait));
    if (!locked) return Status();
    // A writer may have come while we waited.
    const Result<bool> found = FindWriters();
    Status loaded = found.status();
    has_writers = found.ok() && found.value();
    if (loaded.ok() && !has_writers) {
      must_reload_ = true;
      loaded = Load(LoadMode::kReadAlone, kNoLsn);
      loaded_generation_ = 0;
    }
    locks_.UnlockRecovery();
    if (!loaded.ok() || !has_writers) return loaded;
  }
  const uint64_t generation = shared_->generation();
  const LSN settled = shared_->settled();
  // The last writer has died just now, and the next one makes the shared memory anew.
  if (shared_->generation() != generation) return CatchUpReadOnly();
  if (generation != loaded_generation_) must_reload_ = true;
  XTDB_RETURN_IF_ERROR(FollowLog(settled));
  loaded_generation_ = generation;
  return Status();
}

Result<bool> StorageEngine::FindWriters() {
  XTDB_ASSIGN_OR_RETURN(const bool has_writers,
                        container_->file().IsLockedElsewhere(LockOfSlot(0), kShmSlotCount));
  if (!has_writers) return false;
  if (shared_ == nullptr) {
    XTDB_ASSIGN_OR_RETURN(auto opened,
                          SharedMemory::Open(fs_, ShmPath(), container_->file(), true));
    std::lock_guard lock(mutex_);  // other threads look whether it is there
    shared_ = std::move(opened);
  }
  return shared_->IsOf(container_->header().uuid);
}

}  // namespace xtdb
