#include "engine/codec/time_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "engine/base/types.h"
#include "engine/codec/bit_packing.h"
#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

bool TryEncodeRaw(std::span<const int64_t> ts_us, size_t size_max, std::vector<std::byte>& out) {
  if (ts_us.size_bytes() >= size_max) return false;
  const auto bytes = std::as_bytes(ts_us);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return true;
}

Status DecodeRaw(std::span<const std::byte> in, std::span<int64_t> ts_us) {
  if (in.size() != ts_us.size_bytes()) return Status::Corruption("raw times: wrong size");
  std::memcpy(ts_us.data(), in.data(), in.size());
  return Status();
}

struct ConstantStepSection {
  int64_t first_ts_us;
  uint64_t step_us;
};
static_assert(sizeof(ConstantStepSection) == 16);
static_assert(offsetof(ConstantStepSection, step_us) == 8);

uint64_t Difference(int64_t later, int64_t earlier) {
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

bool TryEncodeConstantStep(std::span<const int64_t> ts_us, size_t size_max,
                           std::vector<std::byte>& out) {
  // One point has no step; raw says it in half the bytes.
  if (ts_us.size() < 2 || sizeof(ConstantStepSection) >= size_max) return false;
  const uint64_t step = Difference(ts_us[1], ts_us[0]);
  for (size_t i = 2; i < ts_us.size(); ++i) {
    if (Difference(ts_us[i], ts_us[i - 1]) != step) return false;
  }
  PutValue(ConstantStepSection{ts_us[0], step}, out);
  return true;
}

Status DecodeConstantStep(std::span<const std::byte> in, std::span<int64_t> ts_us) {
  if (in.size() != sizeof(ConstantStepSection) || ts_us.size() < 2) {
    return Status::Corruption("constant-step times: wrong size or count");
  }
  const auto section = GetValue<ConstantStepSection>(in.data());
  for (size_t i = 0; i < ts_us.size(); ++i) {
    ts_us[i] =
        static_cast<int64_t>(static_cast<uint64_t>(section.first_ts_us) + section.step_us * i);
  }
  return Status();
}

// In front of the packed bits: (delta - least_delta_us) / common_step_us, count - 1 of them.
struct DeltaPackedHead {
  int64_t first_ts_us;
  uint64_t least_delta_us;
  uint64_t common_step_us;  // > 0
};
static_assert(sizeof(DeltaPackedHead) == 24);
static_assert(offsetof(DeltaPackedHead, least_delta_us) == 8);
static_assert(offsetof(DeltaPackedHead, common_step_us) == 16);
constexpr size_t kDeltaPackedHeadBytes = sizeof(DeltaPackedHead) + 1;  // and the width

bool TryEncodeDeltaPacked(std::span<const int64_t> ts_us, size_t size_max,
                          std::vector<std::byte>& out) {
  if (ts_us.size() < 2) return false;
  std::array<uint64_t, kVectorPointsMax> storage;
  const std::span<uint64_t> deltas = std::span(storage).first(ts_us.size() - 1);
  for (size_t i = 0; i < deltas.size(); ++i) deltas[i] = Difference(ts_us[i + 1], ts_us[i]);
  const uint64_t least = *std::min_element(deltas.begin(), deltas.end());
  uint64_t common = 0, greatest = 0;
  for (uint64_t& delta : deltas) {
    delta -= least;
    greatest = std::max(greatest, delta);
    if (common != 1) common = std::gcd(common, delta);
  }
  common = std::max(common, uint64_t{1});  // all deltas equal
  const uint8_t width = BitWidth(greatest / common);
  if (kDeltaPackedHeadBytes + PackedBytes(deltas.size(), width) >= size_max) return false;
  if (common > 1) {
    for (uint64_t& delta : deltas) delta /= common;
  }
  PutValue(DeltaPackedHead{ts_us[0], least, common}, out);
  PutValue(width, out);
  PackBits(deltas, width, out);
  return true;
}

Status DecodeDeltaPacked(std::span<const std::byte> in, std::span<int64_t> ts_us) {
  ByteReader reader(in);
  DeltaPackedHead head{};
  uint8_t width = 0;
  if (!reader.Read(head) || !reader.Read(width) || ts_us.size() < 2) {
    return Status::Corruption("delta-packed times: wrong size or count");
  }
  if (width > kPackedWidthMax || head.common_step_us == 0) {
    return Status::Corruption("delta-packed times: width or common step");
  }
  std::array<uint64_t, kVectorPointsMax> storage;
  const std::span<uint64_t> deltas = std::span(storage).first(ts_us.size() - 1);
  if (reader.rest().size() != PackedBytes(deltas.size(), width) ||
      !PackedPaddingIsZero(reader.rest(), deltas.size(), width)) {
    return Status::Corruption("delta-packed times: wrong size or padding");
  }
  UnpackBits(reader.rest(), width, deltas);
  uint64_t ts = static_cast<uint64_t>(head.first_ts_us);
  ts_us[0] = head.first_ts_us;
  for (size_t i = 0; i < deltas.size(); ++i) {
    ts += head.least_delta_us + deltas[i] * head.common_step_us;
    ts_us[i + 1] = static_cast<int64_t>(ts);
  }
  return Status();
}

constexpr TimeCodec kTimeCodecs[] = {
    {TimeEncoding::kConstantStep, "step", TryEncodeConstantStep, DecodeConstantStep},
    {TimeEncoding::kDeltaPacked, "delta", TryEncodeDeltaPacked, DecodeDeltaPacked},
    {TimeEncoding::kRaw, "raw", TryEncodeRaw, DecodeRaw},
};

}  // namespace

std::span<const TimeCodec> TimeCodecs() { return kTimeCodecs; }

}  // namespace xtdb
