#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// The few rows of a vector of floats that its encoding cannot hold (NaN, infinities, -0.0), as they
// are: count, packed positions, plain values. The other rows' encoding gives them some value, which
// these replace.

// Beyond this share of the rows the encoding is the wrong one.
inline constexpr size_t kRowsPerExceptionMin = 8;

// rows: rising, at least one.
void AppendExceptions(const ValueRows& values, std::span<const uint16_t> rows,
                      std::vector<std::byte>& out);
Status ReadExceptions(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
