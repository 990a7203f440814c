#include <algorithm>

#include "engine/chunk/chunk_store.h"

namespace xtdb {

namespace {

std::string ChunkName(const ChunkTableEntry& entry) {
  return "chunk " + std::to_string(entry.chunk_sequence) + " in slot " + std::to_string(entry.slot);
}

}  // namespace

Status ChunkStore::LoadTable(const std::vector<ChunkTableEntry>& table) {
  for (const ChunkTableEntry& entry : table) {
    slot_count_ = std::max(slot_count_, entry.slot + 1);
    next_sequence_ = std::max(next_sequence_, entry.chunk_sequence + 1);
    slots_.Take(entry.slot);
    if (entry.kind == ChunkKind::kCatalog) {
      catalog_slots_.push_back({entry.slot, entry.chunk_sequence});
      continue;
    }
    XTDB_RETURN_IF_ERROR(LoadEntry(entry));
  }
  return Status();
}

Status ChunkStore::LoadEntry(const ChunkTableEntry& entry) {
  if (entry.state != ChunkState::kSealed && entry.state != ChunkState::kDeprecated) {
    expected_[entry.chunk_sequence] = entry.summary;
    return AddChunk(LoadUnsealed(entry));
  }
  const ChunkLayout layout = container_.layout().Layout(entry.slot);
  const ChunkHeader header =
      MakeHeader(entry.slot, entry.chunk_sequence, entry.kind, 0, entry.sources);
  auto chunk = std::make_shared<Chunk>(container_.file(), layout, header, entry.state,
                                       entry.summary, &container_.directory_budget());
  if (entry.state == ChunkState::kSealed) return AddChunk(std::move(chunk));
  // The checkpoint has passed the frame: that it stood just before it is the safe thing to say.
  const LSN checkpoint = container_.superblock().checkpoint_lsn;
  const LSN drop_lsn = checkpoint == kNoLsn ? kNoLsn : checkpoint - 1;
  const Result<ChunkState> on_disk = mutator_.Read(layout);
  const bool is_marked = !on_disk.ok() || on_disk.value() != ChunkState::kSealed;
  std::lock_guard lock(mutex_);
  dropped_.push_back({std::move(chunk), drop_lsn, is_marked, /*is_punched=*/false});
  std::sort(dropped_.begin(), dropped_.end(), DroppedBySequence);
  return Status();
}

// A chunk that was not sealed at the last checkpoint. If it has been sealed since, it is sealed
// again: what a failed sync has lost may still read back.
std::shared_ptr<Chunk> ChunkStore::LoadUnsealed(const ChunkTableEntry& entry) {
  const ChunkLayout layout = container_.layout().Layout(entry.slot);
  const ChunkHeader header =
      MakeHeader(entry.slot, entry.chunk_sequence, entry.kind, 0, entry.sources);
  auto chunk = std::make_shared<Chunk>(container_.file(), layout, header, ChunkState::kAllocated,
                                       ChunkSummary{}, &container_.directory_budget());
  Result<ChunkState> on_disk = mutator_.Read(layout);
  if (!on_disk.ok() && repairs_) {
    const Status completed = mutator_.CompleteTornStep(layout);
    if (completed.ok()) on_disk = mutator_.Read(layout);
  }
  // What is neither open nor sealed was both before its first entry: the words are damaged, and no
  // step leads on from them.
  const bool is_sealed = on_disk.ok() && on_disk.value() == ChunkState::kSealed;
  if (!is_sealed && !(on_disk.ok() && on_disk.value() == ChunkState::kAllocated)) {
    const std::string what =
        on_disk.ok() ? "its state words say " + std::string(ChunkStateName(on_disk.value()))
                     : std::string(on_disk.status().message());
    untold_damage_.push_back(ChunkName(entry) + ": " + what +
                             "; it is read, and not written any more");
    set_aside_.insert(entry.chunk_sequence);
  }
  if (is_sealed) full_.push_back(chunk);
  return chunk;
}

Status ChunkStore::ReplayNewChunk(const NewChunk& begun) {
  ChunkTableEntry entry;
  entry.slot = begun.slot;
  entry.kind = begun.kind;
  entry.chunk_sequence = begun.chunk_sequence;
  XTDB_ASSIGN_OR_RETURN(const bool is_new, TakeReplayedSlot(entry));
  return is_new ? AddChunk(LoadUnsealed(entry)) : Status();
}

// False: the chunk is there already, or has gone.
Result<bool> ChunkStore::TakeReplayedSlot(const ChunkTableEntry& begun) {
  slot_count_ = std::max(slot_count_, begun.slot + 1);
  next_sequence_ = std::max(next_sequence_, begun.chunk_sequence + 1);
  if (IsDropped(begun.chunk_sequence)) return false;
  if (FindChunk(begun.slot, begun.chunk_sequence).ok()) return false;
  {
    // An older catalogue than the one that freed the slot. The log knows better.
    std::lock_guard lock(mutex_);
    const auto evicted = std::erase_if(dropped_, [&](const DroppedChunk& dropped) {
      return dropped.chunk->layout().slot == begun.slot;
    });
    if (evicted != 0) slots_.Release(begun.slot);
  }
  if (slots_.IsTaken(begun.slot)) {
    return Status::Corruption(container_.path() + ": the log begins " + ChunkName(begun) +
                              ", where another one is");
  }
  slots_.Take(begun.slot);
  return true;
}

Status ChunkStore::Replay(const FlushRecord& record, LSN lsn) {
  for (const NewChunk& begun : record.chunks) XTDB_RETURN_IF_ERROR(ReplayNewChunk(begun));
  for (const PlacedEntry& placed : record.entries) {
    if (IsDropped(placed.chunk_sequence)) continue;
    XTDB_ASSIGN_OR_RETURN(const auto chunk, FindChunk(placed.slot, placed.chunk_sequence));
    // The crash may have torn the copy of an entry that the log has whole.
    const Status loaded = LoadNamed(*chunk);
    // Of a sealed one whoever reads it is told; the others are served.
    if (loaded.code() == StatusCode::kCorruption && chunk->state() == ChunkState::kSealed) continue;
    XTDB_RETURN_IF_ERROR(loaded);
    PlacedEntry copy = placed;
    copy.entry.flush_lsn = lsn;
    XTDB_RETURN_IF_ERROR(chunk->AddEntry(copy.entry_index, copy.entry));
    if (chunk->state() == ChunkState::kAllocated) pending_entries_.push_back(copy);
  }
  return Status();
}

// The whole directory of a sealed chunk, for a catalogue may know more than the log up to its
// checkpoint: chunks are sealed while older points are still buffered. Of one that is not sealed,
// what the catalogue knows of. All else there is a copy of what the log has, on its way or torn, or
// of what a failed sync of the log has lost.
Status ChunkStore::LoadNamed(Chunk& chunk) {
  if (chunk.state() == ChunkState::kSealed) return chunk.Load();
  return chunk.LoadBelow(expected_[chunk.header().chunk_sequence].used_extents);
}

// Loads the directory of a chunk that is not sealed; notes what is wrong with it, if anything.
bool ChunkStore::IsDamaged(Chunk& chunk) {
  const Status loaded = LoadNamed(chunk);
  const ChunkSummary expected = expected_[chunk.header().chunk_sequence];
  // Everything that the checkpoint knew of was in the directory before it.
  const uint32_t found = chunk.summary().block_count;
  const bool is_short = loaded.ok() && found < expected.block_count;
  if (loaded.ok() && chunk.damaged_entries() == 0 && !is_short) return false;
  std::string what(loaded.message());
  if (loaded.ok()) what = std::to_string(chunk.damaged_entries()) + " damaged entries";
  if (is_short) {
    what += ", " + std::to_string(found) + " of at least " + std::to_string(expected.block_count) +
            " blocks found";
  }
  if (chunk.RescueOrNoteMissing(expected)) what += "; its blocks were found without them";
  untold_damage_.push_back("chunk " + std::to_string(chunk.header().chunk_sequence) + ": " + what);
  return true;
}

void ChunkStore::TellDamage() {
  for (std::string& damage : untold_damage_) {
    events_.Add(0, EventLevel::kError, kDamagedChunkEvent, std::move(damage));
  }
  untold_damage_.clear();
}

Status ChunkStore::EraseUnnamedEntries() {
  if (open_ == nullptr) return Status();
  const ChunkLayout& layout = open_->layout();
  const uint64_t named = uint64_t{open_->next_free_extent()} * sizeof(BlockDirEntry);
  std::vector<std::byte> rest(static_cast<size_t>(layout.directory_bytes - named));
  XTDB_RETURN_IF_ERROR(container_.file().ReadAt(layout.directory_offset + named, rest));
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  if (std::all_of(rest.begin(), rest.end(), is_zero)) return Status();
  std::fill(rest.begin(), rest.end(), std::byte{0});
  return container_.file().WriteAt(layout.directory_offset + named, rest);
}

Status ChunkStore::FinishReplay() {
  std::shared_ptr<Chunk> newest;
  for (const auto& chunk : *chunks()) {
    if (chunk->state() != ChunkState::kAllocated) continue;
    const uint64_t sequence = chunk->header().chunk_sequence;
    // Once: a chunk whose blocks were found without its directory looks sound from then on.
    if (!judged_.contains(sequence)) {
      if (IsDamaged(*chunk)) set_aside_.insert(sequence);
      judged_.insert(sequence);
    }
    if (set_aside_.contains(sequence)) {
      // Readable as far as it goes; nothing is written to it any more.
      std::erase(full_, chunk);
      continue;
    }
    if (std::find(full_.begin(), full_.end(), chunk) != full_.end()) continue;
    if (chunk->header().kind == ChunkKind::kCompact) {
      full_.push_back(chunk);
      continue;
    }
    if (newest) full_.push_back(newest);
    newest = chunk;
  }
  open_ = newest;
  next_extent_ = open_ ? open_->next_free_extent() : 0;
  return Status();
}

}  // namespace xtdb
