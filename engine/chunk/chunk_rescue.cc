#include <algorithm>
#include <array>
#include <limits>

#include "engine/block/block_reader.h"
#include "engine/block/block_stats.h"
#include "engine/chunk/chunk.h"

// A chunk whose directory is damaged: blocks describe themselves, so as long as they are all there
// the chunk is served as if nothing was.

namespace xtdb {

ChunkSummary Chunk::Everywhere() {
  ChunkSummary all;
  all.ts_min_us = std::numeric_limits<int64_t>::min();
  all.ts_max_us = std::numeric_limits<int64_t>::max();
  all.tag_max = std::numeric_limits<TagId>::max();
  return all;
}

bool Chunk::RescueOrNoteMissing(const ChunkSummary& expected) {
  std::unique_lock lock(mutex_);
  const bool is_complete = directory_ != nullptr && Rescue(expected);
  if (directory_ != nullptr) directory_->Sort();
  if (is_complete) return true;
  if (expected.block_count > summary_.block_count) {
    missing_entries_ = expected.block_count - summary_.block_count;
    summary_ = expected;
  }
  missing_in_ = expected;
  return false;
}

std::string Chunk::TakeDamage() {
  if (!has_damage_.load(std::memory_order_relaxed)) return {};
  std::unique_lock lock(mutex_);
  has_damage_.store(false);
  return std::exchange(damage_, {});
}

Status Chunk::LoadByHeads(std::span<const std::byte> image, const ChunkSummary& recorded,
                          const Status& why) {
  Clear();
  XTDB_RETURN_IF_ERROR(DecodeDirectory(image, layout_.entry_count, /*tolerate_damaged=*/true));
  // Only the catalogue's count tells that all were found.
  const bool is_complete = recorded.block_count != 0 && Rescue(recorded);
  if (!is_complete) {
    Clear();
    return why;
  }
  directory_->Sort();
  summary_ = recorded;
  was_rescued_ = true;
  damage_ = Where() + ": " + std::string(why.message()) +
            "; its blocks were found without that, run xtdb check";
  has_damage_.store(true);
  return Status();
}

bool Chunk::HasAllOf(const ChunkSummary& expected) const {
  uint64_t blocks = 0;
  uint64_t points = 0;
  for (const BlockDirEntry& entry : directory_->entries()) {
    if (entry.flush_lsn > expected.last_flush_lsn) continue;
    ++blocks;
    points += entry.count;
  }
  return blocks == expected.block_count && points == expected.point_count;
}

bool Chunk::Rescue(const ChunkSummary& expected) {
  const auto take = [this](uint32_t extent) {
    const Result<BlockDirEntry> entry = EntryFromBlock(extent);
    return entry.ok() && Append(extent, entry.value()).ok();
  };
  std::erase_if(damaged_entries_, take);
  if (!HasAllOf(expected)) {
    // Behind them may be what others than the chunk of this catalogue have left there.
    const uint32_t last = std::min(expected.used_extents, layout_.entry_count);
    const std::vector<ChunkDirectory::Found> known = directory_->All();
    uint32_t extent = 0;
    for (size_t i = 0; i <= known.size(); ++i) {
      const uint32_t end = i < known.size() ? known[i].number : last;
      for (; extent < end; ++extent) take(extent);
      if (i < known.size()) extent = end + known[i].entry->extents;
    }
  }
  if (!HasAllOf(expected)) return false;
  // What is damaged beside them describes no block.
  damaged_entries_.clear();
  return true;
}

Result<BlockDirEntry> Chunk::EntryFromBlock(uint32_t extent) const {
  const uint64_t offset = layout_.ExtentOffset(extent);
  const uint64_t container_id = ContainerIdOf(header_.container_uuid);
  std::array<std::byte, sizeof(BlockHead)> bytes;
  XTDB_RETURN_IF_ERROR(file_.ReadAt(offset, bytes));
  XTDB_ASSIGN_OR_RETURN(const BlockHead head, DecodeStruct<BlockHead>(bytes, "block head"));
  const bool is_known = head.kind == BlockKind::kPoints || head.kind == BlockKind::kMixed;
  if (head.magic != kBlockMagic || head.chunk_sequence != header_.chunk_sequence || !is_known) {
    return Status::Corruption("no block of this chunk");
  }
  BlockDirEntry entry;
  entry.tag_id = head.tag_id;
  entry.count = head.count;
  entry.ts_min_us = head.ts_min_us;
  entry.ts_max_us = head.ts_max_us;
  entry.through_lsn = head.through_lsn;
  // Its FLUSH frame is later than that and before the checkpoint: every snapshot sees it.
  entry.flush_lsn = head.through_lsn;
  entry.extents = head.extents;
  entry.data_size_bytes = head.data_size_bytes;
  entry.head_crc32 = head.crc32;
  entry.vector_count = head.vector_count;
  entry.kind = head.kind;
  entry.value_type = head.value_type;
  entry.tag_last = head.tag_last;
  entry.table_bytes = head.table_bytes;
  entry.needs_entry = head.needs_entry;
  if (head.kind == BlockKind::kMixed) entry.table_crc32 = head.table_crc32;
  entry.chunk_check = ChunkCheck(header_.chunk_sequence);
  XTDB_ASSIGN_OR_RETURN(
      const std::shared_ptr<LoadedBlock> block,
      BlockReader(file_, container_id).Read(entry, header_.chunk_sequence, extent, offset));
  for (const TagRun& run : block->runs()) {
    PointColumns columns;
    columns.type = run.type;
    for (uint32_t i = 0; i < run.vector_count; ++i) {
      XTDB_RETURN_IF_ERROR(block->DecodeVectorAt(run.first_vector + i, columns));
    }
    if (head.kind == BlockKind::kPoints) entry.stats = ComputeStats(columns, 0, columns.size());
  }
  return entry;
}

}  // namespace xtdb
