#include <algorithm>
#include <limits>

#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"

namespace xtdb {

namespace {

// How long a wait may last before it is asked again whether it is over.
constexpr int64_t kWaitStepUs = 100'000;
// The end of a compaction waits so long at least: its work would be lost.
constexpr int64_t kEndTimeoutUs = 60'000'000;
// In the background, of the bytes that are to be compacted.
constexpr uint64_t kSpaceFactor = 2;

}  // namespace

// One run of chunks that is being compacted. What it reads is held by a snapshot's place, though by
// no Snapshot: that would keep the engine alive, which may wait for the compaction to end.
struct StorageEngine::Compaction {
  LSN lsn = kNoLsn;
  std::shared_ptr<EngineState> state;  // null once the snapshot is let go
  ChunkList inputs;
  ChunkList older;
  Horizon horizon;
  StorageOptions storage;
  SlotLease lease;
  bool is_undecided = false;  // its record may or may not count
};

Result<StorageEngine::CompactionReport> StorageEngine::Compact(CompactionScope scope,
                                                               int64_t timeout_us) {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  const Patience patience{timeout_us, [] { return false; }};
  XTDB_RETURN_IF_ERROR(LockCompaction(patience));
  const Cleanup unlock([this] { UnlockCompaction(); });
  XTDB_RETURN_IF_ERROR(Seal(timeout_us));
  CompactionReport report;
  CompactionNeed need = DueCompaction();
  need.scope = scope;
  need.after_sequence = 0;
  XTDB_RETURN_IF_ERROR(CompactRuns(need, patience, report));
  return report;
}

Status StorageEngine::LockCompaction(const Patience& patience) {
  const auto busy = [this](const char* who) {
    return Status::Busy(path_ + ": " + who + " compacts it; try again later");
  };
  if (!compaction_lock_.Acquire(patience.timeout_us, path_).ok()) return busy("another thread");
  Cleanup release([this] { compaction_lock_.Release(); });
  XTDB_RETURN_IF_ERROR(CheckWritable());
  Backoff backoff(clock_, patience.timeout_us);
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool locked, locks_.TryCompaction());
    if (locked) break;
    if (patience.is_over() || !backoff.Wait()) return busy("another process");
  }
  is_compacting_ = true;
  release.Cancel();
  return Status();
}

void StorageEngine::UnlockCompaction() {
  is_compacting_ = false;
  if (!forked()) locks_.UnlockCompaction();
  compaction_lock_.Release();
}

// A compaction gives its space back, but a writer that needs it meanwhile would find the disk full.
Status StorageEngine::CheckSpareSpace(const CompactionNeed& need) {
  const std::shared_ptr<EngineState> state = CurrentState();
  uint64_t needed = 0;
  for (const auto& chunk : SelectForCompaction(*state->chunks.chunks(), need)) {
    needed += chunk->summary().used_extents * kExtentSizeBytes;
  }
  XTDB_ASSIGN_OR_RETURN(const uint64_t spare, fs_.FreeBytes(DirectoryOf(path_)));
  if (spare >= kSpaceFactor * needed) return Status();
  return Status::ResourceExhausted(path_ + ": " + std::to_string(kSpaceFactor * needed) +
                                   " bytes should be free on its disk, and " +
                                   std::to_string(spare) + " are");
}

Status StorageEngine::CompactRuns(CompactionNeed need, const Patience& patience,
                                  CompactionReport& report) {
  while (!patience.is_over()) {
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Compaction> run, BeginCompaction(need, patience));
    if (run == nullptr) return Status();
    CompactionCounts counts;
    const Result<ChunkList> outputs = BuildCompacted(*run, patience, counts);
    const Status ended = EndCompaction(*run, outputs, patience);
    // Chunks were dropped meanwhile: there may be others to compact.
    if (ended.code() == StatusCode::kFailedPrecondition) continue;
    if (ended.code() == StatusCode::kCorruption) {
      uncompactable_sequence_ = PlaceOfAll(run->inputs).last;
    }
    XTDB_RETURN_IF_ERROR(ended);
    ++report.runs;
    report.chunks_in += run->inputs.size();
    report.chunks_out += outputs.value().size();
    report.counts.points_in += counts.points_in;
    report.counts.points_out += counts.points_out;
    report.counts.bytes_in += counts.bytes_in;
    report.counts.bytes_out += counts.bytes_out;
    need.after_sequence = PlaceOfAll(run->inputs).last;
    TellDone("compaction", [&] {
      return "chunks: " + std::to_string(run->inputs.size()) + " became " +
             std::to_string(outputs.value().size()) +
             ", bytes: " + std::to_string(counts.bytes_in) + " became " +
             std::to_string(counts.bytes_out);
    });
    std::lock_guard lock(mutex_);
    ++stats_.compactions;
    stats_.chunks_compacted += run->inputs.size();
    stats_.compaction_bytes_read += counts.bytes_in;
    stats_.compaction_bytes_written += counts.bytes_out;
  }
  return Status();
}

