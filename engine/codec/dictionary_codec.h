#pragma once

#include <cstddef>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kDictionary: the distinct values, once each, in an encoding of their own, and for each row which
// one it is. For what repeats out of order: states, set points, the few values of a coarse sensor,
// words.
bool TryAppendDictionary(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadDictionary(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
