#include <algorithm>
#include <iterator>

#include "engine/chunk/chunk_store.h"
#include "engine/chunk/drop_selection.h"

namespace xtdb {

std::vector<DroppedChunk> ChunkStore::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

bool ChunkStore::IsDropped(uint64_t sequence) const {
  return std::any_of(dropped_.begin(), dropped_.end(), [sequence](const DroppedChunk& dropped) {
    return dropped.chunk->header().chunk_sequence == sequence;
  });
}

ChunkStore::DropPlan ChunkStore::PlanDrop(int64_t before_us) const {
  DropPlan plan = PlanWithout(SelectDroppable(*chunks(), before_us));
  plan.record.before_us = before_us;
  return plan;
}

ChunkStore::DropPlan ChunkStore::PlanRetain(int64_t before_us) const {
  ChunkList going;
  for (const auto& chunk : *chunks()) {
    const bool is_old = chunk->summary().ts_max_us < before_us;
    if (is_old && chunk->state() == ChunkState::kSealed) going.push_back(chunk);
  }
  DropPlan plan = PlanWithout(going);
  plan.record.before_us = before_us;
  plan.record.hides = true;
  return plan;
}

ChunkStore::DropPlan ChunkStore::PlanWithout(const ChunkList& going) const {
  DropPlan plan;
  auto remaining = std::make_shared<ChunkList>();
  auto next = going.begin();
  for (const auto& chunk : *chunks()) {
    if (next == going.end() || *next != chunk) {
      remaining->push_back(chunk);
      continue;
    }
    ++next;
    plan.record.chunks.push_back({chunk->layout().slot, chunk->header().chunk_sequence});
    plan.dropped.push_back({.chunk = chunk});
  }
  plan.dropped.insert(plan.dropped.end(), dropped_.begin(), dropped_.end());
  std::sort(plan.dropped.begin(), plan.dropped.end(), DroppedBySequence);
  plan.remaining = std::move(remaining);
  return plan;
}

// Caller holds mutex_.
Horizon ChunkStore::HorizonBehind(const DropRecord& record, LSN lsn) const {
  if (!record.hides || lsn <= horizon_.lsn) return horizon_;
  return {std::max(horizon_.before_us, record.before_us), lsn};
}

void ChunkStore::PublishDrop(DropPlan&& plan, LSN lsn) noexcept {
  for (DroppedChunk& dropped : plan.dropped) {
    if (dropped.drop_lsn == kNoLsn) dropped.drop_lsn = lsn;
  }
  std::lock_guard lock(mutex_);
  chunks_.swap(plan.remaining);
  dropped_.swap(plan.dropped);
  horizon_ = HorizonBehind(plan.record, lsn);
}

Status ChunkStore::ReplayDrop(const DropRecord& record, LSN lsn) {
  auto remaining = std::make_shared<ChunkList>(*chunks());
  std::vector<DroppedChunk> gone = dropped();
  for (const DroppedPlace& place : record.chunks) {
    const auto found = std::find_if(remaining->begin(), remaining->end(), [&](const auto& chunk) {
      return chunk->header().chunk_sequence == place.chunk_sequence;
    });
    if (found == remaining->end()) continue;  // a catalogue behind the frame has dropped it already
    XTDB_RETURN_IF_ERROR(LeaveReplayed(*found, place));
    gone.push_back({.chunk = *found, .drop_lsn = lsn});
    remaining->erase(found);
  }
  std::sort(gone.begin(), gone.end(), DroppedBySequence);
  std::lock_guard lock(mutex_);
  chunks_ = std::move(remaining);
  dropped_ = std::move(gone);
  horizon_ = HorizonBehind(record, lsn);
  return Status();
}

// Neither seal nor entries may be written into a chunk that is gone.
Status ChunkStore::LeaveReplayed(const std::shared_ptr<Chunk>& chunk, const DroppedPlace& place) {
  if (chunk->layout().slot != place.slot) {
    return Status::Corruption(container_.path() + ": the log drops chunk " +
                              std::to_string(place.chunk_sequence) + " in slot " +
                              std::to_string(place.slot) + ", but it is in slot " +
                              std::to_string(chunk->layout().slot));
  }
  std::erase(full_, chunk);
  if (open_ == chunk) {
    open_ = nullptr;
    next_extent_ = 0;
    directory_end_ = 0;
  }
  std::erase_if(pending_entries_, [&](const PlacedEntry& placed) {
    return placed.chunk_sequence == place.chunk_sequence;
  });
  return Status();
}

Status ChunkStore::MarkDropped(LSN checkpoint_lsn) {
  for (DroppedChunk& dropped : dropped_) {
    if (dropped.is_marked || dropped.drop_lsn >= checkpoint_lsn) continue;
    const Status marked = mutator_.BringToDeprecated(dropped.chunk->layout());
    // The catalogue says what the words cannot, and punching clears them.
    if (marked.code() == StatusCode::kCorruption) {
      events_.Add(0, EventLevel::kWarning, "dropped chunk", std::string(marked.message()));
    } else {
      XTDB_RETURN_IF_ERROR(marked);
    }
    std::lock_guard lock(mutex_);
    dropped.is_marked = true;
  }
  return Status();
}

bool ChunkStore::CanReclaim(LSN oldest_snapshot) const {
  const LSN checkpoint = container_.superblock().checkpoint_lsn;
  return std::any_of(dropped_.begin(), dropped_.end(), [&](const DroppedChunk& dropped) {
    return dropped.is_marked && dropped.drop_lsn < checkpoint &&
           dropped.drop_lsn <= oldest_snapshot;
  });
}

bool ChunkStore::AwaitsCheckpoint() const {
  const LSN checkpoint = container_.superblock().checkpoint_lsn;
  return std::any_of(dropped_.begin(), dropped_.end(),
                     [&](const DroppedChunk& dropped) { return dropped.drop_lsn >= checkpoint; });
}

// Data before header: whatever of the punches a crash keeps, a slot without a header has no blocks,
// and one with blocks says DEPRECATED. So nobody takes the blocks for those of a damaged chunk.
Status ChunkStore::Reclaim(LSN oldest_snapshot) {
  if (!CanReclaim(oldest_snapshot)) return Status();
  const LSN checkpoint = container_.superblock().checkpoint_lsn;
  std::vector<DroppedChunk*> going;
  for (DroppedChunk& dropped : dropped_) {
    if (dropped.is_marked && dropped.drop_lsn < checkpoint && dropped.drop_lsn <= oldest_snapshot) {
      going.push_back(&dropped);
    }
  }
  File& file = container_.file();
  for (const DroppedChunk* dropped : going) {
    const ChunkLayout& layout = dropped->chunk->layout();
    for (const auto& chunk : *chunks()) XTDB_CHECK(chunk->layout().slot != layout.slot);
    XTDB_RETURN_IF_ERROR(file.Punch(layout.data_offset, layout.end_offset - layout.data_offset));
  }
  XTDB_RETURN_IF_ERROR(file.Sync());
  for (const DroppedChunk* dropped : going) {
    const ChunkLayout& layout = dropped->chunk->layout();
    XTDB_RETURN_IF_ERROR(file.Punch(layout.chunk_offset, layout.data_offset - layout.chunk_offset));
  }
  XTDB_RETURN_IF_ERROR(file.Sync());
  std::lock_guard lock(mutex_);
  for (DroppedChunk* dropped : going) dropped->is_punched = true;
  return Status();
}

void ChunkStore::EndReclaim(bool superblock_is_durable) {
  std::lock_guard lock(mutex_);
  if (!superblock_is_durable) {
    for (DroppedChunk& dropped : dropped_) dropped.is_punched = false;
    return;
  }
  for (const DroppedChunk& dropped : dropped_) {
    if (!dropped.is_punched) continue;
    const uint32_t slot = dropped.chunk->layout().slot;
    slots_.Release(slot);
    allocated_.erase(slot);
    ++reclaimed_count_;
  }
  std::erase_if(dropped_, [](const DroppedChunk& dropped) { return dropped.is_punched; });
}

Status ChunkStore::PunchUnused() {
  for (const auto& [slot, allocated_end] : allocated_) {
    const ChunkLayout layout = container_.layout().Layout(slot);
    uint64_t begin = layout.data_offset;
    if (open_ && open_->layout().slot == slot) {
      begin = layout.ExtentOffset(next_extent_);
    } else if (slots_.IsTaken(slot)) {
      continue;  // sealed, and punched by that
    }
    if (begin < allocated_end) {
      XTDB_RETURN_IF_ERROR(container_.file().Punch(begin, allocated_end - begin));
    }
  }
  for (const auto& [slot, allocated_end] : allocated_heads_) {
    const uint64_t begin = container_.layout().Layout(slot).chunk_offset;
    if (slots_.IsTaken(slot)) continue;
    XTDB_RETURN_IF_ERROR(container_.file().Punch(begin, allocated_end - begin));
  }
  allocated_.clear();
  allocated_heads_.clear();
  return Status();
}

}  // namespace xtdb
