#include "engine/codec/bit_packing.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

constexpr uint64_t Mask(uint8_t width) {
  return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

// A number of up to 57 bits lies within the 8 bytes from its first one on, whatever its shift.
constexpr uint8_t kNarrowWidthMax = 57;

uint64_t LoadNarrow(const std::byte* in, size_t bit, uint64_t mask) {
  return (GetValue<uint64_t>(in + bit / 8) >> (bit % 8)) & mask;
}

// Reads 9 bytes.
uint64_t LoadWide(const std::byte* in, size_t bit, uint64_t mask) {
  const size_t shift = bit % 8;
  const uint64_t low = GetValue<uint64_t>(in + bit / 8) >> shift;
  const uint64_t high = std::to_integer<uint64_t>(in[bit / 8 + 8]);
  // Shifted in two steps: a shift of 64 would be undefined.
  return (low | (high << 1 << (63 - shift))) & mask;
}

// How many numbers can be loaded `load_bytes` at a time without touching bytes past the end.
size_t CountOfWholeLoads(size_t size_bytes, size_t load_bytes, uint8_t width, size_t count) {
  if (size_bytes < load_bytes) return 0;
  return std::min(count, ((size_bytes - load_bytes) * 8 + 7) / width + 1);
}

}  // namespace

void PackBits(std::span<const uint64_t> values, uint8_t width, std::vector<std::byte>& out) {
  assert(width <= kPackedWidthMax);
  if (width == 0 || values.empty()) return;
  const size_t start = out.size();
  out.resize(start + PackedBytes(values.size(), width));
  std::byte* to = out.data() + start;
  uint64_t pending = 0;
  unsigned pending_bits = 0;  // < 64
  for (const uint64_t value : values) {
    assert((value & ~Mask(width)) == 0);
    pending |= value << pending_bits;
    pending_bits += width;
    if (pending_bits < 64) continue;
    std::memcpy(to, &pending, sizeof(pending));
    to += sizeof(pending);
    pending_bits -= 64;
    pending = pending_bits == 0 ? 0 : value >> (width - pending_bits);
  }
  std::memcpy(to, &pending, (pending_bits + 7) / 8);
}

void UnpackBits(std::span<const std::byte> in, uint8_t width, std::span<uint64_t> values) {
  assert(width <= kPackedWidthMax && in.size() == PackedBytes(values.size(), width));
  if (width == 0) {
    std::fill(values.begin(), values.end(), uint64_t{0});
    return;
  }
  const uint64_t mask = Mask(width);
  const std::byte* const from = in.data();
  uint64_t* const to = values.data();
  const bool narrow = width <= kNarrowWidthMax;
  const size_t whole = CountOfWholeLoads(in.size(), narrow ? 8 : 9, width, values.size());
  if (narrow) {
    for (size_t i = 0; i < whole; ++i) to[i] = LoadNarrow(from, i * width, mask);
  } else {
    for (size_t i = 0; i < whole; ++i) to[i] = LoadWide(from, i * width, mask);
  }
  for (size_t i = whole; i < values.size(); ++i) {
    const size_t bit = i * width;
    std::array<std::byte, 9> tail{};
    std::memcpy(tail.data(), from + bit / 8, std::min(tail.size(), in.size() - bit / 8));
    to[i] = LoadWide(tail.data(), bit % 8, mask);
  }
}

bool PackedPaddingIsZero(std::span<const std::byte> in, size_t count, uint8_t width) {
  const size_t used_bits = count * width % 8;
  if (used_bits == 0) return true;
  return std::to_integer<unsigned>(in.back()) >> used_bits == 0;
}

}  // namespace xtdb
