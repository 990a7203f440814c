#include "engine/salvage/block_finder.h"

#include <algorithm>
#include <array>
#include <set>

#include "engine/chunk/chunk_sealer.h"
#include "engine/chunk/state_mutator.h"
#include "engine/format/mixed_format.h"
#include "engine/salvage/byte_repair.h"
#include "engine/salvage/raw_scanner.h"
#include "engine/salvage/sparse_read.h"

namespace xtdb {
namespace {

std::string ChunkName(uint64_t sequence, uint32_t slot) {
  return "chunk " + std::to_string(sequence) + " (slot " + std::to_string(slot) + ")";
}

std::string TagRange(TagId first, TagId last) {
  return "tag numbers " + std::to_string(first) + " to " + std::to_string(last);
}

// What DecodeBlockHead asks of a head, of which the table is damaged.
bool IsUsable(const BlockHead& head) {
  const bool is_known = head.kind == BlockKind::kPoints || head.kind == BlockKind::kMixed;
  return head.magic == kBlockMagic && is_known && head.tag_id != kNoTag && head.count > 0 &&
         head.ts_min_us <= head.ts_max_us && head.extents > 0 && head.extents <= kBlockExtentsMax &&
         head.data_size_bytes <= head.extents * kExtentSizeBytes &&
         static_cast<uint8_t>(head.value_type) <= kValueTypeLast;
}

}  // namespace

const ChunkTableEntry* BlockFinder::TableRow(uint32_t slot) const {
  if (!survey_.catalogue) return nullptr;
  for (const ChunkTableEntry& row : survey_.catalogue->chunks) {
    if (row.slot == slot) return &row;
  }
  return nullptr;
}

Result<FoundBlocks> BlockFinder::Find(const std::vector<PlacedEntry>& flushed,
                                      const std::set<uint64_t>& compacted,
                                      const ProgressFn& on_progress) {
  found_ = {};
  compacted_ = compacted;
  std::set<uint32_t> slots;
  for (uint32_t slot = 0; layout_.Layout(slot).chunk_offset < survey_.file_size; ++slot) {
    slots.insert(slot);
  }
  // What stood behind a file's end that was cut off is known by name only.
  for (const PlacedEntry& placed : flushed) slots.insert(placed.slot);
  if (survey_.catalogue) {
    for (const ChunkTableEntry& row : survey_.catalogue->chunks) slots.insert(row.slot);
  }
  uint64_t done = 0;
  for (const uint32_t slot : slots) {
    XTDB_RETURN_IF_ERROR(TellProgress(on_progress, "reading", done++, slots.size()));
    XTDB_RETURN_IF_ERROR(ReadSlot(slot, flushed));
  }
  return std::move(found_);
}

Status BlockFinder::ReadSlot(uint32_t number, const std::vector<PlacedEntry>& flushed) {
  Slot slot;
  slot.layout = layout_.Layout(number);
  XTDB_RETURN_IF_ERROR(FindSequence(slot));
  const ChunkTableEntry* const row = TableRow(number);
  if (row != nullptr && row->kind == ChunkKind::kCatalog) return Status();
  XTDB_RETURN_IF_ERROR(ScanHeads(slot));
  for (const PlacedEntry& placed : flushed) {
    if (placed.slot != number) continue;
    if (slot.sequence == 0) slot.sequence = placed.chunk_sequence;
    if (placed.chunk_sequence == slot.sequence) slot.entries[placed.entry_index] = placed.entry;
  }
  if (slot.sequence == 0) return Status();
  XTDB_ASSIGN_OR_RETURN(const bool is_gone, IsGone(slot));
  if (is_gone) return Status();
  if (row != nullptr && row->chunk_sequence == slot.sequence) slot.expected = row->summary;
  XTDB_RETURN_IF_ERROR(ReadDirectory(slot));
  XTDB_RETURN_IF_ERROR(ReadSeal(slot));
  // A flush that did not count may have left blocks that a whole directory does not name.
  if (slot.is_sealed) {
    std::erase_if(slot.blocks,
                  [&](const auto& block) { return !slot.entries.contains(block.first); });
  }
  DropUncommitted(slot);
  XTDB_RETURN_IF_ERROR(RebuildHeads(slot));
  NoteMissing(slot);
  for (auto& [extent, block] : slot.blocks) found_.blocks.push_back(std::move(block));
  return Status();
}

// A transaction that never committed may have left blocks, which nothing names. Only where entries
// are missing they may be blocks that had one: those from before the chunk's last known flush.
void BlockFinder::DropUncommitted(Slot& slot) {
  const bool misses_entries = slot.expected && slot.entries.size() < slot.expected->block_count;
  const LSN known = misses_entries ? slot.expected->last_flush_lsn : kNoLsn;
  std::erase_if(slot.blocks, [&](const auto& item) {
    const BlockHead& head = item.second.head;
    return head.needs_entry != 0 && !slot.entries.contains(item.first) && head.through_lsn >= known;
  });
}

// The number of the chunk that has the slot: by its header, else by the catalogue.
Status BlockFinder::FindSequence(Slot& slot) {
  std::array<std::byte, sizeof(ChunkHeader)> bytes;
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, survey_.file_size, slot.layout.chunk_offset, bytes));
  const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
  const ChunkTableEntry* const row = TableRow(slot.layout.slot);
  if (header.ok() && header.value().slot == slot.layout.slot) {
    slot.sequence = header.value().chunk_sequence;
    slot.is_compact = header.value().kind == ChunkKind::kCompact;
  } else if (row != nullptr) {
    slot.sequence = row->chunk_sequence;
    found_.notes.push_back(ChunkName(row->chunk_sequence, slot.layout.slot) + ": " +
                           (header.ok() ? "the header is that of another slot"
                                        : std::string(header.status().message())));
  }
  return Status();
}

