#include <algorithm>

#include "engine/storage_engine.h"

namespace xtdb {

struct StorageEngine::Loaded {
  std::shared_ptr<EngineState> state;
  std::unique_ptr<RotatingWAL> wal;  // null: the container is clean
  PendingTransaction undecided;      // of a container with atomic_commit
  LSN published_lsn = kNoLsn;
  LSN end_lsn = kNoLsn;
  bool replayed = false;  // a log was there
};

// log_lsn: for kJoin where the log is settled, for kRecover how far it is known to be synced.
Status StorageEngine::Load(LoadMode mode, LSN log_lsn) {
  Loaded loaded;
  loaded.state =
      std::make_shared<EngineState>(*container_, events_, /*repairs=*/mode == LoadMode::kRecover);
  XTDB_RETURN_IF_ERROR(LoadCatalogue(loaded));
  Superblock superblock = container_->superblock();
  if (container_->found_damaged_superblock() && mode != LoadMode::kJoin) {
    XTDB_RETURN_IF_ERROR(FindUnmarkedLog(superblock));
    events_.Add(
        clock_.NowUs(), EventLevel::kWarning, "superblock",
        "one of the two superblock copies was damaged, as a crash may leave it; written again");
    if (mode == LoadMode::kRecover) XTDB_RETURN_IF_ERROR(container_->WriteSuperblock(superblock));
  }
  loaded.end_lsn = superblock.checkpoint_lsn;
  // Everything before the checkpoint: the frame that comes next may stand right there.
  loaded.published_lsn = std::max<LSN>(superblock.checkpoint_lsn, 1) - 1;
  if (superblock.log_state == LogState::kInUse) {
    XTDB_RETURN_IF_ERROR(LoadLog(mode, log_lsn, superblock, loaded));
  }
  XTDB_RETURN_IF_ERROR(loaded.state->chunks.FinishReplay());
  if (mode == LoadMode::kJoin && loaded.state->chunks.has_untold_damage() &&
      shared_->superblock_sequence() > superblock.sequence) {
    return Status::Corruption(path_ + ": what its superblock names has changed while it was read");
  }
  Install(loaded);
  return Status();
}

// Seals and marks that the crash has interrupted; what fails here is tried again at the next
// checkpoint. Not behind a failed sync, which may have lost what they build upon.
void StorageEngine::FinishInterrupted(bool log_failed, LSN durable) {
  if (!wal_) return;
  Status sealed = state_->chunks.EraseUnnamedEntries();
  if (log_failed) {
    if (!sealed.ok()) NoteFailure("recovery", sealed);
    // Unknown if the shared memory is of an earlier epoch; but the checkpoint needs no log before
    // it.
    return wal_->DistrustSyncsBeyond(std::max(durable, container_->superblock().checkpoint_lsn));
  }
  if (has_undecided_) return;
  if (sealed.ok()) sealed = state_->chunks.CopyEntries();
  if (sealed.ok()) sealed = state_->chunks.SealFull();
  if (sealed.ok()) sealed = state_->chunks.MarkDropped(kMaxLsn);
  if (!sealed.ok()) NoteFailure("seal after recovery", sealed);
}

Status StorageEngine::LoadCatalogue(Loaded& loaded) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, container_->ReadCatalogue());
  loaded.state->dictionary.ReserveIdsBelow(container_->superblock().next_tag_id);
  loaded.state->chunks.SetHorizon(container_->superblock().horizon);
  if (bytes.empty()) return Status();
  Result<Catalogue> catalogue = DecodeCatalogue(bytes);
  if (!catalogue.ok()) return catalogue.status().WithContext(path_);
  for (TagDefinition& tag : catalogue.value().tags) loaded.state->dictionary.Put(std::move(tag));
  return loaded.state->chunks.LoadTable(catalogue.value().chunks);
}