Status StorageEngine::HoldWriterPatiently(const Patience& patience,
                                          const std::function<Status()>& work) {
  int64_t left_us = patience.timeout_us;
  while (true) {
    XTDB_RETURN_IF_ERROR(CheckWritable());
    const int64_t step_us = std::min(left_us, kWaitStepUs);
    bool was_held = false;
    const auto begin = [&]() -> Status {
      was_held = true;
      XTDB_RETURN_IF_ERROR(CheckWritable());
      XTDB_RETURN_IF_ERROR(EnsureLog());
      return work();
    };
    const Status held = HoldWriter(step_us, begin, WriterLock::Holder::kMaintenance);
    left_us -= step_us;
    if (was_held || held.code() != StatusCode::kBusy) return held;
    if (left_us <= 0 || patience.is_over()) return held;
  }
}

Result<std::unique_ptr<StorageEngine::Compaction>> StorageEngine::BeginCompaction(
    CompactionNeed need, const Patience& patience) {
  std::unique_ptr<Compaction> run;
  const auto begin = [&]() -> Status {
    EndLease();  // of a compaction of ours that could not take WRITER at its end
    const auto [all, horizon] = state_->chunks.visible();
    need.horizon = horizon;
    ChunkList inputs = SelectForCompaction(*all, need);
    if (inputs.empty()) return Status();
    run = std::make_unique<Compaction>();
    run->older = OlderThan(inputs, *all);
    run->horizon = horizon;
    run->storage = container_->superblock().options;
    // Sorted by tag, the points of many flushes may waste a little more.
    run->lease = state_->chunks.FindLease(static_cast<uint32_t>(inputs.size()) + 1);
    run->inputs = std::move(inputs);
    shared_->SetLease(run->lease);
    state_->chunks.SetLease(run->lease);
    run->state = state_;
    std::lock_guard lock(mutex_);
    run->lsn = published_lsn_;
    snapshots_.emplace(run->lsn, clock_.NowUs());
    ShareOldestSnapshot();
    return Status();
  };
  XTDB_RETURN_IF_ERROR(HoldWriterPatiently(patience, begin));
  return run;
}

Result<ChunkList> StorageEngine::BuildCompacted(const Compaction& compaction,
                                                const Patience& patience,
                                                CompactionCounts& counts) {
  const StorageOptions& storage = compaction.storage;
  const SourceRange sources = PlaceOfAll(compaction.inputs);
  uint32_t begun = 0;
  CompactorOptions options;
  options.directory_budget = &container_->directory_budget();
  options.inputs = compaction.inputs;
  options.older = compaction.older;
  options.lsn = compaction.lsn;
  options.horizon = compaction.horizon;
  options.threads = options_.threads;
  options.blocks.codec.raw_records = storage.raw_records != 0;
  options.blocks.codec.compress = true;
  options.blocks.block_extents = storage.block_extents;
  options.blocks.spares_rest = true;
  options.is_stopped = patience.is_over;
  options.next_header = [&]() -> Result<ChunkHeader> {
    if (begun == compaction.lease.slots.count) {
      return Status::ResourceExhausted(path_ + ": compaction would take more room than it frees");
    }
    return compaction.state->chunks.LeasedHeader(compaction.lease, begun++, sources,
                                                 clock_.NowUs());
  };
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, OpenAgain());
  Compactor compactor(container_->file(), *file, container_->layout(), *block_reader_,
                      compaction.state->dictionary, std::move(options));
  ChunkList outputs;
  const Status ran = CatchNoMemory([&]() -> Status {
    XTDB_ASSIGN_OR_RETURN(outputs, compactor.Run());
    return Status();
  });
  counts = compactor.counts();
  if (!ran.ok()) return ran;
  return outputs;
}

// The container once more. The kernel tells each open file once that its data could not be written:
// a compaction, which syncs beside the flushes, must not hear it instead of one of them.
Result<std::unique_ptr<File>> StorageEngine::OpenAgain() {
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs_.Open(path_, OpenMode::kReadWrite));
  XTDB_ASSIGN_OR_RETURN(const FileIdentity ours, container_->file().Identity());
  XTDB_ASSIGN_OR_RETURN(const FileIdentity opened, file->Identity());
  if (opened.IsSameFile(ours)) return file;
  fs_.KeepOpen(std::move(file));
  return Status::IoError(path_ + ": another file stands there since this one was opened");
}

// Whatever becomes of it, snapshot and lease end; a lease that cannot be ended here ends with the
// lock, and whoever writes next makes room of it.
Status StorageEngine::EndCompaction(Compaction& compaction, const Result<ChunkList>& outputs,
                                    const Patience& patience) {
  const auto let_go = [&] {
    if (compaction.state == nullptr) return;
    ReleaseSnapshot(compaction.lsn, *compaction.state);
    compaction.state = nullptr;
  };
  const Cleanup end([&] { let_go(); });
  const Patience longer{std::max(patience.timeout_us, kEndTimeoutUs), patience.is_over};
  const Status held = HoldWriterPatiently(longer, [&]() -> Status {
    const Status committed =
        outputs.ok() ? CommitCompaction(compaction, outputs.value()) : outputs.status();
    if (!compaction.is_undecided) EndLease();
    let_go();
    if (committed.ok()) FreeDropped();
    return committed;
  });
  return outputs.ok() ? held : outputs.status();
}

