#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xtdb {

// Numbers of `width` bits each, in one stream: number i stands in bits [i * width, (i + 1) *
// width), where bit b of the stream is bit b % 8 of byte b / 8. The last byte's unused bits are
// zero.

inline constexpr uint8_t kPackedWidthMax = 64;

constexpr uint8_t BitWidth(uint64_t value) {
  return static_cast<uint8_t>(64 - std::countl_zero(value));
}
constexpr size_t PackedBytes(size_t count, uint8_t width) { return (count * width + 7) / 8; }

// Appends the stream. Every value fits in `width` <= 64 bits.
void PackBits(std::span<const uint64_t> values, uint8_t width, std::vector<std::byte>& out);

// Fills `values`. Precondition: in.size() == PackedBytes(values.size(), width), width <= 64.
void UnpackBits(std::span<const std::byte> in, uint8_t width, std::span<uint64_t> values);
// The same, number by number: what the other is compared with.
void UnpackBitsPlainly(std::span<const std::byte> in, uint8_t width, std::span<uint64_t> values);

// Whether the bits behind the last of `count` numbers are zero. Same precondition.
bool PackedPaddingIsZero(std::span<const std::byte> in, size_t count, uint8_t width);

}  // namespace xtdb
