#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "engine/base/status.h"
#include "engine/catalog/catalogue_format.h"
#include "engine/chunk/chunk.h"
#include "engine/chunk/directory_builder.h"
#include "engine/chunk/slot_lease.h"
#include "engine/chunk/slot_map.h"
#include "engine/chunk/state_mutator.h"
#include "engine/container.h"
#include "engine/event_log.h"
#include "engine/wal/compact_record.h"
#include "engine/wal/drop_record.h"
#include "engine/wal/log_records.h"

namespace xtdb {

using ChunkList = std::vector<std::shared_ptr<Chunk>>;  // by chunk sequence

// What snapshots see: which chunks, and what of their points.
struct VisibleChunks {
  std::shared_ptr<const ChunkList> chunks;
  Horizon horizon;
};

// A chunk that is gone for snapshots from `drop_lsn` on; its slot is not free yet.
struct DroppedChunk {
  std::shared_ptr<Chunk> chunk;
  LSN drop_lsn = kNoLsn;    // of the DROP frame, or a later one that is safe to take for it
  bool is_marked = false;   // DEPRECATED on disk
  bool is_punched = false;  // by the checkpoint under way, whose catalogue leaves it out
};

inline bool BySequence(const std::shared_ptr<Chunk>& a, const std::shared_ptr<Chunk>& b) {
  return a->header().chunk_sequence < b->header().chunk_sequence;
}
inline bool DroppedBySequence(const DroppedChunk& a, const DroppedChunk& b) {
  return BySequence(a.chunk, b.chunk);
}

// The chunks of one container: which there are, where the next block goes, and what still has to be
// copied from the log into directories and headers before a checkpoint may pass.
//
//   flush:      PlaceBlock ... -> (blocks written and synced, FLUSH frame durable) -> Publish,
//               or Abandon
//   checkpoint: CopyEntries -> SealFull -> WriteCatalogue -> superblock
//   recovery:   LoadTable -> Replay of each FLUSH record -> FinishReplay
//   drop:       PlanDrop -> (DROP frame durable) -> PublishDrop; then, at a checkpoint that passes
//               the frame, MarkDropped, and at a later one Reclaim -> WriteCatalogue ->
//               superblock -> EndReclaim: from there on the slot is free
//   compaction: FindLease -> (chunks written into its slots) -> PlanCompact -> (COMPACT frame
//               durable) -> PublishCompact; the inputs go as dropped ones do
//
// Ownership: borrows `container` and `events`.
// Threads:   chunks() and dropped() from any; everything else from the holder of WRITER.
class ChunkStore {
 public:
  // repairs: loading may finish what a crash has torn; only for who has the container to itself.
  ChunkStore(Container& container, EventLog& events, bool repairs = true);

  std::shared_ptr<const ChunkList> chunks() const { return visible().chunks; }
  VisibleChunks visible() const;
  // As the superblock has it, before LoadTable.
  void SetHorizon(const Horizon& horizon);
  // Dropped chunks whose slots are not free yet, by sequence.
  std::vector<DroppedChunk> dropped() const;

  // Takes disk space for `bytes` of blocks where the next ones will be placed. kResourceExhausted
  // if the disk is full.
  Status Reserve(uint64_t bytes);
  struct Place {
    std::shared_ptr<Chunk> chunk;
    uint32_t entry_index = 0;
    uint64_t offset = 0;  // in the container
  };
  // The next `extents` free data extents, with disk space behind them; begins another chunk when
  // the open one has no room. kResourceExhausted if the disk is full.
  Result<Place> PlaceBlock(uint32_t extents, int64_t now_us);
  // The chunks that PlaceBlock has begun since the last Publish or Abandon: part of the FLUSH
  // record.
  std::vector<NewChunk> begun_chunks() const;
  // The FLUSH record at `lsn` is durable: its entries are visible to snapshots from there on.
  Status Publish(FlushRecord record, LSN lsn);
  // The same in two steps, for a transaction: takes all memory that is needed; nobody reads at
  // `lsn` yet. Then Confirm, or Abandon. May be called for several records.
  Status PreparePublish(const FlushRecord& record, LSN lsn);
  void Confirm() noexcept;
  // Takes back what PreparePublish has entered; the places stay taken.
  void Retract() noexcept;
  // The flush failed: its places are free again.
  void Abandon() noexcept;
  // Of a transaction that rolls back: the same, and what stands there is wiped, as far as the disk
  // lets, so that salvage never has to wonder about it.
  void AbandonAndWipe() noexcept;