// A chunk that was replaced or dropped: what it holds is elsewhere, or was to go. The chunk table
// decides where state words may be the damage.
Result<bool> BlockFinder::IsGone(const Slot& slot) {
  const ChunkTableEntry* const row = TableRow(slot.layout.slot);
  if (row != nullptr && row->chunk_sequence == slot.sequence) {
    return row->state != ChunkState::kAllocated && row->state != ChunkState::kSealed;
  }
  if (slot.layout.data_offset > survey_.file_size) return false;
  const Result<ChunkState> state = StateMutator(file_).Read(slot.layout);
  if (!state.ok()) {
    if (state.status().code() == StatusCode::kIoError) return state.status();
    found_.notes.push_back(ChunkName(slot.sequence, slot.layout.slot) + ": " +
                           std::string(state.status().message()));
    return false;
  }
  // A compaction seals what it has made once its record is durable; before, the chunks count of
  // which it is made.
  const bool may_be_abandoned = slot.is_compact && state.value() != ChunkState::kSealed;
  if (may_be_abandoned && !compacted_.contains(slot.sequence)) return true;
  return state.value() == ChunkState::kDeprecated;
}

Status BlockFinder::ReadDirectory(Slot& slot) {
  std::vector<std::byte> bytes(slot.layout.directory_bytes);
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, survey_.file_size, slot.layout.directory_offset, bytes));
  uint32_t damaged = 0;
  for (uint32_t i = 0; i < slot.layout.entry_count; ++i) {
    const Result<BlockDirEntry> entry = DecodeBlockDirEntry(
        std::span(bytes).subspan(i * sizeof(BlockDirEntry), sizeof(BlockDirEntry)), slot.sequence);
    if (!entry.ok()) {
      ++damaged;
    } else if (!IsUnwritten(entry.value()) &&
               entry.value().extents <= slot.layout.entry_count - i) {
      slot.entries[i] = entry.value();
    }
  }
  if (damaged != 0) {
    found_.notes.push_back(ChunkName(slot.sequence, slot.layout.slot) +
                           ": damaged directory entries: " + std::to_string(damaged));
  }
  return Status();
}

Status BlockFinder::ReadSeal(Slot& slot) {
  std::array<std::byte, sizeof(SealRecord)> bytes;
  XTDB_RETURN_IF_ERROR(
      ReadUpToEnd(file_, survey_.file_size, slot.layout.chunk_offset + kSealRecordOffset, bytes));
  const Result<SealRecord> record = DecodeSealRecord(bytes);
  if (!record.ok() || record.value().chunk_sequence != slot.sequence) return Status();
  slot.expected = record.value().summary;
  StateMutator mutator(file_);
  slot.is_sealed = ChunkSealer(file_, mutator).Verify(slot.layout).ok();
  return Status();
}

Status BlockFinder::ScanHeads(Slot& slot) {
  RawScanner scanner(file_, survey_.container_id, layout_);
  XTDB_ASSIGN_OR_RETURN(std::vector<ScannedBlock> scanned, scanner.ScanSlot(slot.layout.slot));
  for (ScannedBlock& block : scanned) {
    if (slot.sequence == 0) slot.sequence = block.decoded.head.chunk_sequence;
    if (block.decoded.head.chunk_sequence != slot.sequence) continue;
    FoundBlock found{block.slot,
                     block.extent,
                     block.offset,
                     block.decoded.head,
                     std::move(block.decoded.vectors),
                     std::move(block.decoded.runs)};
    slot.blocks.emplace(block.extent, std::move(found));
  }
  return Status();
}

