#include "engine/codec/bit_packing.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

// Eight numbers of w bits take exactly w bytes, so every group of eight begins at a byte, and where
// its numbers begin is known when this is compiled.
constexpr size_t kGroup = 8;
// What is read of a group, from its first byte on: the last number's 9 bytes.
constexpr size_t kGroupReadBytes = 64 + 8;

constexpr uint64_t Mask(unsigned width) {
  return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

// A number at `bit`; may read 9 bytes from bit / 8 on.
template <unsigned kWidth>
uint64_t Load(const std::byte* in, size_t bit) {
  const unsigned shift = bit % 8;
  const uint64_t low = GetValue<uint64_t>(in + bit / 8) >> shift;
  if constexpr (kWidth <= 57) {  // within 8 bytes, whatever its shift
    return low & Mask(kWidth);
  } else {
    const uint64_t high = std::to_integer<uint64_t>(in[bit / 8 + 8]);
    // Shifted in two steps: a shift of 64 would be undefined.
    return (low | (high << 1 << (63 - shift))) & Mask(kWidth);
  }
}

template <unsigned kWidth, size_t... kIndex>
inline void UnpackGroup(const std::byte* in, uint64_t* out, std::index_sequence<kIndex...>) {
  ((out[kIndex] = Load<kWidth>(in, kIndex * kWidth)), ...);
}

template <unsigned kWidth>
void UnpackGroups(const std::byte* in, size_t groups, uint64_t* out) {
  for (size_t group = 0; group < groups; ++group) {
    UnpackGroup<kWidth>(in + group * kWidth, out + group * kGroup,
                        std::make_index_sequence<kGroup>());
  }
}

using UnpackFn = void (*)(const std::byte* in, size_t groups, uint64_t* out);

template <size_t... kWidth>
constexpr std::array<UnpackFn, sizeof...(kWidth)> MakeTable(std::index_sequence<kWidth...>) {
  return {UnpackGroups<kWidth>...};
}

constexpr auto kUnpack = MakeTable(std::make_index_sequence<kPackedWidthMax + 1>());

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
  // Whole groups whose reads end within `in`; the rest is read from a copy with zeros behind it.
  const size_t readable = width <= 57 ? size_t{width} * 7 / 8 + 8 : kGroupReadBytes;
  const size_t fitting = in.size() < readable ? 0 : (in.size() - readable) / width + 1;
  const size_t direct = std::min(values.size() / kGroup, fitting);
  kUnpack[width](in.data(), direct, values.data());
  const auto rest_bytes = in.subspan(direct * width);
  const auto rest = values.subspan(direct * kGroup);
  std::array<std::byte, 2 * kGroupReadBytes> room{};
  assert(rest_bytes.size() <= kGroupReadBytes);
  std::copy(rest_bytes.begin(), rest_bytes.end(), room.begin());
  const size_t groups = rest.size() / kGroup;
  kUnpack[width](room.data(), groups, rest.data());
  if (rest.size() % kGroup == 0) return;
  std::array<uint64_t, kGroup> last;
  kUnpack[width](room.data() + groups * width, 1, last.data());
  std::copy_n(last.begin(), rest.size() % kGroup, rest.subspan(groups * kGroup).begin());
}

void UnpackBitsPlainly(std::span<const std::byte> in, uint8_t width, std::span<uint64_t> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = 0;
    for (size_t b = 0; b < width; ++b) {
      const size_t bit = i * width + b;
      const auto set = std::to_integer<uint64_t>(in[bit / 8]) >> (bit % 8) & 1;
      values[i] |= set << b;
    }
  }
}

bool PackedPaddingIsZero(std::span<const std::byte> in, size_t count, uint8_t width) {
  const size_t used_bits = count * width % 8;
  if (used_bits == 0) return true;
  return std::to_integer<unsigned>(in.back()) >> used_bits == 0;
}

}  // namespace xtdb
