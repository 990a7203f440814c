#include "engine/codec/time_grid.h"

#include <algorithm>
#include <cmath>

#include "engine/base/types.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"

namespace xtdb {
namespace {

constexpr uint8_t kFlagFraction = 1;
constexpr uint8_t kFlagGaps = 2;
constexpr uint8_t kFlagsAll = kFlagFraction | kFlagGaps;
constexpr size_t kStepSample = 61;  // prime, as in stream_plan.cc
// A longer step than this many of the median's is a gap.
constexpr double kGapSteps = 1.5;
// Rows that the step is fitted to.
constexpr size_t kFitSample = 128;
// A rounder step may spread the residuals by this share more.
constexpr double kRoundingShare = 1.0 / 32;
// Three days: with fractions a longer step times a vector's slots would pass 2^64.
constexpr double kFractionStepMax = 0x1p38;

double Distance(int64_t later, int64_t earlier) { return static_cast<double>(later - earlier); }

double MedianStep(std::span<const int64_t> ts_us) {
  std::array<int64_t, kStepSample> sample{};
  const size_t steps = ts_us.size() - 1;
  const size_t count = std::min(steps, kStepSample);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * steps / count;
    sample[i] = ts_us[at + 1] - ts_us[at];
  }
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(sample.begin(), middle, sample.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<double>(*middle);
}

// Fills the gaps, as many as there is room for, and the rows' slots.
void FindGaps(std::span<const int64_t> ts_us, double step, TimeGrid& grid,
              std::span<double> slots) {
  double slot = 0;
  slots[0] = 0;
  for (size_t row = 1; row < ts_us.size(); ++row) {
    const double distance = Distance(ts_us[row], ts_us[row - 1]);
    slot += 1;
    if (distance > kGapSteps * step && grid.gap_count < TimeGrid::kGapsMax) {
      const double missing = std::max(std::nearbyint(distance / step) - 1, 1.0);
      grid.gap_row[grid.gap_count] = static_cast<uint16_t>(row);
      grid.missing[grid.gap_count++] = static_cast<uint64_t>(missing);
      slot += missing;
    }
    slots[row] = slot;
  }
}

// The slope of least squares through (slot, time) of a sample.
double FitSlope(std::span<const int64_t> ts_us, std::span<const double> slots) {
  const size_t count = std::min(ts_us.size(), kFitSample);
  const auto row = [&](size_t i) { return i * (ts_us.size() - 1) / (count - 1); };
  double mean_slot = 0, mean_time = 0;
  for (size_t i = 0; i < count; ++i) {
    mean_slot += slots[row(i)] / static_cast<double>(count);
    mean_time += Distance(ts_us[row(i)], ts_us[0]) / static_cast<double>(count);
  }
  double squares = 0, products = 0;
  for (size_t i = 0; i < count; ++i) {
    const double slot = slots[row(i)] - mean_slot;
    squares += slot * slot;
    products += slot * (Distance(ts_us[row(i)], ts_us[0]) - mean_time);
  }
  return products / squares;
}

// How far the times are apart from each other on the grid of that step.
double Spread(std::span<const int64_t> ts_us, std::span<const double> slots, double step) {
  double least = 0, greatest = 0;
  for (size_t i = 0; i < ts_us.size(); ++i) {
    const double residual = Distance(ts_us[i], ts_us[0]) - step * slots[i];
    least = std::min(least, residual);
    greatest = std::max(greatest, residual);
  }
  return greatest - least;
}

// The roundest step that is about as good: residuals of milliseconds stay such, and it takes fewer
// bytes.
void ChooseStep(std::span<const int64_t> ts_us, std::span<const double> slots, TimeGrid& grid) {
  const double slope = FitSlope(ts_us, slots);
  const double spread = Spread(ts_us, slots, slope);
  for (const double unit : {1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0}) {
    const double rounded = std::round(slope / unit) * unit;
    if (rounded < 1) continue;
    const double drift = std::fabs(rounded - slope) * slots.back();
    if (slope <= kFractionStepMax &&
        (drift > spread + 1 || Spread(ts_us, slots, rounded) > spread * (1 + kRoundingShare) + 1)) {
      continue;
    }
    grid.step = static_cast<uint64_t>(rounded);
    return;
  }
  grid.fraction_bits = kGridFractionBits;
  grid.step = static_cast<uint64_t>(std::llround(std::ldexp(slope, kGridFractionBits)));
}

// Adds its place on the grid to each time.
void AddPlaces(const TimeGrid& grid, int64_t first_ts_us, std::span<int64_t> ts_us) {
  uint64_t slot = 0;
  size_t begin = 0;
  const auto add_until = [&](size_t end) {
    Kernels().add_grid(ts_us.data() + begin, end - begin, first_ts_us, slot, grid.step,
                       grid.fraction_bits);
    slot += end - begin;
    begin = end;
  };
  for (size_t gap = 0; gap < grid.gap_count; ++gap) {
    add_until(grid.gap_row[gap]);
    slot += grid.missing[gap];
  }
  add_until(ts_us.size());
}

Status ReadGaps(ByteReader& reader, size_t rows, TimeGrid& grid) {
  uint64_t count = 0;
  if (!reader.ReadVarint(count) || count == 0 || count > TimeGrid::kGapsMax) {
    return Status::Corruption("time grid: number of gaps");
  }
  uint64_t row = 0;
  for (grid.gap_count = 0; grid.gap_count < count; ++grid.gap_count) {
    uint64_t further = 0;
    if (!reader.ReadVarint(further) || further > rows - row ||
        !reader.ReadVarint(grid.missing[grid.gap_count])) {
      return Status::Corruption("time grid: gap");
    }
    row += further;
    grid.gap_row[grid.gap_count] = static_cast<uint16_t>(row);
  }
  return Status();
}

}  // namespace

TimeGrid FitGrid(std::span<const int64_t> ts_us) {
  TimeGrid grid;
  std::array<double, kVectorPointsMax> room;
  const auto slots = std::span(room).first(ts_us.size());
  FindGaps(ts_us, MedianStep(ts_us), grid, slots);
  ChooseStep(ts_us, slots, grid);
  return grid;
}

void AppendGrid(const TimeGrid& grid, std::span<const int64_t> ts_us, bool compress,
                std::vector<std::byte>& out) {
  std::array<int64_t, kVectorPointsMax> places{};
  AddPlaces(grid, ts_us[0], std::span(places).first(ts_us.size()));
  std::array<uint64_t, kVectorPointsMax> residuals;
  for (size_t i = 0; i < ts_us.size(); ++i) {
    residuals[i] = static_cast<uint64_t>(ts_us[i]) - static_cast<uint64_t>(places[i]);
  }
  PutValue(static_cast<uint8_t>((grid.fraction_bits != 0 ? kFlagFraction : 0) |
                                (grid.gap_count != 0 ? kFlagGaps : 0)),
           out);
  PutVarint(grid.step, out);
  if (grid.gap_count != 0) {
    PutVarint(grid.gap_count, out);
    uint16_t row = 0;
    for (size_t gap = 0; gap < grid.gap_count; ++gap) {
      PutVarint(grid.gap_row[gap] - row, out);
      PutVarint(grid.missing[gap], out);
      row = grid.gap_row[gap];
    }
  }
  AppendStream(std::span(residuals).first(ts_us.size()), compress, out);
}

Status ReadGrid(ByteReader& reader, int64_t first_ts_us, std::span<int64_t> ts_us) {
  TimeGrid grid;
  uint8_t flags = 0;
  if (!reader.Read(flags) || (flags & ~kFlagsAll) != 0 || !reader.ReadVarint(grid.step)) {
    return Status::Corruption("time grid: flags or step");
  }
  if ((flags & kFlagFraction) != 0) grid.fraction_bits = kGridFractionBits;
  if ((flags & kFlagGaps) != 0) XTDB_RETURN_IF_ERROR(ReadGaps(reader, ts_us.size(), grid));
  std::array<uint64_t, kVectorPointsMax> residuals;
  const auto stored = std::span(residuals).first(ts_us.size());
  XTDB_RETURN_IF_ERROR(ReadStream(reader, stored));
  std::copy(stored.begin(), stored.end(), ts_us.begin());
  AddPlaces(grid, first_ts_us, ts_us);
  return Status();
}

}  // namespace xtdb
