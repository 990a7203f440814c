#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kDecimal: floats that are integer / 10^exponent bit for bit, as most sensors print them. NaN,
// infinities and -0.0 are no such quotient, so a vector that holds one takes another encoding.
bool TryEncodeDecimal(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status DecodeDecimal(std::span<const std::byte> in, const DecodedValues& values);

}  // namespace xtdb
