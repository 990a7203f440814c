// Decodes the input as the payload of the record type that its first byte names; what is accepted
// must be what an encoder writes, or mean the same when it is encoded and decoded again.

#include <algorithm>
#include <cstring>

#include "engine/wal/compact_record.h"
#include "engine/wal/drop_record.h"
#include "engine/wal/log_records.h"

namespace xtdb {
namespace {

using Payload = std::vector<std::byte>;

void CheckPoints(std::span<const std::byte> payload) {
  Payload again;
  const auto encode = [&again](TagId tag_id, PointColumns&& columns) {
    AppendPointsGroup(tag_id, columns, 0, columns.size(), again);
    return Status();
  };
  if (!DecodePoints(payload, encode).ok()) return;
  Payload third;
  const auto encode_again = [&third](TagId tag_id, PointColumns&& columns) {
    AppendPointsGroup(tag_id, columns, 0, columns.size(), third);
    return Status();
  };
  // A column that is spelled out though it is constant is accepted, hence the second turn.
  if (!DecodePoints(again, encode_again).ok() || again != third) __builtin_trap();
}

void CheckSame(std::span<const std::byte> payload, const Payload& encoded) {
  if (!std::ranges::equal(payload, encoded)) __builtin_trap();
}

void CheckFlush(Payload payload) {
  // Random bytes never pass a CRC: patch those of the entries where the counts allow.
  uint32_t chunks = 0;
  if (payload.size() >= 8) std::memcpy(&chunks, payload.data(), sizeof(chunks));
  for (uint64_t offset = 8 + uint64_t{chunks} * sizeof(NewChunk); offset + 208 <= payload.size();
       offset += 208) {
    BlockDirEntry entry;
    std::memcpy(&entry, payload.data() + offset + 16, sizeof(entry));
    EncodeStruct(entry, std::span(payload).subspan(offset + 16));
  }
  const Result<FlushRecord> record = DecodeFlush(payload);
  if (!record.ok()) return;
  Payload encoded;
  AppendFlush(record.value(), encoded);
  CheckSame(payload, encoded);
}

void CheckDrop(std::span<const std::byte> payload) {
  const Result<DropRecord> record = DecodeDrop(payload);
  if (!record.ok()) return;
  Payload encoded;
  AppendDrop(record.value(), encoded);
  CheckSame(payload, encoded);
}

void CheckCompact(std::span<const std::byte> payload) {
  const Result<CompactRecord> record = DecodeCompact(payload);
  if (!record.ok()) return;
  Payload encoded;
  AppendCompact(record.value(), encoded);
  CheckSame(payload, encoded);
}

void CheckTagDefinition(std::span<const std::byte> payload) {
  const Result<TagDefinition> definition = DecodeTagDefinition(payload);
  if (!definition.ok()) return;
  Payload encoded;
  AppendTagDefinition(definition.value(), encoded);
  CheckSame(payload, encoded);
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0) return 0;
  const auto payload = std::as_bytes(std::span(data + 1, size - 1));
  switch (data[0] % 6) {
    case 0:
      CheckPoints(payload);
      break;
    case 1:
      CheckTagDefinition(payload);
      break;
    case 2:
      CheckFlush(Payload(payload.begin(), payload.end()));
      break;
    case 3:
      CheckDrop(payload);
      break;
    case 5:
      CheckCompact(payload);
      break;
    default:
      IgnoreStatus(DecodePrepare(payload).status(), "any 24 bytes are one");
      break;
  }
  return 0;
}
