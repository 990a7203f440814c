#include "engine/codec/flag_bitmaps.h"

#include <algorithm>
#include <cassert>

namespace xtdb {

bool EmitFlagBitmap(std::span<const uint8_t> flags, uint8_t flag, std::vector<std::byte>& out) {
  if (std::none_of(flags.begin(), flags.end(), [&](uint8_t one) { return (one & flag) != 0; })) {
    return false;
  }
  const size_t start = out.size();
  out.resize(start + BitmapBytes(flags.size()));
  for (size_t row = 0; row < flags.size(); ++row) {
    if ((flags[row] & flag) != 0) out[start + row / 8] |= std::byte{1} << (row % 8);
  }
  return true;
}

Status DecodeFlagBitmap(std::span<const std::byte> bitmap, uint8_t flag, std::span<uint8_t> flags) {
  assert(bitmap.size() == BitmapBytes(flags.size()));
  bool any = false;
  for (size_t row = 0; row < flags.size(); ++row) {
    const bool set = ((bitmap[row / 8] >> (row % 8)) & std::byte{1}) != std::byte{0};
    if (set) flags[row] = static_cast<uint8_t>(flags[row] | flag);
    any |= set;
  }
  if (!any) return Status::Corruption("flag bitmap without a set bit");
  const size_t used_bits = flags.size() % 8;
  if (used_bits != 0 && (bitmap.back() >> used_bits) != std::byte{0}) {
    return Status::Corruption("flag bitmap: padding");
  }
  return Status();
}

}  // namespace xtdb
