#include "engine/wal/compact_record.h"

#include <cassert>
#include <string>

#include "engine/wal/payload_cursor.h"

namespace xtdb {
namespace {

Status Damaged(const std::string& what) { return Status::Corruption("COMPACT record: " + what); }

Result<DroppedPlace> TakeInput(PayloadCursor& cursor, uint64_t last_sequence) {
  DroppedPlace place;
  if (!cursor.Take(place.slot) || !cursor.Take(place.chunk_sequence)) {
    return Damaged("chunk cut short");
  }
  if (place.slot > kSlotMax) return Damaged("slot of a chunk");
  if (place.chunk_sequence <= last_sequence || place.chunk_sequence > kCounterMax) {
    return Damaged("chunk " + std::to_string(place.chunk_sequence) + " behind " +
                   std::to_string(last_sequence));
  }
  return place;
}

Result<CompactedChunk> TakeOutput(PayloadCursor& cursor, uint64_t last_sequence) {
  XTDB_ASSIGN_OR_RETURN(const DroppedPlace place, TakeInput(cursor, last_sequence));
  CompactedChunk chunk;
  chunk.slot = place.slot;
  chunk.chunk_sequence = place.chunk_sequence;
  if (!cursor.Take(chunk.created_at_us) || !cursor.Take(chunk.sources) ||
      !cursor.Take(chunk.summary)) {
    return Damaged("chunk cut short");
  }
  XTDB_RETURN_IF_ERROR(CheckSources(ChunkKind::kCompact, chunk.chunk_sequence, chunk.sources)
                           .WithContext("COMPACT record"));
  XTDB_RETURN_IF_ERROR(CheckChunkSummary(chunk.summary).WithContext("COMPACT record"));
  if (chunk.summary.block_count == 0) return Damaged("a chunk without blocks");
  return chunk;
}

}  // namespace

void AppendCompact(const CompactRecord& record, std::vector<std::byte>& out) {
  assert(!record.inputs.empty());
  AppendPlain(static_cast<uint32_t>(record.inputs.size()), out);
  for (const DroppedPlace& place : record.inputs) {
    AppendPlain(place.slot, out);
    AppendPlain(place.chunk_sequence, out);
  }
  for (const CompactedChunk& chunk : record.outputs) {
    AppendPlain(chunk.slot, out);
    AppendPlain(chunk.chunk_sequence, out);
    AppendPlain(chunk.created_at_us, out);
    AppendPlain(chunk.sources, out);
    AppendPlain(chunk.summary, out);
  }
}

Result<CompactRecord> DecodeCompact(std::span<const std::byte> payload) {
  PayloadCursor cursor(payload);
  uint32_t input_count = 0;
  if (!cursor.Take(input_count) || input_count == 0) return Damaged("names no chunk");
  CompactRecord record;
  uint64_t last_sequence = 0;
  for (uint32_t i = 0; i < input_count; ++i) {
    XTDB_ASSIGN_OR_RETURN(const DroppedPlace place, TakeInput(cursor, last_sequence));
    last_sequence = place.chunk_sequence;
    record.inputs.push_back(place);
  }
  // An output was begun after every input, so its number is larger.
  while (!cursor.done()) {
    XTDB_ASSIGN_OR_RETURN(const CompactedChunk chunk, TakeOutput(cursor, last_sequence));
    last_sequence = chunk.chunk_sequence;
    record.outputs.push_back(chunk);
  }
  return record;
}

}  // namespace xtdb