Status StorageEngine::CommitCompaction(Compaction& compaction, const ChunkList& outputs) {
  XTDB_ASSIGN_OR_RETURN(ChunkStore::CompactPlan plan,
                        state_->chunks.PlanCompact(compaction.inputs, outputs));
  std::vector<std::byte> payload;
  AppendCompact(plan.record, payload);
  compaction.is_undecided = true;
  const Result<LSN> lsn = AppendSynced(FrameType::kCompact, payload, "compaction");
  compaction.is_undecided = !lsn.ok() && !CheckWritable().ok();
  if (!lsn.ok()) {
    state_->chunks.AbandonCompact(plan);
    return lsn.status();
  }
  {
    // At once: a snapshot of an LSN before the frame has the old list, one from there on the new.
    std::lock_guard lock(mutex_);
    state_->chunks.PublishCompact(std::move(plan), lsn.value());
    published_lsn_ = lsn.value();
  }
  Settle();
  return Status();
}

void StorageEngine::EndLease() {
  if (shared_->lease_mark() != shared_->mark()) return;
  IgnoreStatus(state_->chunks.PunchLeased(shared_->lease()), "what nobody names only takes space");
  shared_->ClearLease();
  state_->chunks.SetLease({});
}

Status StorageEngine::FollowLease() {
  SlotLease lease = shared_->lease();
  const uint64_t mark = shared_->lease_mark();
  bool is_held = mark != 0;
  if (mark == shared_->mark()) {
    is_held = is_compacting_;
  } else if (mark != 0) {
    XTDB_ASSIGN_OR_RETURN(is_held, locks_.IsCompactingElsewhere());
  }
  if (!is_held) {
    if (mark != 0 && !has_undecided_) {
      IgnoreStatus(state_->chunks.PunchLeased(lease), "what nobody names only takes space");
      shared_->ClearLease();
    }
    lease = {{}, lease.sequence_end()};
  }
  state_->chunks.SetLease(lease);
  return Status();
}

CompactionNeed StorageEngine::DueCompaction() const {
  CompactionNeed need{.due_chunks = options_.compact_chunks,
                      .after_sequence = uncompactable_sequence_};
  const uint64_t max_bytes = Storage().max_bytes.value_or(0);
  // Chunks of one run leave together: no step of max_bytes is larger than a quarter of it.
  if (max_bytes != 0) {
    const uint64_t quarter = max_bytes / 4 / container_->header().chunk_size_bytes;
    need.run_chunks_max = std::clamp<size_t>(quarter, 1, need.run_chunks_max);
  }
  return need;
}

bool StorageEngine::IsCompactionDue() const {
  return options_.compact_chunks != 0 &&
         !SelectForCompaction(*state_->chunks.chunks(), DueCompaction()).empty();
}

Status StorageEngine::CompactDue(const Patience& patience) {
  // Somebody who compacts already does the work.
  if (!LockCompaction({0, patience.is_over}).ok()) return Status();
  const Cleanup unlock([this] { UnlockCompaction(); });
  const CompactionNeed need = DueCompaction();
  XTDB_RETURN_IF_ERROR(CheckSpareSpace(need));
  CompactionReport report;
  return CompactRuns(need, patience, report);
}

// By the holder of WRITER.
void StorageEngine::RequestMaintenance() noexcept {
  const int64_t now_us = clock_.MonotonicUs();
  const Status requested = CatchNoMemory([&] {
    const bool is_due = (retention_pause_.IsOver(now_us) && IsRetentionDue()) ||
                        (compaction_pause_.IsOver(now_us) && IsCompactionDue());
    if (is_due) maintenance_worker_.Request();
    return Status();
  });
  IgnoreStatus(requested, "the next checkpoint asks again");
}

void StorageEngine::MaintainInBackground() noexcept {
  const Patience patience{std::numeric_limits<int64_t>::max(),
                          [this] { return maintenance_worker_.is_stopped(); }};
  const auto attempt = [&](const char* what, RetryPause& pause,
                           const std::function<Status()>& work) {
    if (!pause.IsOver(clock_.MonotonicUs())) return;
    const Status done = CatchNoMemory(work);
    if (patience.is_over()) return;
    if (done.ok()) return pause.NoteSuccess();
    pause.NoteFailure(clock_.MonotonicUs());
    TellFailure(what, done);
  };
  const auto retain = [&]() -> Status {
    DropReport report;
    return IsRetentionDue() ? RetainHeld(RetentionLimit(), report) : Status();
  };
  // First what need not be compacted.
  if (options_.auto_retention && HasRetention()) {
    attempt("retention", retention_pause_, [&] { return HoldWriterPatiently(patience, retain); });
  }
  if (options_.compact_chunks == 0) return;
  attempt("compaction", compaction_pause_, [&] { return CompactDue(patience); });
}

}  // namespace xtdb
