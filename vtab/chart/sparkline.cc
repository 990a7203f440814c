#include "vtab/chart/sparkline.h"

#include <algorithm>
#include <cmath>

namespace xtdb {
namespace {

constexpr const char* kBlocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                   "\u2585", "\u2586", "\u2587", "\u2588"};
constexpr double kAlikeWithin = 1e-15;  // relative: the noise of calculations

}  // namespace

void Sparkline::Part::Add(const Part& other) {
  if (other.is_missing) return;
  min = is_missing ? other.min : std::min(min, other.min);
  max = is_missing ? other.max : std::max(max, other.max);
  is_missing = false;
}

void Sparkline::Add(std::optional<double> value) {
  if (value_count_ == kPartsMax * values_per_part_) {
    for (size_t i = 0; i < kPartsMax / 2; ++i) {
      parts_[i] = parts_[2 * i];
      parts_[i].Add(parts_[2 * i + 1]);
    }
    parts_.resize(kPartsMax / 2);
    values_per_part_ *= 2;
  }
  if (value_count_ % values_per_part_ == 0) parts_.emplace_back();
  ++value_count_;
  if (!value) return;
  parts_.back().Add({*value, *value, false});
  if (!std::isfinite(*value)) return;
  least_ = finite_count_ == 0 ? *value : std::min(least_, *value);
  greatest_ = finite_count_ == 0 ? *value : std::max(greatest_, *value);
  ++finite_count_;
  const auto count = static_cast<double>(finite_count_);
  mean_ += *value / count - mean_ / count;
}

// The parts are spread evenly, by the first of their values.
std::vector<Sparkline::Part> Sparkline::ColumnsOf(size_t width) const {
  if (value_count_ <= width && values_per_part_ == 1) return parts_;
  std::vector<Part> columns(std::min<uint64_t>(width, value_count_));
  for (size_t i = 0; i < parts_.size(); ++i) {
    columns[i * values_per_part_ * columns.size() / value_count_].Add(parts_[i]);
  }
  return columns;
}

std::string Sparkline::Draw(size_t width) const {
  constexpr int kLevels = 8;
  // Halves, since the difference of two doubles may be no double.
  const double half_range = greatest_ / 2 - least_ / 2;
  const bool is_constant =
      half_range <= std::max(std::fabs(least_), std::fabs(greatest_)) * kAlikeWithin;
  std::string text;
  for (const Part& column : ColumnsOf(width)) {
    if (column.is_missing) {
      text += ' ';
      continue;
    }
    const bool is_peak = column.max / 2 - mean_ / 2 >= mean_ / 2 - column.min / 2;
    const double value = is_peak ? column.max : column.min;
    int level = kLevels / 2 - 1;
    if (std::isinf(value)) {
      level = value > 0 ? kLevels - 1 : 0;
    } else if (!is_constant) {
      const double part = (value / 2 - least_ / 2) / half_range;
      level = std::min(kLevels - 1, static_cast<int>(part * kLevels));
    }
    text += kBlocks[level];
  }
  return text;
}

}  // namespace xtdb
