#include "engine/codec/row_exceptions.h"

#include <algorithm>

#include "engine/codec/bit_packing.h"
#include "engine/codec/plain_codec.h"
#include "engine/codec/stream_plan.h"

namespace xtdb {

void AppendExceptions(const ValueRows& values, std::span<const uint16_t> rows,
                      std::vector<std::byte>& out) {
  ResidualArray positions;
  std::copy(rows.begin(), rows.end(), positions.begin());
  PutVarint(rows.size(), out);
  PackBits(std::span(positions).first(rows.size()), kPositionBits, out);
  const size_t value_bytes = PlainBytes(values.type);
  for (const uint16_t row : rows) {
    out.resize(out.size() + value_bytes);
    StorePlain(values.type, values.bits[row], out.data() + out.size() - value_bytes);
  }
}

Status ReadExceptions(ByteReader& reader, const DecodedValues& values) {
  const size_t value_bytes = PlainBytes(values.type);
  uint64_t count = 0;
  std::span<const std::byte> positions_bytes, plain;
  if (!reader.ReadVarint(count) || count == 0 || count > values.bits.size() ||
      !reader.Take(PackedBytes(count, kPositionBits), positions_bytes) ||
      !PackedPaddingIsZero(positions_bytes, count, kPositionBits) ||
      !reader.Take(count * value_bytes, plain)) {
    return Status::Corruption("exceptions: number or size");
  }
  ResidualArray positions;
  UnpackBits(positions_bytes, kPositionBits, std::span(positions).first(count));
  for (size_t i = 0; i < count; ++i) {
    if (positions[i] >= values.bits.size()) return Status::Corruption("exception outside");
    values.bits[positions[i]] = LoadPlain(values.type, plain.data() + i * value_bytes);
  }
  return Status();
}

}  // namespace xtdb