  // What dropping all that is earlier than `before_us` would take out; an empty record if nothing.
  struct DropPlan {
    DropRecord record;
    std::shared_ptr<const ChunkList> remaining;
    std::vector<DroppedChunk> dropped;  // those of before included
  };
  DropPlan PlanDrop(int64_t before_us) const;
  // The same of a retention, which hides what is earlier in the chunks that stay; so none has to
  // stay for the sake of another.
  DropPlan PlanRetain(int64_t before_us) const;
  // The DROP record at `lsn` is durable: snapshots from there on do not see its chunks. Takes no
  // memory, so it cannot fail. Nothing but the record's append may happen since PlanDrop.
  void PublishDrop(DropPlan&& plan, LSN lsn) noexcept;
  // Slots that a compaction has taken; nobody begins a chunk there. `sequence_end`: numbers below
  // it are used.
  void SetLease(const SlotLease& lease);
  // So many slots side by side that are free, and as many numbers; not taken yet.
  SlotLease FindLease(uint32_t slots);
  // The header of chunk `index` of a lease.
  ChunkHeader LeasedHeader(const SlotLease& lease, uint32_t index, const SourceRange& sources,
                           int64_t created_at_us) const;
  // The slots of a lease that has ended and in which no chunk has come to be.
  Status PunchLeased(const SlotLease& lease) const;
  // Punches free slots in which a compaction that never committed has left blocks. By who has the
  // container to himself.
  Status PunchAbandoned();
  struct CompactPlan {
    CompactRecord record;
    std::shared_ptr<const ChunkList> chunks;  // with the outputs in the place of the inputs
    std::vector<DroppedChunk> dropped;        // those of before included
    std::vector<std::shared_ptr<Chunk>> full;
  };
  // Takes the outputs' slots. kFailedPrecondition: an input is gone.
  Result<CompactPlan> PlanCompact(const ChunkList& inputs, const ChunkList& outputs);
  // The record could not be written.
  void AbandonCompact(const CompactPlan& plan) noexcept;
  // The COMPACT record at `lsn` is durable. Takes no memory, so it cannot fail. Nothing but the
  // record's append may happen since PlanCompact.
  void PublishCompact(CompactPlan&& plan, LSN lsn) noexcept;
  // Marks on disk every dropped chunk whose DROP frame is before `checkpoint_lsn`; not synced.
  Status MarkDropped(LSN checkpoint_lsn);
  // Whether Reclaim would free a slot.
  bool CanReclaim(LSN oldest_snapshot) const;
  // Whether a checkpoint is due before Reclaim can free all slots.
  bool AwaitsCheckpoint() const;
  // Punches the slots of dropped chunks that no snapshot from `oldest_snapshot` on sees, if the
  // superblock on disk has passed their frames; synced. WriteCatalogue leaves them out then.
  Status Reclaim(LSN oldest_snapshot);
  // The superblock of the checkpoint under way is durable: what it punched is free. Or it is not:
  // then the catalogue on disk names these slots still, and they are punched again.
  void EndReclaim(bool superblock_is_durable);
  uint64_t reclaimed_count() const { return reclaimed_count_; }

  // Copies published entries into directories on disk; not synced.
  Status CopyEntries();
  // Seals every chunk but the open one; syncs. Call after CopyEntries.
  Status SealFull();
  // Makes the open chunk one to be sealed, if it has blocks.
  void CloseOpenChunk();
  uint64_t sealed_count() const { return sealed_count_; }

  // Writes tags and chunk table, if they differ from what stands in the container, and names the
  // place in `next`, whose checkpoint LSN is that of the checkpoint; synced. The place never
  // overlaps the current catalogue.
  Status WriteCatalogue(const std::vector<TagDefinition>& tags, Superblock& next);
  // Takes the chunk table read from the catalogue. Damaged chunks stay readable.
  Status LoadTable(const std::vector<ChunkTableEntry>& table);
  Status Replay(const FlushRecord& record, LSN lsn);
  Status ReplayDrop(const DropRecord& record, LSN lsn);
  Status ReplayCompact(const CompactRecord& record, LSN lsn);
  // After the last Replay: finds the open chunk. Again after further ones.
  Status FinishReplay();
  // After loading with `repairs`: nothing stands in the directory of the open chunk but what
  // catalogue and log name.
  Status EraseUnnamedEntries();
  // What loading has found damaged, which `events` gets to know once it is certain.
  bool has_untold_damage() const { return !untold_damage_.empty(); }
  void TellDamage();
  // Another process has copied the entries published so far: this one will not write before it
  // has loaded everything anew.
  void ForgetPendingEntries() { pending_entries_.clear(); }