Status StorageEngine::LoadLog(LoadMode mode, LSN log_lsn, const Superblock& superblock,
                              Loaded& loaded) {
  if (!fs_.Exists(LogPath())) {
    return Status::Corruption(
        path_ + " was not closed and its log " + LogPath() +
        " is missing: put the two files side by side again, or run xtdb salvage on "
        "a copy");
  }
  LogReplay replay(loaded.state->dictionary, loaded.state->buffer, loaded.state->chunks);
  XTDB_RETURN_IF_ERROR(OpenLog(mode, log_lsn, superblock, replay, loaded));
  loaded.replayed = true;
  const bool is_decided = !loaded.undecided.prepared();
  loaded.end_lsn = is_decided ? loaded.wal->end_lsn() : loaded.undecided.transaction;
  loaded.published_lsn = std::max(loaded.published_lsn, replay.last_lsn());
  return mode == LoadMode::kRecover && is_decided ? BeginEpoch(*loaded.wal) : Status();
}

Status StorageEngine::OpenLog(LoadMode mode, LSN log_lsn, const Superblock& superblock,
                              LogReplay& replay, Loaded& loaded) {
  const auto apply = [&](const LogRecord& record) { return replay.Apply(record); };
  const Uuid& uuid = container_->header().uuid;
  ReplayEnd end;
  if (mode == LoadMode::kJoin) {
    XTDB_ASSIGN_OR_RETURN(
        loaded.wal, RotatingWAL::Join(fs_, LogPath(), uuid, superblock.checkpoint_lsn,
                                      std::max(log_lsn, superblock.checkpoint_lsn), options_.wal,
                                      options_.read_only, apply));
  } else {
    XTDB_ASSIGN_OR_RETURN(
        loaded.wal, RotatingWAL::Open(fs_, LogPath(), uuid, superblock.checkpoint_lsn, log_lsn,
                                      options_.wal, mode == LoadMode::kReadAlone, apply, &end));
  }
  if (atomic_commit_ && mode != LoadMode::kJoin) loaded.undecided = replay.TakeUndecided();
  const Status settled = replay.Finish();
  if (!settled.ok()) return settled.WithContext(LogPath());
  if (mode != LoadMode::kJoin) TellRecovery(replay, end);
  return Status();
}

void StorageEngine::TellRecovery(const LogReplay& replay, const ReplayEnd& end) {
  std::string told = "replayed " + std::to_string(replay.transactions()) + " transactions with " +
                     std::to_string(replay.points()) + " points";
  if (replay.withdrawn() != 0) {
    told += ", dropped " + std::to_string(replay.withdrawn()) + " that never committed";
  }
  if (end.tail_was_cut) told += ", cut an unfinished write at LSN " + std::to_string(end.end_lsn);
  events_.Add(clock_.NowUs(), end.tail_was_cut ? EventLevel::kWarning : EventLevel::kInfo,
              "recovery", told);
  std::lock_guard lock(mutex_);
  stats_.recovered_transactions = replay.transactions();
  stats_.recovered_points = replay.points();
}

// From here on the replayed log may be written.
Status StorageEngine::BeginEpoch(RotatingWAL& wal) {
  Superblock next = container_->superblock();
  next.log_epoch = std::max(next.log_epoch, wal.epoch_min()) + 1;
  XTDB_RETURN_IF_ERROR(container_->WriteSuperblock(next));
  wal.BeginEpoch(next.log_epoch);
  return Status();
}

void StorageEngine::Install(Loaded& loaded) {
  if (wal_ != nullptr) old_log_syncs_ += wal_->sync_count();
  wal_ = std::move(loaded.wal);
  applied_lsn_ = loaded.end_lsn;
  loaded_sequence_ = container_->superblock().sequence;
  buffered_since_us_ = wal_ ? clock_.MonotonicUs() : 0;
  must_reload_ = false;
  undecided_ = std::move(loaded.undecided);
  has_undecided_ = undecided_.prepared();
  wal_astray_ = has_undecided_;  // it stands behind what is applied
  flushes_followed_ = false;
  left_unfinished_ = false;
  loaded.state->chunks.TellDamage();
  NoteStorage();
  std::lock_guard lock(mutex_);
  state_ = std::move(loaded.state);
  published_lsn_ = std::max(published_lsn_, loaded.published_lsn);
  stats_.checkpoint_lsn = container_->superblock().checkpoint_lsn;
  if (loaded.replayed) {
    committed_anything_ = true;
    NoteLogStats();
  }
}

}  // namespace xtdb
