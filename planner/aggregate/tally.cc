#include "planner/aggregate/tally.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/block/block_stats.h"

namespace xtdb {
namespace {

constexpr double kSecondsPerUs = 1e-6;

double Seconds(int64_t us) { return static_cast<double>(us) * kSecondsPerUs; }

bool IsValue(const PointColumns& columns, size_t row) {
  if (columns.flags[row] != 0) return false;
  if (columns.type == ValueType::kFloat64) return !std::isnan(AsDouble(columns.bits[row]));
  if (columns.type == ValueType::kFloat32) return !std::isnan(AsFloat(columns.bits[row]));
  return true;
}

double LineAt(const Sample& a, const Sample& b, int64_t ts_us) {
  const double share =
      static_cast<double>(ts_us - a.ts_us) / static_cast<double>(b.ts_us - a.ts_us);
  return a.value + (b.value - a.value) * share;
}

// Row by row, where gaps count.
Area AreaOfRows(const Weighting& weighting, const PointColumns& columns, size_t begin, size_t end) {
  Area area;
  std::optional<Sample> before;
  for (size_t row = begin; row < end; ++row) {
    if (!IsValue(columns, row)) continue;
    const Sample now{columns.ts_us[row], ToDouble(columns.type, columns.bits[row])};
    if (before) area.Add(AreaBetween(weighting, *before, now, before->ts_us, now.ts_us));
    before = now;
  }
  return area;
}

Int128 IntegerSum(uint64_t low, uint64_t high) {
  return (Int128{AsInt64(high)} * (Int128{1} << 64)) + low;
}

// From the mean of `a` to that of `b`; of integers exact but for its last rounding.
double MeanDelta(ValueType type, const Tally& a, const Tally& b) {
  if (IsFloat(type)) return MeanOf(type, b) - MeanOf(type, a);
  const auto count_a = static_cast<Int128>(a.count), count_b = static_cast<Int128>(b.count);
  const Int128 whole = b.integer_sum / count_b - a.integer_sum / count_a;
  return static_cast<double>(whole) +
         (static_cast<double>(b.integer_sum % count_b) / static_cast<double>(b.count) -
          static_cast<double>(a.integer_sum % count_a) / static_cast<double>(a.count));
}

}  // namespace

double ToDouble(ValueType type, ValueBits bits) {
  if (type == ValueType::kFloat64) return AsDouble(bits);
  if (type == ValueType::kFloat32) return static_cast<double>(AsFloat(bits));
  return static_cast<double>(AsInt64(bits));
}

double MeanOf(ValueType type, const Tally& tally) {
  const auto count = static_cast<double>(tally.count);
  if (IsFloat(type)) return tally.real_sum.value() / count;
  return static_cast<double>(static_cast<long double>(tally.integer_sum) / count);
}

Sample FirstOf(ValueType type, const Tally& tally) {
  return {tally.first_ts_us, type == ValueType::kText ? 0 : ToDouble(type, tally.first)};
}

Sample LastOf(ValueType type, const Tally& tally) {
  return {tally.last_ts_us, type == ValueType::kText ? 0 : ToDouble(type, tally.last),
          tally.refused_behind_us};
}

void Area::Add(const Area& other) {
  integral.Add(other.integral.value());
  covered_us += other.covered_us;
}

Area AreaBetween(const Weighting& weighting, const Sample& a, const std::optional<Sample>& b,
                 int64_t from_us, int64_t to_us) {
  Area area;
  const int64_t begin_us = std::max(from_us, a.ts_us);
  int64_t end_us = std::min(b ? std::min(to_us, b->ts_us) : to_us, a.ended_us);
  const bool has_ended = a.ended_us < (b ? b->ts_us : kNever);
  const bool is_line = weighting.is_linear && b && !has_ended;
  if (is_line && b->ts_us - a.ts_us > weighting.gap_max_us) return area;
  if (!is_line && end_us > a.ts_us && end_us - a.ts_us > weighting.gap_max_us) {
    end_us = a.ts_us + weighting.gap_max_us;
  }
  if (begin_us >= end_us) return area;
  area.covered_us = end_us - begin_us;
  const double seconds = Seconds(area.covered_us);
  if (is_line) {
    area.integral.Add((LineAt(a, *b, begin_us) / 2 + LineAt(a, *b, end_us) / 2) * seconds);
  } else {
    area.integral.Add(a.value * seconds);
  }
  return area;
}

std::optional<bool> Tallier::AreAccepted(uint64_t live, uint64_t good, uint64_t bad) const {
  const uint64_t accepted = accept_ == Accept::kAll    ? live
                            : accept_ == Accept::kGood ? good
                                                       : live - bad;
  if (accepted == live) return true;
  if (accepted == 0) return false;
  return std::nullopt;
}

Tally Tallier::OfStats(const ValueStats& stats, ValueType type) const {
  Tally tally;
  tally.count = stats.value_count;
  if (stats.value_count == 0 || type_ == ValueType::kText) return tally;
  const bool widens = IsFloat(type_) && IsInteger(type);
  const auto value = [widens](ValueBits bits) {
    return widens ? FromDouble(static_cast<double>(AsInt64(bits))) : bits;
  };
  tally.min = value(stats.min);
  tally.max = value(stats.max);
  tally.first = value(stats.first);
  tally.last = value(stats.last);
  tally.m2 = AsDouble(stats.m2);
  if (IsFloat(type)) {
    tally.real_sum.Add(AsDouble(stats.sum_low));
  } else if (widens) {
    tally.real_sum.Add(static_cast<double>(IntegerSum(stats.sum_low, stats.sum_high)));
  } else {
    tally.integer_sum = IntegerSum(stats.sum_low, stats.sum_high);
  }
  if (wanted_.weights) {
    tally.inner.integral.Add(
        AsDouble(weighting_.is_linear ? stats.integral_linear : stats.integral_step));
  }
  return tally;
}

std::optional<Tally> Tallier::OfBlock(const BlockDirEntry& entry) const {
  const ValueStats& stats = entry.stats;
  if (entry.kind != BlockKind::kPoints || stats.deleted_count != 0) return std::nullopt;
  const std::optional<bool> accepted = AreAccepted(entry.count, stats.good_count, stats.bad_count);
  if (!accepted) return std::nullopt;
  Tally tally;
  if (*accepted) {
    const bool has_holes = stats.null_count + stats.nan_count != 0;
    const bool needs_ends = wanted_.ends || wanted_.weights;
    // Of texts there are counts only; and between NULLs nobody knows when the first value comes.
    if (needs_ends && (has_holes || type_ == ValueType::kText)) return std::nullopt;
    if (wanted_.weights && stats.gap_max_us > weighting_.gap_max_us) return std::nullopt;
    tally = OfStats(stats, entry.value_type);
    tally.first_ts_us = entry.ts_min_us;
    tally.last_ts_us = entry.ts_max_us;
    tally.inner.covered_us = entry.ts_max_us - entry.ts_min_us;
  } else if (SeesRefused()) {
    tally.refused_before_us = tally.refused_behind_us = entry.ts_min_us;
  }
  tally.points = entry.count;
  tally.good = stats.good_count;
  return tally;
}

std::optional<Tally> Tallier::OfVector(const VectorEntry& vector, ValueType type) const {
  if (vector.deleted_count != 0) return std::nullopt;
  const std::optional<bool> accepted =
      AreAccepted(vector.count, vector.good_count, vector.bad_count);
  if (!accepted) return std::nullopt;
  Tally tally;
  if (*accepted) {
    if (wanted_.ends || wanted_.m2 || wanted_.weights) return std::nullopt;
    ValueStats stats;
    stats.value_count = vector.count - vector.null_count - vector.nan_count;
    stats.min = vector.min;
    stats.max = vector.max;
    stats.sum_low = vector.sum_low;
    stats.sum_high = vector.sum_high;
    tally = OfStats(stats, type);
  } else if (SeesRefused()) {
    tally.refused_before_us = tally.refused_behind_us = vector.ts_min_us;
  }
  tally.points = vector.count;
  tally.good = vector.good_count;
  return tally;
}

void Tallier::AddTexts(const PointColumns& columns, size_t begin, size_t end, Tally& tally) const {
  for (size_t row = begin; row < end; ++row) {
    if (!IsValue(columns, row)) continue;
    const std::string_view text = columns.TextAt(row);
    if (tally.texts == nullptr) {
      tally.texts = std::make_unique<TextEnds>();
      tally.texts->first = tally.texts->min = tally.texts->max = text;
    }
    if (text < tally.texts->min) tally.texts->min = text;
    if (text > tally.texts->max) tally.texts->max = text;
    tally.texts->last = text;
  }
}

void Tallier::AddEnds(const PointColumns& columns, size_t begin, size_t end,
                      const ValueStats& stats, Tally& tally) const {
  size_t first = begin;
  while (!IsValue(columns, first)) ++first;
  size_t last = end - 1;
  while (!IsValue(columns, last)) --last;
  tally.first = columns.bits[first];
  tally.last = columns.bits[last];
  tally.first_ts_us = columns.ts_us[first];
  tally.last_ts_us = columns.ts_us[last];
  if (!wanted_.weights || type_ == ValueType::kText) return;
  const bool may_have_gaps =
      stats.gap_max_us > weighting_.gap_max_us || stats.null_count + stats.nan_count != 0;
  if (may_have_gaps && weighting_.gap_max_us != std::numeric_limits<int64_t>::max()) {
    tally.inner = AreaOfRows(weighting_, columns, first, last + 1);
  } else {
    tally.inner.covered_us = tally.last_ts_us - tally.first_ts_us;
  }
}

Tally Tallier::OfAccepted(const PointColumns& columns, size_t begin, size_t end) const {
  if (begin == end) return {};
  const StatsScope scope = wanted_.m2 || wanted_.weights ? StatsScope::kBlock : StatsScope::kVector;
  const ValueStats stats = ComputeStats(columns, begin, end, scope);
  Tally tally = OfStats(stats, columns.type);
  tally.good = stats.good_count;
  if (tally.count == 0) return tally;
  // Also where they are not wanted: they cost little.
  AddEnds(columns, begin, end, stats, tally);
  if (type_ == ValueType::kText) AddTexts(columns, begin, end, tally);
  return tally;
}

Tally Tallier::OfRows(const PointColumns& columns, size_t begin, size_t end) {
  const Quality least = LeastAccepted(accept_);
  const auto is_accepted = [&](size_t row) { return columns.quality[row] >= least; };
  size_t accepted = 0;
  for (size_t row = begin; row < end; ++row) accepted += is_accepted(row) ? 1 : 0;
  Tally tally;
  if (accepted == end - begin) {
    tally = OfAccepted(columns, begin, end);
  } else {
    accepted_.Clear();
    accepted_.type = columns.type;
    for (size_t row = begin; row < end; ++row) {
      if (is_accepted(row)) accepted_.AppendRow(columns, row);
    }
    tally = OfAccepted(accepted_, 0, accepted_.size());
    tally.good = 0;
    for (size_t row = begin; row < end; ++row) tally.good += IsGood(columns.quality[row]) ? 1 : 0;
  }
  tally.points = end - begin;
  if (SeesRefused() && tally.count != tally.points) AddRefused(columns, begin, end, tally);
  return tally;
}

// Row by row, where some end the values before them.
void Tallier::AddRefused(const PointColumns& columns, size_t begin, size_t end,
                         Tally& tally) const {
  tally.inner = {};
  const Quality least = LeastAccepted(accept_);
  std::optional<Sample> before;
  for (size_t row = begin; row < end; ++row) {
    const int64_t ts_us = columns.ts_us[row];
    if (columns.quality[row] < least || !IsValue(columns, row)) {
      int64_t& refused_us = before ? before->ended_us : tally.refused_before_us;
      refused_us = std::min(refused_us, ts_us);
      continue;
    }
    const bool is_text = columns.type == ValueType::kText;
    const Sample now{ts_us, is_text ? 0 : ToDouble(columns.type, columns.bits[row])};
    if (before) tally.inner.Add(AreaBetween(weighting_, *before, now, before->ts_us, ts_us));
    before = now;
  }
  tally.refused_behind_us = before ? before->ended_us : tally.refused_before_us;
}

void Tallier::Append(Tally& tally, Tally next) const {
  const uint64_t points = tally.points + next.points;
  const uint64_t good = tally.good + next.good;
  const int64_t refused_us = tally.refused_behind_us;  // between the values of both
  if (tally.count == 0) {
    tally = std::move(next);
    tally.refused_before_us = std::min(refused_us, tally.refused_before_us);
    if (tally.count == 0) tally.refused_behind_us = tally.refused_before_us;
  } else if (next.count == 0) {
    tally.refused_behind_us = std::min(refused_us, next.refused_before_us);
  } else {
    if (wanted_.m2 && type_ != ValueType::kText) {
      // Chan, Golub, LeVeque 1983.
      const double delta = MeanDelta(type_, tally, next);
      const auto a = static_cast<double>(tally.count), b = static_cast<double>(next.count);
      tally.m2 += next.m2 + delta * delta * (a * b / (a + b));
    }
    if (wanted_.weights && type_ != ValueType::kText) {
      Sample before = LastOf(type_, tally);
      before.ended_us = std::min(refused_us, next.refused_before_us);
      const Sample behind = FirstOf(type_, next);
      tally.inner.Add(AreaBetween(weighting_, before, behind, before.ts_us, behind.ts_us));
      tally.inner.Add(next.inner);
    }
    if (OrderKey(type_, next.min) < OrderKey(type_, tally.min)) tally.min = next.min;
    if (OrderKey(type_, next.max) >= OrderKey(type_, tally.max)) tally.max = next.max;
    tally.last = next.last;
    tally.last_ts_us = next.last_ts_us;
    tally.refused_behind_us = next.refused_behind_us;
    tally.integer_sum += next.integer_sum;
    tally.real_sum.Add(next.real_sum.value());
    tally.count += next.count;
    if (next.texts != nullptr) {
      tally.texts->min = std::min(tally.texts->min, next.texts->min);
      tally.texts->max = std::max(tally.texts->max, next.texts->max);
      tally.texts->last = std::move(next.texts->last);
    }
  }
  tally.points = points;
  tally.good = good;
}

}  // namespace xtdb
