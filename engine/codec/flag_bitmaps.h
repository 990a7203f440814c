#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// A point flag of every row as a bitmap: row i is bit i % 8 of byte i / 8, unused bits are zero.
// One in which no bit is set is not written at all.

constexpr size_t BitmapBytes(size_t count) { return (count + 7) / 8; }

// Appends the bitmap of `flag` (one bit) and returns true, or appends nothing if no row has it.
bool EmitFlagBitmap(std::span<const uint8_t> flags, uint8_t flag, std::vector<std::byte>& out);

// Sets `flag` in the rows that the untrusted bitmap names.
// Precondition: bitmap.size() == BitmapBytes(flags.size()).
Status DecodeFlagBitmap(std::span<const std::byte> bitmap, uint8_t flag, std::span<uint8_t> flags);

}  // namespace xtdb
