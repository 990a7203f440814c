#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kText: lengths, bit-packed, then the bytes of all texts one behind the other.
bool TryEncodeText(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status DecodeText(std::span<const std::byte> in, const DecodedValues& values);

// kTextZstd: the same with the bytes as one zstd frame; only if that saves more than a tenth, for
// less is not worth the decompression.
bool TryEncodeTextZstd(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status DecodeTextZstd(std::span<const std::byte> in, const DecodedValues& values);

}  // namespace xtdb
