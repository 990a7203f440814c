#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// What the texts of a vector of so many rows take at most.
constexpr uint64_t VectorTextBytesMax(size_t rows) {
  return rows == 1 ? kTextBytesMax : kVectorTextBytesMax;
}

// kText: the lengths as a stream, then the bytes of all texts one behind the other.
bool TryAppendText(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadText(ByteReader& reader, const DecodedValues& values);

// kTextZstd: the same with the bytes as one zstd frame; only if that saves more than a tenth, for
// less is not worth the decompression.
bool TryAppendTextZstd(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadTextZstd(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
