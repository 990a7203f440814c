#include <algorithm>
#include <array>
#include <utility>

#include "engine/chunk/chunk_store.h"

namespace xtdb {

namespace {

bool Holds(const ChunkList& chunks, const Chunk& chunk) {
  return std::any_of(chunks.begin(), chunks.end(), [&](const auto& other) {
    return other->header().chunk_sequence == chunk.header().chunk_sequence;
  });
}

}  // namespace

void ChunkStore::SetLease(const SlotLease& lease) {
  slots_.SetLeased(lease.slots);
  // Another lease, or the end of one: its slots were punched, and what was taken in advance there
  // is gone.
  if (std::exchange(lease_end_, lease.sequence_end()) != lease.sequence_end()) ForgetReserved();
  next_sequence_ = std::max(next_sequence_, lease.sequence_end());
}

void ChunkStore::ForgetReserved() {
  const auto is_free = [this](const auto& reserved) { return !slots_.IsTaken(reserved.first); };
  std::erase_if(allocated_, is_free);
  std::erase_if(allocated_heads_, is_free);
}

SlotLease ChunkStore::FindLease(uint32_t slots) {
  return {slots_.NextFreeRange(slots), next_sequence_};
}

ChunkHeader ChunkStore::LeasedHeader(const SlotLease& lease, uint32_t index,
                                     const SourceRange& sources, int64_t created_at_us) const {
  return MakeHeader(lease.slots.first + index, lease.first_sequence + index, ChunkKind::kCompact,
                    created_at_us, sources);
}

Status ChunkStore::PunchLeased(const SlotLease& lease) const {
  Status first_error;
  for (uint32_t slot = lease.slots.first; lease.slots.Contains(slot); ++slot) {
    if (slots_.IsTaken(slot)) continue;
    const ChunkLayout layout = container_.layout().Layout(slot);
    const Status punched =
        container_.file().Punch(layout.chunk_offset, layout.end_offset - layout.chunk_offset);
    if (first_error.ok()) first_error = punched;
  }
  return first_error;
}

// Only slots that say so themselves: one with the header of another kind may be all that is left of
// a chunk that catalogue and log have lost.
Status ChunkStore::PunchAbandoned() {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, container_.file().Size());
  std::array<std::byte, sizeof(ChunkHeader)> bytes;
  for (uint32_t slot = slots_.NextFree();; slot = slots_.NextFree(slot + 1)) {
    const ChunkLayout layout = container_.layout().Layout(slot);
    if (layout.chunk_offset + bytes.size() > size) return Status();
    XTDB_RETURN_IF_ERROR(container_.file().ReadAt(layout.chunk_offset, bytes));
    const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
    const bool is_compact = header.ok() && header.value().kind == ChunkKind::kCompact;
    if (!is_compact && !IsZero(bytes)) continue;
    XTDB_RETURN_IF_ERROR(container_.file().Punch(
        layout.chunk_offset, std::min(layout.end_offset, size) - layout.chunk_offset));
  }
}

Result<ChunkStore::CompactPlan> ChunkStore::PlanCompact(const ChunkList& inputs,
                                                        const ChunkList& outputs) {
  const std::shared_ptr<const ChunkList> all = chunks();
  CompactPlan plan;
  plan.dropped = dropped();
  plan.full = full_;
  plan.full.insert(plan.full.end(), outputs.begin(), outputs.end());
  auto list = std::make_shared<ChunkList>(outputs);
  for (const auto& chunk : *all) {
    if (!Holds(inputs, *chunk)) {
      list->push_back(chunk);
      continue;
    }
    plan.record.inputs.push_back({chunk->layout().slot, chunk->header().chunk_sequence});
    plan.dropped.push_back({.chunk = chunk});
  }
  if (plan.record.inputs.size() != inputs.size()) {
    return Status::FailedPrecondition(container_.path() +
                                      ": a chunk was dropped while it was compacted");
  }
  for (const auto& chunk : outputs) {
    const ChunkHeader& header = chunk->header();
    if (slots_.IsTaken(header.slot) || FindChunk(header.slot, header.chunk_sequence).ok()) {
      return Status::FailedPrecondition(container_.path() + ": slot " +
                                        std::to_string(header.slot) +
                                        " was taken while a compaction wrote to it");
    }
    plan.record.outputs.push_back({header.slot, header.chunk_sequence, header.created_at_us,
                                   header.sources, chunk->summary()});
  }
  for (const auto& chunk : outputs) slots_.Take(chunk->layout().slot);
  std::sort(list->begin(), list->end(), BySequence);
  std::sort(plan.dropped.begin(), plan.dropped.end(), DroppedBySequence);
  plan.chunks = std::move(list);
  return plan;
}

void ChunkStore::AbandonCompact(const CompactPlan& plan) noexcept {
  for (const CompactedChunk& chunk : plan.record.outputs) slots_.Release(chunk.slot);
}

void ChunkStore::PublishCompact(CompactPlan&& plan, LSN lsn) noexcept {
  for (DroppedChunk& dropped : plan.dropped) {
    if (dropped.drop_lsn == kNoLsn) dropped.drop_lsn = lsn;
  }
  full_.swap(plan.full);
  for (const CompactedChunk& chunk : plan.record.outputs) {
    slot_count_ = std::max(slot_count_, chunk.slot + 1);
    next_sequence_ = std::max(next_sequence_, chunk.chunk_sequence + 1);
  }
  std::lock_guard lock(mutex_);
  chunks_.swap(plan.chunks);
  dropped_.swap(plan.dropped);
}

// One list for another, so that no snapshot sees the points twice or not at all.
Status ChunkStore::ReplayCompact(const CompactRecord& record, LSN lsn) {
  auto list = std::make_shared<ChunkList>(*chunks());
  for (const CompactedChunk& made : record.outputs) {
    const ChunkTableEntry entry{made.slot,           ChunkKind::kCompact,
                                made.chunk_sequence, ChunkState::kAllocated,
                                made.sources,        made.summary};
    XTDB_ASSIGN_OR_RETURN(const bool is_new, TakeReplayedSlot(entry));
    if (!is_new) continue;
    expected_[made.chunk_sequence] = made.summary;
    list->push_back(LoadUnsealed(entry));
    XTDB_RETURN_IF_ERROR(LoadNamed(*list->back()));
  }
  std::vector<DroppedChunk> gone = dropped();
  for (const DroppedPlace& place : record.inputs) {
    const auto found = std::find_if(list->begin(), list->end(), [&](const auto& chunk) {
      return chunk->header().chunk_sequence == place.chunk_sequence;
    });
    if (found == list->end()) continue;  // a catalogue behind the frame has replaced it already
    XTDB_RETURN_IF_ERROR(LeaveReplayed(*found, place));
    gone.push_back({.chunk = *found, .drop_lsn = lsn});
    list->erase(found);
  }
  std::sort(list->begin(), list->end(), BySequence);
  std::sort(gone.begin(), gone.end(), DroppedBySequence);
  std::lock_guard lock(mutex_);
  chunks_ = std::move(list);
  dropped_ = std::move(gone);
  return Status();
}

}  // namespace xtdb
