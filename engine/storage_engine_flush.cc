#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/base/parallel.h"
#include "engine/block/mixed_packer.h"
#include "engine/block/tag_encoder.h"
#include "engine/storage_engine.h"
#include "engine/wal/log_records.h"

namespace xtdb {

namespace {

constexpr uint64_t kLogBudgets = 4;  // log since the checkpoint, in buffer budgets
// A FLUSH record takes no more tags once it has so many blocks: about 2 MiB, which with the blocks
// of one more tag, however many, stays below kRecordBytesMax.
constexpr size_t kFlushBlocksMax = 8 * 1024;
// Tags that are encoded before the first of their blocks is written.
constexpr size_t kFlushGroupTags = 64;
// Fewer points are encoded before another thread would have begun.
constexpr uint64_t kParallelPointsMin = 16 * 1024;

}  // namespace

Status StorageEngine::ReserveRoom(const Staging& staging) {
  // Readers that were late at the checkpoint may have moved on.
  if (wal_->released_lsn() < container_->superblock().checkpoint_lsn) ReleaseLog();
  // The record headers and paddings come on top; text is counted by the heap.
  const uint64_t payload = staging.MemoryBytes() + staging.tags().size() * 64 + 4 * kKiB;
  XTDB_RETURN_IF_ERROR(
      wal_->Reserve(payload, static_cast<uint32_t>(payload / kMiB + staging.tags().size() + 2)));
  // Room to flush what is buffered, so that the flush does not find the disk full.
  return state_->chunks.Reserve(state_->buffer.bytes() + staging.MemoryBytes());
}

Status StorageEngine::SyncLog() {
  if (options_.synchronous == Synchronous::kOff) return Status();
  if (options_.synchronous == Synchronous::kNormal) {
    XTDB_ASSIGN_OR_RETURN(const bool is_noted,
                          log_syncer_.NoteCommit(wal_->durable_lsn(), wal_->end_lsn()));
    if (is_noted) return Status();
  }
  const Status synced = wal_->Sync();
  if (!synced.ok()) {
    NoteFailure("log sync", synced);
    return synced;
  }
  if (!shared_->log_failed()) return Status();
  must_recover_ = true;  // whoever writes next leaves the log first
  return Status::IoError(LogPath() +
                         ": another process could not sync it; try the transaction again");
}

void StorageEngine::MaintainAfterCommit() noexcept {
  // The commit itself stands, whatever becomes of the flush.
  last_flush_error_ = CatchNoMemory([this] { return FlushWhatIsDue(); });
}

Status StorageEngine::FlushWhatIsDue() {
  const int64_t now = clock_.MonotonicUs();
  if (buffered_since_us_ == 0) buffered_since_us_ = now;
  if (state_->buffer.bytes() > options_.buffer_bytes) XTDB_RETURN_IF_ERROR(FlushOverBudget());
  const uint64_t log_bytes = wal_->end_lsn() - container_->superblock().checkpoint_lsn;
  const bool log_is_long = log_bytes > kLogBudgets * options_.buffer_bytes;
  const bool is_old = now - buffered_since_us_ > options_.flush_age_us;
  if (!log_is_long && !is_old) return Status();
  XTDB_RETURN_IF_ERROR(FlushAll());
  return Checkpoint(LogState::kInUse);
}

Status StorageEngine::FlushOverBudget() {
  std::vector<TagId> tags;
  size_t left = state_->buffer.bytes();
  for (const MemBuffer::TagUsage& usage : state_->buffer.Usage()) {
    if (left <= options_.buffer_bytes / 2) break;
    tags.push_back(usage.tag);
    left -= std::min(left, usage.bytes);
  }
  // By number, so that neighbours of one flush are neighbours on disk.
  std::sort(tags.begin(), tags.end());
  last_flush_error_ = FlushTags(tags);
  return last_flush_error_;
}

Status StorageEngine::FlushAll() {
  std::vector<TagId> tags;
  for (const MemBuffer::TagUsage& usage : state_->buffer.Usage()) tags.push_back(usage.tag);
  // By number, so that neighbours of one flush are neighbours on disk.
  std::sort(tags.begin(), tags.end());
  XTDB_RETURN_IF_ERROR(FlushTags(tags));
  buffered_since_us_ = 0;
  return Status();
}

Status StorageEngine::FlushTags(std::span<const TagId> tags) {
  while (!tags.empty()) {
    XTDB_ASSIGN_OR_RETURN(const size_t flushed, FlushFirst(tags));
    tags = tags.subspan(flushed);
  }
  return Status();
}

Result<size_t> StorageEngine::FlushFirst(std::span<const TagId> tags) {
  RaisedFlag unfinished(must_recover_);  // unless memory suffices for what the log says
  FlushRecord record;
  // The points must be safe in the log before a block may stand for them; with synchronous=off,
  // too: others have committed some of them, and a torn flush would cost more than the last
  // commits.
  const Status synced = wal_->Sync();
  const Result<size_t> written = synced.ok() ? WriteBlocks(tags, record) : synced;
  if (!written.ok()) {
    state_->chunks.Abandon();
    unfinished.Done();
    NoteFailure("flush", written.status());
    return written;
  }
  const Status appended = AppendFlushRecord(std::move(record), tags.first(written.value()));
  unfinished.Done();
  if (!appended.ok()) {
    NoteFailure("flush", appended);
    return appended;
  }
  return written;
}

Result<size_t> StorageEngine::WriteBlocks(std::span<const TagId> tags, FlushRecord& record) {
  const BlockOptions options = FlushBlockOptions(tags.size());
  BlockOutput output(container_->file(), container_->container_id(), options_.block_output);
  MixedPacker mixed(published_lsn_);
  std::vector<EncodedBlock> mixed_blocks;
  size_t taken = 0;
  while (taken < tags.size() && record.entries.size() + mixed_blocks.size() < kFlushBlocksMax) {
    const auto group = tags.subspan(taken, std::min(tags.size() - taken, kFlushGroupTags));
    XTDB_ASSIGN_OR_RETURN(std::vector<EncodedTag> encoded, EncodeTags(group, options));
    for (size_t i = 0; i < group.size(); ++i) {
      XTDB_RETURN_IF_ERROR(PlaceBlocks(encoded[i].blocks, output, record));
      if (!encoded[i].rest.empty()) record.mixed_tags.push_back(group[i]);
      for (EncodedVector& vector : encoded[i].rest) mixed.Add(std::move(vector), mixed_blocks);
    }
    taken += group.size();
  }
  mixed.Finish(mixed_blocks);
  XTDB_RETURN_IF_ERROR(PlaceBlocks(mixed_blocks, output, record));
  XTDB_RETURN_IF_ERROR(output.Finish());
  record.chunks = state_->chunks.begun_chunks();
  XTDB_RETURN_IF_ERROR(container_->file().Sync());
  return taken;
}

// The unflushed points of each tag, encoded on as many threads as they are worth.
Result<std::vector<EncodedTag>> StorageEngine::EncodeTags(std::span<const TagId> tags,
                                                          const BlockOptions& options) {
  std::vector<EncodedTag> encoded(tags.size());
  const bool is_much = state_->buffer.point_count() >= kParallelPointsMin;
  const auto encode = [&](size_t i) -> Status {
    const PointColumns points =
        state_->buffer.Collect(tags[i], state_->dictionary.Find(tags[i])->type);
    XTDB_ASSIGN_OR_RETURN(encoded[i], EncodeTag(tags[i], points, published_lsn_, options));
    return Status();
  };
  XTDB_RETURN_IF_ERROR(ParallelFor(tags.size(), is_much ? options_.threads : 1, encode));
  return encoded;
}

BlockOptions StorageEngine::FlushBlockOptions(size_t tag_count) const {
  const StorageOptions& storage = container_->superblock().options;
  BlockOptions options;
  options.codec.raw_records = storage.raw_records != 0;
  options.block_extents = storage.block_extents;
  options.spares_rest = tag_count > 1;
  return options;
}

Status StorageEngine::PlaceBlocks(std::span<EncodedBlock> blocks, BlockOutput& output,
                                  FlushRecord& record) {
  for (EncodedBlock& block : blocks) {
    XTDB_ASSIGN_OR_RETURN(const ChunkStore::Place place, PlaceBlock(block, output));
    record.entries.push_back({place.chunk->layout().slot, place.entry_index,
                              place.chunk->header().chunk_sequence, block.entry});
  }
  return Status();
}

Result<ChunkStore::Place> StorageEngine::PlaceBlock(EncodedBlock& block, BlockOutput& output) {
  XTDB_ASSIGN_OR_RETURN(ChunkStore::Place place,
                        state_->chunks.PlaceBlock(block.entry.extents, clock_.NowUs()));
  XTDB_RETURN_IF_ERROR(output.Write(block, place.chunk->header().chunk_sequence, place.offset));
  return place;
}

Status StorageEngine::AppendFlushRecord(FlushRecord record, std::span<const TagId> tags) {
  std::vector<std::byte> payload;
  // The record's own place: nobody else appends while we hold WRITER.
  for (PlacedEntry& placed : record.entries) placed.entry.flush_lsn = wal_->end_lsn();
  AppendFlush(record, payload);
  const RotatingWAL::Entry entry{FrameType::kFlush, payload};
  Result<LSN> appended = wal_->BatchAppend(std::span(&entry, 1), kNoLsn);
  if (!appended.ok()) {
    state_->chunks.Abandon();
    return appended.status();
  }
  XTDB_RETURN_IF_ERROR(wal_->Sync());
  const LSN lsn = appended.value();
  uint64_t bytes = 0;
  for (const PlacedEntry& placed : record.entries) bytes += placed.entry.extents * kExtentSizeBytes;
  const size_t block_count = record.entries.size();
  XTDB_RETURN_IF_ERROR(state_->chunks.Publish(std::move(record), lsn));
  for (const TagId tag : tags) state_->buffer.Retire(tag, lsn);
  SnapshotSet snapshots;
  {
    std::lock_guard lock(mutex_);
    published_lsn_ = lsn;
    snapshots = Snapshots();
    ++stats_.flushes;
    stats_.blocks_written += block_count;
    stats_.block_bytes_written += bytes;
  }
  state_->buffer.Reclaim(snapshots);
  return Status();
}

Status StorageEngine::WriteCheckpoint(LogState log_state, CheckpointScope scope) {
  const bool is_whole = scope == CheckpointScope::kWhole;
  XTDB_RETURN_IF_ERROR(wal_->Sync());
  XTDB_RETURN_IF_ERROR(state_->chunks.CopyEntries());
  if (is_whole) XTDB_RETURN_IF_ERROR(state_->chunks.SealFull());
  Superblock next = container_->superblock();
  next.checkpoint_lsn = std::min(state_->buffer.oldest_frame_lsn(), wal_->end_lsn());
  if (is_whole) {
    XTDB_RETURN_IF_ERROR(state_->chunks.MarkDropped(next.checkpoint_lsn));
    XTDB_RETURN_IF_ERROR(state_->chunks.Reclaim(OldestSnapshotAnywhere()));
  }
  XTDB_RETURN_IF_ERROR(state_->chunks.WriteCatalogue(CommittedTags(), next));
  XTDB_RETURN_IF_ERROR(container_->file().Sync());
  next.next_tag_id = state_->dictionary.next_id();
  next.horizon = state_->chunks.visible().horizon;
  next.log_state = log_state;
  return container_->WriteSuperblock(next);
}

Status StorageEngine::Checkpoint(LogState log_state, CheckpointScope scope) {
  RaisedFlag unfinished(must_recover_);
  const Status written = WriteCheckpoint(log_state, scope);
  unfinished.Done();
  state_->chunks.EndReclaim(written.ok());
  left_unfinished_ = !written.ok();
  if (!written.ok()) {
    NoteFailure("checkpoint", written);
    return written;
  }
  // In this order: where the log goes on behind a failed range, only a reader that begins at the
  // new checkpoint gets to its end.
  ShareSuperblock();
  Settle();
  ReleaseLog();
  {
    std::lock_guard lock(mutex_);
    NoteLogStats();
    ++stats_.checkpoints;
    stats_.checkpoint_lsn = container_->superblock().checkpoint_lsn;
    stats_.chunks_sealed = state_->chunks.sealed_count();
    stats_.slots_reclaimed = state_->chunks.reclaimed_count();
  }
  RequestMaintenance();
  return Status();
}

std::vector<TagDefinition> StorageEngine::CommittedTags() const {
  std::vector<TagDefinition> tags;
  for (const TagPtr& tag : *state_->dictionary.Sorted()) tags.push_back(*tag);
  return tags;
}

Status StorageEngine::Flush(int64_t timeout_us) { return FlushAndHold(timeout_us).status(); }

Result<std::unique_ptr<Transaction>> StorageEngine::FlushAndHold(int64_t timeout_us) {
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  XTDB_RETURN_IF_ERROR(FlushAll());
  XTDB_RETURN_IF_ERROR(Checkpoint(LogState::kInUse));
  return writer;
}

Status StorageEngine::Seal(int64_t timeout_us) {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  XTDB_RETURN_IF_ERROR(FlushAll());
  state_->chunks.CloseOpenChunk();
  return Checkpoint(LogState::kInUse);
}

}  // namespace xtdb