  // Gives back the space that Reserve has taken in slots and that no block has used.
  Status PunchUnused();
  uint64_t used_end() const;  // bytes of the container that are in use
  uint32_t slot_count() const { return slot_count_; }
  uint64_t next_chunk_sequence() const { return next_sequence_; }

 private:
  void ForgetReserved();
  struct CatalogSlot {
    uint32_t slot = 0;
    uint64_t chunk_sequence = 0;
  };
  void Wipe(const ChunkLayout& layout, uint32_t first_extent, uint32_t end_extent) noexcept;
  Status BeginChunk(int64_t now_us);
  Status AllocateDirectory(uint32_t entry_index);
  Status AllocateHead(const ChunkLayout& layout, uint64_t data_bytes);
  Status AllocateData(const ChunkLayout& layout, uint64_t end);
  Status ReplayNewChunk(const NewChunk& begun);
  Result<bool> TakeReplayedSlot(const ChunkTableEntry& begun);
  DropPlan PlanWithout(const ChunkList& going) const;
  Horizon HorizonBehind(const DropRecord& record, LSN lsn) const;
  Status LeaveReplayed(const std::shared_ptr<Chunk>& chunk, const DroppedPlace& place);
  bool IsDropped(uint64_t sequence) const;
  void LeaveOpenChunk();
  ChunkHeader MakeHeader(uint32_t slot, uint64_t sequence, ChunkKind kind, int64_t created_at_us,
                         const SourceRange& sources = {}) const;
  Status AddChunk(std::shared_ptr<Chunk> chunk);
  Result<std::shared_ptr<Chunk>> FindChunk(uint32_t slot, uint64_t sequence) const;
  Status LoadEntry(const ChunkTableEntry& entry);
  bool IsDamaged(Chunk& chunk);
  Status LoadNamed(Chunk& chunk);
  std::shared_ptr<Chunk> LoadUnsealed(const ChunkTableEntry& entry);
  Result<uint64_t> CatalogOffset(uint64_t size, const Superblock& current);
  Result<uint32_t> BeginCatalogSlot();
  std::vector<ChunkTableEntry> Table(LSN checkpoint_lsn) const;

  Container& container_;
  EventLog& events_;
  const bool repairs_;
  StateMutator mutator_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ChunkList> chunks_;   // guarded by mutex_
  Horizon horizon_;                           // guarded by mutex_
  std::vector<DroppedChunk> dropped_;         // by sequence; guarded by mutex_
  std::shared_ptr<Chunk> open_;               // where the next block goes; null: begin one
  uint32_t next_extent_ = 0;                  // of open_
  uint64_t directory_end_ = 0;                // its directory has disk space up to here; 0: unknown
  std::vector<std::shared_ptr<Chunk>> full_;  // to be sealed
  std::set<uint64_t> judged_;                 // sequences that FinishReplay has looked at
  std::set<uint64_t> set_aside_;  // sequences of damaged chunks: nothing is written to them
  std::vector<std::string> untold_damage_;
  std::vector<PlacedEntry> pending_entries_;  // published, not yet copied
  // Of chunks not sealed, by sequence: what the catalogue says that their directories hold.
  std::map<uint64_t, ChunkSummary> expected_;
  std::vector<CatalogSlot> catalog_slots_;  // at most two, written in turn
  // Slots of chunks_, dropped_, catalog_slots_ and of the chunks that a flush has begun: whatever
  // may be named by a catalogue or a snapshot is taken.
  SlotMap slots_;
  // By slot: where the data with disk space behind it ends.
  std::map<uint32_t, uint64_t> allocated_;
  // By slot that no chunk has begun in: where the header and directory with disk space end.
  std::map<uint32_t, uint64_t> allocated_heads_;
  uint64_t lease_end_ = 0;  // of the lease that was set last
  uint32_t slot_count_ = 0;
  uint64_t next_sequence_ = 1;
  uint64_t sealed_count_ = 0;
  uint64_t reclaimed_count_ = 0;

  // What the flush under way has changed, for Abandon.
  struct FlushUndo {
    std::shared_ptr<Chunk> open;
    uint32_t next_extent = 0;
    uint32_t slot_count = 0;
    size_t full_count = 0;
    std::shared_ptr<const ChunkList> chunks;  // before PreparePublish; null: there was none
    size_t pending_count = 0;
  };
  bool flush_begun_ = false;
  FlushUndo undo_;
  std::vector<std::shared_ptr<Chunk>> begun_;
  // What PreparePublish has entered, for Abandon.
  std::vector<std::pair<std::shared_ptr<Chunk>, uint32_t>> entered_;
};

}  // namespace xtdb
