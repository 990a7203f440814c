#include "engine/wal/drop_record.h"

#include <cassert>
#include <string>

#include "engine/wal/payload_cursor.h"

namespace xtdb {

void AppendDrop(const DropRecord& record, std::vector<std::byte>& out) {
  assert(!record.chunks.empty() || record.hides);
  AppendPlain(record.before_us, out);
  AppendPlain(uint32_t{record.hides}, out);
  for (const DroppedPlace& place : record.chunks) {
    AppendPlain(place.slot, out);
    AppendPlain(place.chunk_sequence, out);
  }
}

Result<DropRecord> DecodeDrop(std::span<const std::byte> payload) {
  PayloadCursor cursor(payload);
  DropRecord record;
  uint32_t hides = 0;
  if (!cursor.Take(record.before_us) || !cursor.Take(hides) || hides > 1) {
    return Status::Corruption("DROP record: limit");
  }
  record.hides = hides == 1;
  if (cursor.done() && !record.hides) return Status::Corruption("DROP record: names no chunk");
  uint64_t last_sequence = 0;
  while (!cursor.done()) {
    DroppedPlace place;
    if (!cursor.Take(place.slot) || !cursor.Take(place.chunk_sequence)) {
      return Status::Corruption("DROP record: chunk cut short");
    }
    if (place.chunk_sequence <= last_sequence) {
      return Status::Corruption("DROP record: chunk " + std::to_string(place.chunk_sequence) +
                                " behind " + std::to_string(last_sequence));
    }
    last_sequence = place.chunk_sequence;
    record.chunks.push_back(place);
  }
  return record;
}

}  // namespace xtdb