// Blocks whose head or vector table is damaged: the directory repeats the head, and a head alone
// says where its table is.
Status BlockFinder::RebuildHeads(Slot& slot) {
  for (const auto& [extent, entry] : slot.entries) {
    const auto present = slot.blocks.find(extent);
    if (present != slot.blocks.end() && present->second.head.tag_id == entry.tag_id &&
        present->second.head.through_lsn >= entry.through_lsn) {
      continue;
    }
    XTDB_ASSIGN_OR_RETURN(std::optional<FoundBlock> block, Rebuild(slot, extent, entry));
    if (block) {
      found_.notes.push_back(ChunkName(slot.sequence, slot.layout.slot) + ", block " +
                             std::to_string(extent) + ": head or vector table damaged");
      slot.blocks.insert_or_assign(extent, std::move(*block));
    }
  }
  std::array<std::byte, sizeof(BlockHead)> bytes;
  for (uint32_t extent = 0; extent < slot.layout.entry_count; ++extent) {
    if (slot.is_sealed || slot.blocks.contains(extent) || slot.entries.contains(extent)) continue;
    const uint64_t offset = slot.layout.ExtentOffset(extent);
    if (offset >= survey_.file_size) break;
    XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, survey_.file_size, offset, bytes));
    const Result<BlockHead> head = DecodeStruct<BlockHead>(bytes, "block head");
    if (!head.ok() || !IsUsable(head.value()) ||
        head.value().container_id != survey_.container_id ||
        head.value().chunk_sequence != slot.sequence) {
      continue;
    }
    FoundBlock block{slot.layout.slot, extent, offset, head.value(), {}, {}, false};
    XTDB_RETURN_IF_ERROR(ReadClaims(block));
    found_.notes.push_back(ChunkName(slot.sequence, slot.layout.slot) + ", block " +
                           std::to_string(extent) + ": vector table damaged");
    slot.blocks.emplace(extent, std::move(block));
  }
  return Status();
}

Result<std::optional<FoundBlock>> BlockFinder::Rebuild(const Slot& slot, uint32_t extent,
                                                       const BlockDirEntry& entry) {
  FoundBlock block{slot.layout.slot,
                   extent,
                   slot.layout.ExtentOffset(extent),
                   HeadOf(entry, survey_.container_id, slot.sequence),
                   {},
                   {},
                   false};
  // Behind the file's end there is nothing to rebuild; and what another block has overwritten is
  // told from this one by the vectors' checksums.
  if (block.offset + sizeof(BlockHead) >= survey_.file_size) return std::optional<FoundBlock>();
  XTDB_RETURN_IF_ERROR(ReadClaims(block));
  return std::optional<FoundBlock>(std::move(block));
}

// Rows of a damaged vector table are claims, which the vectors' checksums judge. Those of a MIXED
// block say whose points they are, and no checksum of the points would tell a wrong one: so it has
// to be mended, or nothing is taken.
Status BlockFinder::ReadClaims(FoundBlock& block) {
  const BlockHead& head = block.head;
  const uint64_t table_offset = block.offset + sizeof(BlockHead);
  if (head.kind == BlockKind::kPoints) {
    block.vectors.resize(head.vector_count);
    block.runs.push_back({head.tag_id, head.value_type, 0, head.vector_count});
    return ReadUpToEnd(file_, survey_.file_size, table_offset,
                       std::as_writable_bytes(std::span(block.vectors)));
  }
  if (head.table_bytes > kExtentSizeBytes) return Status();
  std::vector<std::byte> table(head.table_bytes);
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, survey_.file_size, table_offset, table));
  if (!RepairOneByte(table, head.table_crc32)) return Status();
  const Status decoded = DecodeMixedTable(table, head, block.vectors, block.runs);
  block.is_table_intact = decoded.ok();
  if (!decoded.ok()) {
    block.vectors.clear();
    block.runs.clear();
  }
  return Status();
}

// Entries without a block, and blocks that the chunk's summary counts and nothing else knows.
void BlockFinder::NoteMissing(const Slot& slot) {
  uint64_t known = slot.blocks.size();
  uint64_t points = 0;
  for (const auto& [extent, block] : slot.blocks) points += block.head.count;
  const std::string chunk = ChunkName(slot.sequence, slot.layout.slot);
  for (const auto& [extent, entry] : slot.entries) {
    if (slot.blocks.contains(extent)) continue;
    ++known;
    points += entry.count;
    const bool is_mixed = entry.kind == BlockKind::kMixed;
    std::string what = chunk + ", block " + std::to_string(extent) + ": not there";
    if (is_mixed) what += "; it held " + TagRange(entry.tag_id, entry.tag_last);
    found_.lost.push_back({is_mixed ? kNoTag : entry.tag_id,
                           entry.through_lsn,
                           {"", entry.ts_min_us, entry.ts_max_us, entry.count, std::move(what)}});
  }
  if (!slot.expected || slot.expected->block_count <= known) return;
  const ChunkSummary& expected = *slot.expected;
  const uint64_t missing = expected.block_count - known;
  std::string what = chunk + ": " + std::to_string(missing) + " of " +
                     std::to_string(expected.block_count) +
                     " blocks are gone without a trace; the chunk held " +
                     TagRange(expected.tag_min, expected.tag_max);
  found_.lost.push_back(
      {kNoTag,
       expected.last_flush_lsn,
       {"", expected.ts_min_us, expected.ts_max_us,
        expected.point_count > points ? expected.point_count - points : 0, std::move(what)}});
}

}  // namespace xtdb
