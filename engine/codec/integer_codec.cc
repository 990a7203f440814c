#include "engine/codec/integer_codec.h"

#include "engine/codec/int_stream.h"

namespace xtdb {

bool TryAppendPacked(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (!IsInteger(rows.type)) return false;
  const size_t start = out.size();
  AppendStream(rows.bits, rows.compress, out);
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

Status ReadPacked(ByteReader& reader, const DecodedValues& values) {
  if (!IsInteger(values.type)) return Status::Corruption("packed integers of another type");
  return ReadStream(reader, values.bits);
}

}  // namespace xtdb
