#include "engine/codec/packed_integers.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "engine/base/types.h"
#include "engine/codec/bit_packing.h"
#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

constexpr size_t kFrameHeadBytes = 1 + 1 + 8;
constexpr size_t kDeltaHeadBytes = kFrameHeadBytes + 8;

struct SignedRange {
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t greatest = std::numeric_limits<int64_t>::min();

  void Add(uint64_t value) {
    least = std::min(least, static_cast<int64_t>(value));
    greatest = std::max(greatest, static_cast<int64_t>(value));
  }
  uint8_t Width() const {
    return BitWidth(static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least));
  }
};

}  // namespace

PackPlan PlanPacked(std::span<const uint64_t> values) {
  assert(!values.empty() && values.size() <= kVectorPointsMax);
  SignedRange frame, steps;
  frame.Add(values[0]);
  for (size_t i = 1; i < values.size(); ++i) {
    frame.Add(values[i]);
    steps.Add(values[i] - values[i - 1]);
  }
  PackPlan plan;
  plan.width = frame.Width();
  plan.base = static_cast<uint64_t>(frame.least);
  plan.size_bytes = kFrameHeadBytes + PackedBytes(values.size(), plan.width);
  if (values.size() == 1) return plan;
  const size_t delta_bytes = kDeltaHeadBytes + PackedBytes(values.size() - 1, steps.Width());
  if (delta_bytes >= plan.size_bytes) return plan;
  return PackPlan{PackMode::kDelta, steps.Width(), values[0], static_cast<uint64_t>(steps.least),
                  delta_bytes};
}

void EmitPacked(const PackPlan& plan, std::span<const uint64_t> values,
                std::vector<std::byte>& out) {
  PutValue(static_cast<uint8_t>(plan.mode), out);
  PutValue(plan.width, out);
  PutValue(plan.base, out);
  std::array<uint64_t, kVectorPointsMax> residuals;
  if (plan.mode == PackMode::kFrameOfReference) {
    for (size_t i = 0; i < values.size(); ++i) residuals[i] = values[i] - plan.base;
    PackBits(std::span(residuals).first(values.size()), plan.width, out);
    return;
  }
  PutValue(plan.least_step, out);
  for (size_t i = 1; i < values.size(); ++i) {
    residuals[i - 1] = values[i] - values[i - 1] - plan.least_step;
  }
  PackBits(std::span(residuals).first(values.size() - 1), plan.width, out);
}

Status DecodePacked(std::span<const std::byte> in, std::span<uint64_t> values) {
  ByteReader reader(in);
  uint8_t mode = 0, width = 0;
  uint64_t base = 0, least_step = 0;
  if (!reader.Read(mode) || !reader.Read(width) || !reader.Read(base)) {
    return Status::Corruption("packed integers end in their head");
  }
  if (mode > static_cast<uint8_t>(PackMode::kDelta) || width > kPackedWidthMax) {
    return Status::Corruption("packed integers: unknown mode or width");
  }
  const bool delta = mode == static_cast<uint8_t>(PackMode::kDelta);
  if (delta && !reader.Read(least_step)) {
    return Status::Corruption("packed integers end in their head");
  }
  const std::span<uint64_t> residuals = delta ? values.subspan(1) : values;
  if (reader.rest().size() != PackedBytes(residuals.size(), width) ||
      !PackedPaddingIsZero(reader.rest(), residuals.size(), width)) {
    return Status::Corruption("packed integers: wrong size or padding");
  }
  UnpackBits(reader.rest(), width, residuals);
  if (!delta) {
    for (uint64_t& value : values) value += base;
    return Status();
  }
  values[0] = base;
  for (uint64_t& value : residuals) value = base += value + least_step;
  return Status();
}

}  // namespace xtdb
