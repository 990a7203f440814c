#pragma once

#include <cstddef>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kDecimal: floats that were decimals once. Each is integer / 10^exponent, and so many units in the
// last place beside it: none for what was printed, parsed and stored, a few for what was computed
// from such numbers (0.1 + 0.2), which therefore take as few bits. After ALP [Afroozeh, Kuffo,
// Boncz 2023], whose exceptions they would be. NaN, infinities and numbers too large are
// exceptions.
bool TryAppendDecimal(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadDecimal(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
