#pragma once

#include <cstddef>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kPacked: integers and bools as a stream.
bool TryAppendPacked(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadPacked(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
