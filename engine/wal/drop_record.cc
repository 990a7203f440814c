#include "engine/wal/drop_record.h"

#include <cassert>
#include <string>

#include "engine/wal/payload_cursor.h"

namespace xtdb {

void AppendDrop(const DropRecord& record, std::vector<std::byte>& out) {
  assert(!record.chunks.empty());
  AppendPlain(record.before_us, out);
  for (const DroppedPlace& place : record.chunks) {
    AppendPlain(place.slot, out);
    AppendPlain(place.chunk_sequence, out);
  }
}

Result<DropRecord> DecodeDrop(std::span<const std::byte> payload) {
  PayloadCursor cursor(payload);
  DropRecord record;
  if (!cursor.Take(record.before_us) || cursor.done()) {
    return Status::Corruption("DROP record: names no chunk");
  }
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
