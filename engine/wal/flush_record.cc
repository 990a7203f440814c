#include "engine/wal/flush_record.h"

#include <array>
#include <string>

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
  if (!cursor.Take(count) || count != cursor.size() / kEntryBytes ||
      cursor.size() % kEntryBytes != 0) {
    return Status::Corruption("FLUSH record: entries do not fill the rest");
  }
  record.entries.reserve(count);
  while (!cursor.done()) {
    XTDB_ASSIGN_OR_RETURN(PlacedEntry placed, TakeEntry(cursor));
    record.entries.push_back(placed);
  }
  return record;
}

}  // namespace xtdb
