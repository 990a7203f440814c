#include <algorithm>

#include "engine/storage_engine.h"

namespace xtdb {

std::vector<DroppedChunk> StorageEngine::DroppedChunks() const {
  return CurrentState()->chunks.dropped();
}

Result<StorageEngine::DropReport> StorageEngine::DropBefore(int64_t before_us, int64_t timeout_us) {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  // What is buffered is newer than every block, and so must not be left out of the comparison; the
  // checkpoint seals, since only sealed chunks go, and replay must find them sealed.
  XTDB_RETURN_IF_ERROR(FlushAll());
  XTDB_RETURN_IF_ERROR(Checkpoint(LogState::kInUse));
  ChunkStore::DropPlan plan = state_->chunks.PlanDrop(before_us);
  const DropReport report = ReportOf(plan);
  if (plan.record.chunks.empty()) return report;
  XTDB_RETURN_IF_ERROR(AppendDropRecord(std::move(plan), "drop"));
  FreeDropped();
  return report;
}

StorageEngine::DropReport StorageEngine::ReportOf(const ChunkStore::DropPlan& plan) {
  DropReport report;
  for (const DroppedChunk& dropped : plan.dropped) {
    if (dropped.drop_lsn != kNoLsn) continue;  // of an earlier drop
    const ChunkSummary summary = dropped.chunk->summary();
    ++report.chunks;
    report.points += summary.point_count;
    report.blocks += summary.block_count;
    report.bytes += summary.used_extents * kExtentSizeBytes;
  }
  return report;
}

Status StorageEngine::AppendDropRecord(ChunkStore::DropPlan plan, const char* kind) {
  const DropReport report = ReportOf(plan);
  const bool hides = plan.record.hides;
  std::vector<std::byte> payload;
  AppendDrop(plan.record, payload);
  XTDB_ASSIGN_OR_RETURN(const LSN lsn, AppendSynced(FrameType::kDrop, payload, "drop"));
  {
    // At once: a snapshot of an LSN before the frame has the old list, one from there on the new.
    std::lock_guard lock(mutex_);
    stats_.chunks_dropped += plan.record.chunks.size();
    state_->chunks.PublishDrop(std::move(plan), lsn);
    published_lsn_ = lsn;
  }
  Settle();
  TellDone(kind, [&] {
    const std::string gone = "chunks gone: " + std::to_string(report.chunks) +
                             ", points: " + std::to_string(report.points) +
                             ", bytes: " + std::to_string(report.bytes);
    return hides ? gone + "; what is as old in others is hidden" : gone;
  });
  return Status();
}

Result<LSN> StorageEngine::AppendSynced(FrameType type, std::span<const std::byte> payload,
                                        const char* what) {
  const RotatingWAL::Entry entry{type, payload};
  const auto write = [&]() -> Result<LSN> {
    XTDB_ASSIGN_OR_RETURN(const LSN lsn, wal_->BatchAppend(std::span(&entry, 1), kNoLsn));
    XTDB_RETURN_IF_ERROR(wal_->Sync());
    return lsn;
  };
  RaisedFlag unfinished(must_recover_);
  Result<LSN> lsn = write();
  unfinished.Done();
  if (!lsn.ok()) NoteFailure(what, lsn.status());
  return lsn;
}

// One checkpoint passes the frame that has let chunks go, the next may reuse their slots.
void StorageEngine::FreeDropped() {
  Status freed = Checkpoint(LogState::kInUse);
  if (freed.ok() && state_->chunks.CanReclaim(OldestSnapshotAnywhere())) {
    freed = Checkpoint(LogState::kInUse);
  }
  IgnoreStatus(freed, "what let them go stands, its failure is noted, and a later one frees slots");
}

}  // namespace xtdb
