#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/byte_io.h"

namespace xtdb {

// Times near a regular grid: each is `slot * step` behind the first, and a residual. Jitter about a
// clock then costs its own bits once, where a delta has those of two times. Slots count up by one;
// where samples are missing, by more.
struct TimeGrid {
  static constexpr size_t kGapsMax = 64;

  uint64_t step = 0;          // microseconds << fraction_bits
  uint8_t fraction_bits = 0;  // 0, or kGridFractionBits for a step that is no whole number
  size_t gap_count = 0;
  std::array<uint16_t, kGapsMax> gap_row;  // rows before which slots are missing, not falling
  std::array<uint64_t, kGapsMax> missing;  // how many, each > 0
};

inline constexpr uint8_t kGridFractionBits = 16;

// The grid that these rising times, at least 2, are about.
TimeGrid FitGrid(std::span<const int64_t> ts_us);

// Writes grid and residuals; reads them into times, whose order and range are the caller's to
// check.
void AppendGrid(const TimeGrid& grid, std::span<const int64_t> ts_us, bool compress,
                std::vector<std::byte>& out);
Status ReadGrid(ByteReader& reader, int64_t first_ts_us, std::span<int64_t> ts_us);

}  // namespace xtdb
