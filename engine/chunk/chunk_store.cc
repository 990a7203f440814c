#include "engine/chunk/chunk_store.h"

#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/chunk/chunk_builder.h"
#include "engine/chunk/chunk_sealer.h"

namespace xtdb {

ChunkStore::ChunkStore(Container& container, EventLog& events, bool repairs)
    : container_(container),
      events_(events),
      repairs_(repairs && !container.read_only()),
      mutator_(container.file()),
      chunks_(std::make_shared<const ChunkList>()),
      slot_count_(container.superblock().slot_count),
      next_sequence_(container.superblock().next_chunk_sequence) {}

VisibleChunks ChunkStore::visible() const {
  std::lock_guard lock(mutex_);
  return {chunks_, horizon_};
}

void ChunkStore::SetHorizon(const Horizon& horizon) {
  std::lock_guard lock(mutex_);
  horizon_ = horizon;
}

ChunkHeader ChunkStore::MakeHeader(uint32_t slot, uint64_t sequence, ChunkKind kind,
                                   int64_t created_at_us, const SourceRange& sources) const {
  ChunkHeader header;
  header.kind = kind;
  header.container_uuid = container_.header().uuid;
  header.chunk_sequence = sequence;
  header.chunk_size_bytes = container_.header().chunk_size_bytes;
  header.created_at_us = created_at_us;
  header.slot = slot;
  header.sources = sources;
  return header;
}

Status ChunkStore::AddChunk(std::shared_ptr<Chunk> chunk) {
  std::lock_guard lock(mutex_);
  auto list = std::make_shared<ChunkList>(*chunks_);
  list->push_back(std::move(chunk));
  std::sort(list->begin(), list->end(), BySequence);
  chunks_ = std::move(list);
  return Status();
}

Result<std::shared_ptr<Chunk>> ChunkStore::FindChunk(uint32_t slot, uint64_t sequence) const {
  for (const auto& chunk : *chunks()) {
    if (chunk->header().chunk_sequence == sequence && chunk->layout().slot == slot) return chunk;
  }
  return Status::Corruption(container_.path() + ": the log names chunk " +
                            std::to_string(sequence) + " in slot " + std::to_string(slot) +
                            ", which is not there");
}

Status ChunkStore::BeginChunk(int64_t now_us) {
  const uint32_t slot = slots_.NextFree();
  const ChunkLayout layout = container_.layout().Layout(slot);
  const ChunkHeader header = MakeHeader(slot, next_sequence_, ChunkKind::kRaw, now_us);
  allocated_heads_.erase(slot);
  XTDB_RETURN_IF_ERROR(WriteChunkHeader(container_.file(), mutator_, header, layout));
  if (open_) LeaveOpenChunk();
  open_ = std::make_shared<Chunk>(container_.file(), layout, header, ChunkState::kAllocated,
                                  ChunkSummary{}, &container_.directory_budget());
  open_->StartEmpty();
  begun_.push_back(open_);
  slots_.Take(slot);
  slot_count_ = std::max(slot_count_, slot + 1);
  ++next_sequence_;
  return Status();
}

void ChunkStore::LeaveOpenChunk() {
  full_.push_back(open_);
  open_ = nullptr;
  next_extent_ = 0;
  directory_end_ = 0;
}

// Slot by slot, in steps: the file may be a hole before and between.
Status ChunkStore::AllocateData(const ChunkLayout& layout, uint64_t end) {
  uint64_t& done = allocated_.try_emplace(layout.slot, layout.data_offset).first->second;
  if (end <= done) return Status();
  const uint64_t rounded = std::min((end + kMiB - 1) / kMiB * kMiB, layout.end_offset);
  XTDB_RETURN_IF_ERROR(container_.file().Allocate(done, rounded - done));
  done = rounded;
  return Status();
}

// Header, and the entries of that many bytes of blocks, of a slot that a chunk will begin in.
Status ChunkStore::AllocateHead(const ChunkLayout& layout, uint64_t data_bytes) {
  const auto extents = ExtentsOf(data_bytes);
  const uint64_t end =
      layout.EntryOffset(std::min(extents, layout.entry_count - 1)) + kExtentSizeBytes;
  const uint64_t rounded = std::min(end / kExtentSizeBytes * kExtentSizeBytes, layout.data_offset);
  uint64_t& done = allocated_heads_.try_emplace(layout.slot, layout.chunk_offset).first->second;
  if (rounded <= done) return Status();
  XTDB_RETURN_IF_ERROR(container_.file().Allocate(done, rounded - done));
  done = rounded;
  return Status();
}

Status ChunkStore::Reserve(uint64_t bytes) {
  uint32_t next_slot = 0;
  ChunkLayout layout = container_.layout().Layout(open_ ? open_->layout().slot : 0);
  uint64_t begin = layout.end_offset;
  if (open_) begin = layout.ExtentOffset(next_extent_);
  while (true) {
    const uint64_t taken = std::min(bytes, layout.end_offset - begin);
    if (taken != 0) XTDB_RETURN_IF_ERROR(AllocateData(layout, begin + taken));
    bytes -= taken;
    if (bytes == 0) return Status();
    const uint32_t slot = slots_.NextFree(next_slot);
    next_slot = slot + 1;
    layout = container_.layout().Layout(slot);
    begin = layout.data_offset;
    XTDB_RETURN_IF_ERROR(AllocateHead(layout, std::min(bytes, layout.end_offset - begin)));
  }
}

// The directory of a chunk is sparse, extent by extent, so that a small store is small; yet room
// for an entry is taken before its block is written.
Status ChunkStore::AllocateDirectory(uint32_t entry_index) {
  const ChunkLayout& layout = open_->layout();
  const uint64_t entry_end = layout.EntryOffset(entry_index) + sizeof(BlockDirEntry);
  if (entry_end <= directory_end_) return Status();
  const uint64_t first = layout.EntryOffset(entry_index) / kExtentSizeBytes * kExtentSizeBytes;
  const uint64_t end = (entry_end + kExtentSizeBytes - 1) / kExtentSizeBytes * kExtentSizeBytes;
  XTDB_RETURN_IF_ERROR(container_.file().Allocate(first, end - first));
  directory_end_ = end;
  return Status();
}

Result<ChunkStore::Place> ChunkStore::PlaceBlock(uint32_t extents, int64_t now_us) {
  if (!flush_begun_) {
    undo_ = {open_, next_extent_, slot_count_, full_.size(), nullptr, 0};
    flush_begun_ = true;
  }
  if (!open_ || next_extent_ + extents > open_->layout().entry_count) {
    XTDB_RETURN_IF_ERROR(BeginChunk(now_us));
  }
  XTDB_CHECK(next_extent_ + extents <= open_->layout().entry_count);
  Place place{open_, next_extent_, open_->layout().ExtentOffset(next_extent_)};
  XTDB_RETURN_IF_ERROR(AllocateData(open_->layout(), place.offset + extents * kExtentSizeBytes));
  XTDB_RETURN_IF_ERROR(AllocateDirectory(next_extent_));
  next_extent_ += extents;
  return place;
}

std::vector<NewChunk> ChunkStore::begun_chunks() const {
  std::vector<NewChunk> chunks;
  for (const auto& chunk : begun_) {
    chunks.push_back({chunk->layout().slot, chunk->header().kind, chunk->header().chunk_sequence,
                      chunk->header().created_at_us});
  }
  return chunks;
}

Status ChunkStore::Publish(FlushRecord record, LSN lsn) {
  XTDB_RETURN_IF_ERROR(PreparePublish(record, lsn));
  Confirm();
  return Status();
}

Status ChunkStore::PreparePublish(const FlushRecord& record, LSN lsn) {
  if (!undo_.chunks) {
    undo_.chunks = chunks();
    undo_.pending_count = pending_entries_.size();
  }
  for (const auto& chunk : begun_) {
    if (!FindChunk(chunk->layout().slot, chunk->header().chunk_sequence).ok()) {
      XTDB_RETURN_IF_ERROR(AddChunk(chunk));
    }
  }
  entered_.reserve(entered_.size() + record.entries.size());
  for (PlacedEntry placed : record.entries) {
    placed.entry.flush_lsn = lsn;
    XTDB_ASSIGN_OR_RETURN(const auto chunk, FindChunk(placed.slot, placed.chunk_sequence));
    XTDB_RETURN_IF_ERROR(chunk->AddEntry(placed.entry_index, placed.entry));
    entered_.emplace_back(chunk, placed.entry_index);
    pending_entries_.push_back(placed);
  }
  return Status();
}

void ChunkStore::Confirm() noexcept {
  begun_.clear();
  entered_.clear();
  flush_begun_ = false;
  undo_ = {};
}

void ChunkStore::Retract() noexcept {
  while (!entered_.empty()) {
    entered_.back().first->RemoveLastEntry(entered_.back().second);
    entered_.pop_back();
  }
  if (!undo_.chunks) return;
  pending_entries_.resize(undo_.pending_count);
  std::lock_guard lock(mutex_);
  chunks_ = std::move(undo_.chunks);
}

void ChunkStore::Abandon() noexcept {
  if (!flush_begun_) return;
  Retract();
  // Sequence numbers stay used: a block of the abandoned flush must not look like a later tenant's.
  for (const auto& chunk : begun_) slots_.Release(chunk->layout().slot);
  open_ = undo_.open;
  directory_end_ = 0;
  next_extent_ = undo_.next_extent;
  slot_count_ = undo_.slot_count;
  full_.resize(undo_.full_count);
  begun_.clear();
  undo_ = {};
  flush_begun_ = false;
}

void ChunkStore::AbandonAndWipe() noexcept {
  if (!flush_begun_) return;
  const std::shared_ptr<Chunk> kept = undo_.open;
  const uint32_t kept_extents = undo_.next_extent;
  for (const auto& chunk : begun_) Wipe(chunk->layout(), 0, chunk->layout().entry_count);
  const bool is_open_still = begun_.empty();
  const uint32_t end = is_open_still ? next_extent_ : kept ? kept->layout().entry_count : 0;
  if (kept) Wipe(kept->layout(), kept_extents, end);
  Abandon();
}

void ChunkStore::Wipe(const ChunkLayout& layout, uint32_t first_extent,
                      uint32_t end_extent) noexcept {
  if (first_extent >= end_extent) return;
  const uint64_t begin = layout.ExtentOffset(first_extent);
  const uint64_t end = layout.ExtentOffset(end_extent);
  const auto allocated = allocated_.find(layout.slot);
  if (allocated != allocated_.end()) allocated->second = std::min(allocated->second, begin);
  IgnoreStatus(CatchNoMemory([&] { return container_.file().Punch(begin, end - begin); }),
               "no entry names it, so nobody reads it");
}

Status ChunkStore::CopyEntries() {
  for (const PlacedEntry& placed : pending_entries_) {
    DirectoryBuilder builder(container_.file(), container_.layout().Layout(placed.slot),
                             placed.chunk_sequence);
    XTDB_RETURN_IF_ERROR(builder.Write(placed.entry_index, placed.entry));
  }
  pending_entries_.clear();
  return Status();
}

void ChunkStore::CloseOpenChunk() {
  if (open_ && next_extent_ != 0) LeaveOpenChunk();
}

Status ChunkStore::SealFull() {
  while (!full_.empty()) {
    Chunk& chunk = *full_.front();
    const ChunkLayout& layout = chunk.layout();
    const uint32_t free_extent = chunk.next_free_extent();
    ChunkSealer sealer(container_.file(), mutator_);
    XTDB_ASSIGN_OR_RETURN(const ChunkState on_disk, mutator_.Read(layout));
    const bool is_repeated = on_disk == ChunkState::kSealed;
    XTDB_RETURN_IF_ERROR((is_repeated ? sealer.SealAgain(chunk) : sealer.Seal(chunk)).status());
    ++sealed_count_;
    full_.erase(full_.begin());
    if (free_extent == layout.entry_count) continue;
    const uint64_t unused = layout.ExtentOffset(free_extent);
    XTDB_RETURN_IF_ERROR(container_.file().Punch(unused, layout.end_offset - unused));
  }
  return Status();
}

std::vector<ChunkTableEntry> ChunkStore::Table(LSN checkpoint_lsn) const {
  std::vector<ChunkTableEntry> table;
  const auto add = [&table](const Chunk& chunk, ChunkState state) {
    const ChunkHeader& header = chunk.header();
    table.push_back({chunk.layout().slot, header.kind, header.chunk_sequence, state, header.sources,
                     chunk.summary()});
  };
  for (const auto& chunk : *chunks()) add(*chunk, chunk->state());
  for (const DroppedChunk& dropped : dropped_) {
    if (dropped.is_punched) continue;
    // A frame that replay will meet again drops the chunk again: so DEPRECATED in a catalogue
    // means that its checkpoint has passed the frame.
    const bool has_passed = dropped.drop_lsn < checkpoint_lsn;
    add(*dropped.chunk, has_passed ? ChunkState::kDeprecated : ChunkState::kSealed);
  }
  for (const CatalogSlot& catalog : catalog_slots_) {
    ChunkTableEntry entry;
    entry.slot = catalog.slot;
    entry.kind = ChunkKind::kCatalog;
    entry.chunk_sequence = catalog.chunk_sequence;
    entry.state = ChunkState::kAllocated;
    table.push_back(entry);
  }
  return table;
}

Status ChunkStore::WriteCatalogue(const std::vector<TagDefinition>& tags, Superblock& next) {
  const Superblock& current = container_.superblock();
  XTDB_ASSIGN_OR_RETURN(std::vector<std::byte> bytes,
                        EncodeCatalogue({tags, Table(next.checkpoint_lsn)}));
  if (bytes.size() != current.catalogue_size_bytes ||
      CatalogueCrc(bytes) != current.catalogue_crc32) {
    if (bytes.size() <= kInlineCatalogueBytesMax) {
      next.inline_catalogue = {};
      std::copy(bytes.begin(), bytes.end(), next.inline_catalogue.begin());
      next.catalogue_offset = 0;
      next.catalogue_slot = 0;
    } else {
      XTDB_ASSIGN_OR_RETURN(const uint64_t offset, CatalogOffset(bytes.size(), current));
      // A slot begun just now stands in the table, too.
      XTDB_ASSIGN_OR_RETURN(bytes, EncodeCatalogue({tags, Table(next.checkpoint_lsn)}));
      XTDB_RETURN_IF_ERROR(container_.file().Allocate(offset, bytes.size()));
      XTDB_RETURN_IF_ERROR(container_.file().WriteAt(offset, bytes).WithContext("catalogue"));
      XTDB_RETURN_IF_ERROR(container_.file().Sync());
      next.inline_catalogue = {};
      next.catalogue_offset = offset;
      next.catalogue_slot = static_cast<uint32_t>((offset - kExtentSizeBytes) /
                                                  container_.layout().chunk_size_bytes());
    }
    next.catalogue_size_bytes = bytes.size();
    next.catalogue_crc32 = CatalogueCrc(bytes);
  }
  next.slot_count = slot_count_;
  next.next_chunk_sequence = next_sequence_;
  return Status();
}

Result<uint64_t> ChunkStore::CatalogOffset(uint64_t size, const Superblock& current) {
  // Room for the table row of a slot that may be begun here.
  const uint64_t needed = size + sizeof(CatalogueChunk);
  const uint64_t capacity = container_.layout().chunk_size_bytes() - kExtentSizeBytes;
  if (needed > capacity) {
    return Status::ResourceExhausted(container_.path() + ": a catalogue of " +
                                     std::to_string(size) + " bytes does not fit a chunk of " +
                                     std::to_string(container_.layout().chunk_size_bytes()) +
                                     "; use a larger chunk_size");
  }
  const auto payload_begin = [&](uint32_t slot) {
    return container_.layout().Layout(slot).chunk_offset + kExtentSizeBytes;
  };
  uint32_t current_slot = UINT32_MAX;
  if (current.catalogue_offset != 0) {
    current_slot = current.catalogue_slot;
    const uint64_t behind = current.catalogue_offset + current.catalogue_size_bytes;
    const uint64_t offset = (behind + kExtentSizeBytes - 1) / kExtentSizeBytes * kExtentSizeBytes;
    if (offset + needed <= payload_begin(current_slot) + capacity) return offset;
  }
  for (const CatalogSlot& catalog : catalog_slots_) {
    if (catalog.slot != current_slot) return payload_begin(catalog.slot);
  }
  XTDB_ASSIGN_OR_RETURN(const uint32_t slot, BeginCatalogSlot());
  return payload_begin(slot);
}

Result<uint32_t> ChunkStore::BeginCatalogSlot() {
  const uint32_t slot = slots_.NextFree();
  const ChunkLayout layout = container_.layout().Layout(slot);
  const ChunkHeader header = MakeHeader(slot, next_sequence_, ChunkKind::kCatalog, 0);
  XTDB_RETURN_IF_ERROR(WriteChunkHeader(container_.file(), mutator_, header, layout));
  catalog_slots_.push_back({slot, next_sequence_});
  slots_.Take(slot);
  slot_count_ = std::max(slot_count_, slot + 1);
  ++next_sequence_;
  return slot;
}

uint64_t ChunkStore::used_end() const {
  uint64_t end = kExtentSizeBytes;
  const auto keep = [&end](const Chunk& chunk) {
    const ChunkLayout& layout = chunk.layout();
    // The summary, since the directory of a sealed chunk may not be in memory. Of a damaged chunk
    // everything is kept: salvage finds blocks without the directory.
    end =
        std::max(end, chunk.knows_its_extents() ? layout.ExtentOffset(chunk.summary().used_extents)
                                                : layout.end_offset);
  };
  for (const auto& chunk : *chunks()) keep(*chunk);
  for (const DroppedChunk& dropped : dropped_) keep(*dropped.chunk);
  if (!catalog_slots_.empty()) {
    for (const CatalogSlot& catalog : catalog_slots_) {
      end = std::max(end, container_.layout().Layout(catalog.slot).directory_offset);
    }
    const Superblock& superblock = container_.superblock();
    end = std::max(end, superblock.catalogue_offset + superblock.catalogue_size_bytes);
  }
  return end;
}

}  // namespace xtdb
