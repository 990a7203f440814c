#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/base/types.h"

namespace xtdb {

// How a stream of integers is spelled: its first byte, and what a writer weighs.

enum class StreamKind : uint8_t { kConstant = 0, kFrame = 1, kDelta = 2, kRuns = 3 };
inline constexpr uint8_t kStreamKindMask = 3;
inline constexpr uint8_t kStreamZigZag = 4;   // residuals are zigzag: base lies amid the values
inline constexpr uint8_t kStreamPatched = 8;  // some residuals have more bits than the width
inline constexpr uint8_t kStreamScaled = 16;  // residuals are divided by a common factor
inline constexpr uint8_t kStreamPlanes = 32;  // residuals are in a zstd frame, byte plane by plane
inline constexpr uint8_t kStreamFormAll = 63;

// Bits of a position within a vector.
inline constexpr uint8_t kPositionBits = 10;

// Room for a vector's residuals, on the stack.
using ResidualArray = std::array<uint64_t, kVectorPointsMax>;

// Widths for packed residuals of which some are patched.
struct PackPlan {
  uint8_t width = 0;        // of the packed low bits
  uint8_t patch_width = 0;  // of the patches' high bits
  uint32_t patch_count = 0;
  size_t size_bytes = 0;  // of widths, packed bits and patches
};
// The cheapest; residuals: at most kVectorPointsMax.
PackPlan PlanPacking(std::span<const uint64_t> residuals);

// A stream but for its residuals: what the decoder has to add again.
struct StreamPlan {
  StreamKind kind = StreamKind::kFrame;
  bool zigzag = false;
  uint64_t first = 0;  // kDelta
  uint64_t base = 0;
  uint64_t factor = 1;  // > 1: kStreamScaled
  PackPlan packing;
  size_t size_bytes = 0;  // of the stream
};

// Not constant and at least 2 values. Fills `residuals` with those of the plan, which are n of
// them, n - 1 for kDelta.
StreamPlan PlanStream(std::span<const uint64_t> values, ResidualArray& residuals);

// About how many bytes the stream will take, from a sample, without its head: what its packed
// residuals would take if each had just its own bits, a common factor divided out. 2 ..
// kVectorPointsMax values.
size_t EstimateStreamBytes(std::span<const uint64_t> values);

}  // namespace xtdb
