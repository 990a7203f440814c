#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// kDeltaPacked: bool, int32 and int64 as packed integers (packed_integers.h).
bool TryEncodeDeltaPacked(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status DecodeDeltaPacked(std::span<const std::byte> in, const DecodedValues& values);

}  // namespace xtdb
