#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"

// What atomic_commit=on adds to the store: the one database that its transactions commit with, and
// the transaction at the log's end that only this database can decide.

namespace xtdb {

Status StorageEngine::BindDatabase(const std::optional<Uuid>& database) {
  if (!atomic_commit_) return Status();
  if (!database) {
    return Status::ReadOnly(path_ +
                            " commits together with a database (atomic_commit=on): write to it "
                            "through a table of that database");
  }
  Superblock next = container_->superblock();
  if (next.bound_database == *database) return Status();
  if (next.bound_database != Uuid{}) {
    return Status::ReadOnly(path_ + " commits together with database " +
                            UuidText(next.bound_database) + " (atomic_commit=on), not with this " +
                            "one, " + UuidText(*database) +
                            ": write from there, or DROP TABLE there to let this one have it");
  }
  next.bound_database = *database;
  const Status bound = container_->WriteSuperblock(next);
  if (!bound.ok()) NoteFailure("superblock", bound);
  if (bound.ok()) ShareSuperblock();
  return bound;
}

Status StorageEngine::UndecidedError() const {
  return Status::ReadOnly(
      path_ + ": the process that wrote its last transaction died before saying whether that was " +
      "committed; open the container's table in the database that it commits with (" +
      UuidText(container_->superblock().bound_database) +
      ") first, which knows. Until then the rest can be read, and nothing written");
}

Status StorageEngine::HoldWriter(int64_t timeout_us, const std::function<Status()>& work,
                                 WriterLock::Holder holder) {
  XTDB_RETURN_IF_ERROR(writer_.Acquire(timeout_us, path_, holder));
  Cleanup release([this] { writer_.Release(); });
  if (options_.read_only) {
    std::lock_guard lock(catch_up_mutex_);
    return work();
  }
  XTDB_RETURN_IF_ERROR(LockWriter(timeout_us));
  release.Cancel();
  const Cleanup end([this] { EndWrite(); });
  RaisedFlag unfinished(must_recover_);
  Status done = work();
  unfinished.Done();
  return done;
}

Status StorageEngine::SettleUndecided(const IsCommittedFn& is_committed, int64_t timeout_us) {
  if (!has_undecided_) return Status();
  return HoldWriter(timeout_us, [&]() -> Status {
    if (!has_undecided_) return Status();  // somebody else was first
    XTDB_ASSIGN_OR_RETURN(
        const bool committed,
        is_committed({container_->header().uuid, container_->superblock().bound_database,
                      undecided_.prepare_lsn}));
    if (!options_.read_only) {
      XTDB_RETURN_IF_ERROR(BeginEpoch(*wal_));
      shared_->SetLogEpoch(container_->superblock().log_epoch);
      ShareSuperblock();
      wal_astray_ = false;
    }
    XTDB_RETURN_IF_ERROR(committed ? CommitUndecided() : AbortUndecided());
    return !options_.read_only && shared_->log_failed() ? LeaveFailedLog() : Status();
  });
}

Status StorageEngine::CommitUndecided() {
  XTDB_RETURN_IF_ERROR(
      undecided_.Commit(state_->dictionary, state_->buffer, state_->chunks).WithContext(LogPath()));
  if (!undecided_.blocks.empty()) XTDB_RETURN_IF_ERROR(state_->chunks.FinishReplay());
  {
    std::lock_guard lock(mutex_);
    published_lsn_ = undecided_.prepare_lsn;
    ++stats_.recovered_transactions;
    stats_.recovered_points += undecided_.point_count;
  }
  events_.Add(clock_.NowUs(), EventLevel::kInfo, "recovery",
              "the transaction prepared at LSN " + std::to_string(undecided_.prepare_lsn) +
                  " is kept: its database has committed it");
  undecided_ = {};
  has_undecided_ = false;
  return Status();
}

// The ABORT comes before anything else: whatever stood behind the PREPARE would confirm it.
Status StorageEngine::AbortUndecided() {
  if (!options_.read_only) {
    const RotatingWAL::Entry abort{FrameType::kAbort, {}};
    Status aborted = wal_->BatchAppend(std::span(&abort, 1), undecided_.transaction).status();
    if (aborted.ok()) aborted = wal_->Sync();
    if (!aborted.ok()) {
      NoteFailure("recovery", aborted);
      return aborted;
    }
  }
  events_.Add(clock_.NowUs(), EventLevel::kInfo, "recovery",
              "the transaction prepared at LSN " + std::to_string(undecided_.prepare_lsn) +
                  " is dropped: its database has not committed it");
  undecided_ = {};
  has_undecided_ = false;
  return Status();
}

Status StorageEngine::ForgetDatabase(const Uuid& database, Binding binding, int64_t timeout_us) {
  return HoldWriter(timeout_us, [&]() -> Status {
    if (container_->superblock().bound_database != database) return Status();
    // On a medium that nobody can write nothing can be undecided later, unless it is now.
    if (options_.read_only && wal_ == nullptr) return Status();
    XTDB_RETURN_IF_ERROR(CheckWritable());
    if (wal_ != nullptr) {
      // Any frame behind a PREPARE confirms it.
      const RotatingWAL::Entry mark{FrameType::kAbort, {}};
      Status marked = wal_->BatchAppend(std::span(&mark, 1), RotatingWAL::kNewTransaction).status();
      if (marked.ok()) marked = wal_->Sync();
      if (!marked.ok()) NoteFailure("detaching the database", marked);
      XTDB_RETURN_IF_ERROR(marked);
    }
    if (binding == Binding::kKeep) return Status();
    Superblock next = container_->superblock();
    next.bound_database = {};
    const Status released = container_->WriteSuperblock(next);
    if (!released.ok()) NoteFailure("superblock", released);
    if (released.ok()) ShareSuperblock();
    return released;
  });
}

}  // namespace xtdb
