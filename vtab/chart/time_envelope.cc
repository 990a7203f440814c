#include "vtab/chart/time_envelope.h"

#include <algorithm>
#include <utility>

namespace xtdb {

void TimeEnvelope::Add(int64_t ts_us, double value) {
  ++point_count_;
  ChartBin& bin = BinOf(ts_us).points;
  if (bin.count++ == 0) {
    bin.first_us = bin.last_us = ts_us;
    bin.first = bin.last = bin.min = bin.max = value;
    return;
  }
  bin.min = std::min(bin.min, value);
  bin.max = std::max(bin.max, value);
  if (ts_us < bin.first_us || (ts_us == bin.first_us && value < bin.first)) {
    bin.first_us = ts_us;
    bin.first = value;
  }
  if (ts_us > bin.last_us || (ts_us == bin.last_us && value > bin.last)) {
    bin.last_us = ts_us;
    bin.last = value;
  }
}

void TimeEnvelope::AddBreak(int64_t ts_us) {
  Bin& bin = BinOf(ts_us);
  bin.break_first_us = std::min(bin.break_first_us, ts_us);
  bin.break_last_us = std::max(bin.break_last_us, ts_us);
}

void TimeEnvelope::Clear() { *this = TimeEnvelope(); }

TimeEnvelope::Bin& TimeEnvelope::BinOf(int64_t ts_us) {
  if (current_ != nullptr && ts_us >> shift_ == current_number_) return *current_;
  current_ = &bins_[ts_us >> shift_];
  while (bins_.size() > kBinsMax) DoubleWidth();
  current_number_ = ts_us >> shift_;
  current_ = &bins_[current_number_];
  return *current_;
}

void TimeEnvelope::DoubleWidth() {
  ++shift_;
  std::map<int64_t, Bin> wider;
  for (const auto& [number, bin] : bins_) {
    const auto place = wider.try_emplace(wider.end(), number >> 1);
    Join(place->second, bin);
  }
  bins_ = std::move(wider);
}

void TimeEnvelope::Join(Bin& bin, const Bin& later) {
  bin.break_first_us = std::min(bin.break_first_us, later.break_first_us);
  bin.break_last_us = std::max(bin.break_last_us, later.break_last_us);
  ChartBin& points = bin.points;
  if (later.points.count == 0) return;
  if (points.count == 0) {
    points = later.points;
    return;
  }
  points.last_us = later.points.last_us;
  points.last = later.points.last;
  points.min = std::min(points.min, later.points.min);
  points.max = std::max(points.max, later.points.max);
  points.count += later.points.count;
}

std::vector<ChartBin> TimeEnvelope::Bins() const {
  std::vector<ChartBin> bins;
  bool is_broken = false;  // since the last value
  for (const auto& [number, bin] : bins_) {
    const bool has_break = bin.break_first_us <= bin.break_last_us;
    if (bin.points.count == 0) {
      is_broken = true;
      continue;
    }
    bins.push_back(bin.points);
    bins.back().breaks_before = is_broken || bin.break_first_us < bin.points.first_us;
    is_broken = has_break && bin.break_last_us > bin.points.last_us;
  }
  return bins;
}

}  // namespace xtdb
