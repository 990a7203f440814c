#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// Integers as a base and bit-packed residuals, in one of two modes, whichever is smaller:
//   kFrameOfReference: value - least value      kDelta: (value - previous value) - least difference
// All arithmetic is modulo 2^64, so that INT64_MIN beside INT64_MAX costs bits and nothing else.
enum class PackMode : uint8_t { kFrameOfReference = 0, kDelta = 1 };

struct PackPlan {
  PackMode mode = PackMode::kFrameOfReference;
  uint8_t width = 0;        // bits of a residual
  uint64_t base = 0;        // the least value, or the first
  uint64_t least_step = 0;  // kDelta only
  size_t size_bytes = 0;    // exactly what EmitPacked appends
};

// Both take two's complement int64; 1 .. kVectorPointsMax values.
PackPlan PlanPacked(std::span<const uint64_t> values);
void EmitPacked(const PackPlan& plan, std::span<const uint64_t> values,
                std::vector<std::byte>& out);

// Fills `values` from untrusted `in`, which must be used up exactly.
Status DecodePacked(std::span<const std::byte> in, std::span<uint64_t> values);

}  // namespace xtdb
