#include "engine/wal/flush_record.h"

#include <array>
#include <limits>
#include <string>

#include "engine/codec/byte_io.h"
#include "engine/format/block_format.h"
#include "engine/wal/payload_cursor.h"

namespace xtdb {
namespace {

constexpr size_t kEntryBytes = 16 + sizeof(BlockDirEntry);

bool IsKnown(ChunkKind kind) {
  return kind == ChunkKind::kRaw || kind == ChunkKind::kCompact || kind == ChunkKind::kCatalog;
}

Result<PlacedEntry> TakeEntry(PayloadCursor& cursor) {
  PlacedEntry placed;
  std::span<const std::byte> bytes;
  if (!cursor.Take(placed.slot) || !cursor.Take(placed.entry_index) ||
      !cursor.Take(placed.chunk_sequence) || !cursor.Take(sizeof(BlockDirEntry), bytes)) {
    return Status::Corruption("FLUSH record: entry cut short");
  }
  if (placed.chunk_sequence == 0) return Status::Corruption("FLUSH record: chunk sequence 0");
  XTDB_ASSIGN_OR_RETURN(placed.entry, DecodeBlockDirEntry(bytes, placed.chunk_sequence));
  if (IsUnwritten(placed.entry)) return Status::Corruption("FLUSH record: unwritten entry");
  return placed;
}

// Rising numbers, each less the one before, to the record's end.
Result<std::vector<TagId>> TakeTags(std::span<const std::byte> bytes) {
  std::vector<TagId> tags;
  ByteReader reader(bytes);
  uint64_t tag = kNoTag;
  while (!reader.rest().empty()) {
    uint64_t step = 0;
    if (!reader.ReadVarint(step) || step == 0 || step > std::numeric_limits<TagId>::max() - tag) {
      return Status::Corruption("FLUSH record: tags of MIXED blocks");
    }
    tag += step;
    tags.push_back(static_cast<TagId>(tag));
  }
  return tags;
}

}  // namespace

void AppendFlush(const FlushRecord& record, std::vector<std::byte>& out) {
  out.reserve(out.size() + 8 + record.chunks.size() * sizeof(NewChunk) +
              record.entries.size() * kEntryBytes);
  AppendPlain(static_cast<uint32_t>(record.chunks.size()), out);
  for (const NewChunk& chunk : record.chunks) AppendPlain(chunk, out);
  AppendPlain(static_cast<uint32_t>(record.entries.size()), out);
  for (const PlacedEntry& placed : record.entries) {
    assert(!IsUnwritten(placed.entry) && placed.chunk_sequence > 0);
    AppendPlain(placed.slot, out);
    AppendPlain(placed.entry_index, out);
    AppendPlain(placed.chunk_sequence, out);
    std::array<std::byte, sizeof(BlockDirEntry)> bytes;
    EncodeStruct(placed.entry, bytes);
    AppendBytes(bytes, out);
  }
  TagId before = kNoTag;
  for (const TagId tag : record.mixed_tags) {
    assert(tag > before);
    PutVarint(tag - before, out);
    before = tag;
  }
}

Result<FlushRecord> DecodeFlush(std::span<const std::byte> payload) {
  PayloadCursor cursor(payload);
  FlushRecord record;
  uint32_t count = 0;
  if (!cursor.Take(count) || count > cursor.size() / sizeof(NewChunk)) {
    return Status::Corruption("FLUSH record: more chunks than bytes");
  }
  record.chunks.resize(count);
  for (NewChunk& chunk : record.chunks) {
    XTDB_CHECK(cursor.Take(chunk));  // counted above
    if (!IsKnown(chunk.kind) || chunk.slot > kSlotMax || chunk.chunk_sequence == 0 ||
        chunk.chunk_sequence > kCounterMax) {
      return Status::Corruption("FLUSH record: chunk in slot " + std::to_string(chunk.slot));
    }
  }
  if (!cursor.Take(count) || count > cursor.size() / kEntryBytes) {
    return Status::Corruption("FLUSH record: more entries than bytes");
  }
  record.entries.reserve(count);
  bool has_mixed = false;
  for (uint32_t i = 0; i < count; ++i) {
    XTDB_ASSIGN_OR_RETURN(PlacedEntry placed, TakeEntry(cursor));
    has_mixed |= placed.entry.kind == BlockKind::kMixed;
    record.entries.push_back(placed);
  }
  std::span<const std::byte> rest;
  XTDB_CHECK(cursor.Take(cursor.size(), rest));
  XTDB_ASSIGN_OR_RETURN(record.mixed_tags, TakeTags(rest));
  if (has_mixed == record.mixed_tags.empty()) {
    return Status::Corruption("FLUSH record: MIXED blocks and their tags");
  }
  return record;
}

}  // namespace xtdb
