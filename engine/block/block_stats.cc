#include "engine/block/block_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtdb {
namespace {

__extension__ using Int128 = __int128;

constexpr double kSecondsPerUs = 1e-6;

// A sum of doubles with the error that each addition made [Neumaier 1974].
class CompensatedSum {
 public:
  void Add(double value) {
    const double sum = sum_ + value;
    error_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  double value() const {
    // Past the largest double, or with infinities, the error is NaN and means nothing.
    return std::isfinite(sum_) ? sum_ + error_ : sum_;
  }

 private:
  double sum_ = 0;
  double error_ = 0;
};

template <ValueType kType>
double ToDouble(ValueBits bits) {
  if constexpr (kType == ValueType::kFloat64) return AsDouble(bits);
  if constexpr (kType == ValueType::kFloat32) return static_cast<double>(AsFloat(bits));
  return static_cast<double>(AsInt64(bits));
}

template <ValueType kType>
bool IsNan(ValueBits bits) {
  if constexpr (IsFloat(kType)) return std::isnan(ToDouble<kType>(bits));
  return false;
}

// Calls visit(row) for each row whose value the statistics are over.
template <ValueType kType, typename Visit>
void ForEachValue(const PointColumns& columns, size_t begin, size_t end, Visit visit) {
  for (size_t i = begin; i < end; ++i) {
    if (columns.flags[i] == 0 && !IsNan<kType>(columns.bits[i])) visit(i);
  }
}

// Squares of deviations are taken from values less the first one, so that 1e9 + {1, 2, 3} loses
// nothing; the mean of those is corrected by their own sum [Chan, Golub, LeVeque 1983].
class Deviations {
 public:
  Deviations(double mean, uint32_t count) : mean_(mean), count_(count) {}
  void Add(double value) {
    const double deviation = value - mean_;
    squares_ += deviation * deviation;
    sum_ += deviation;
  }
  double m2() const { return std::max(0.0, squares_ - sum_ * sum_ / count_); }
  bool finite() const { return std::isfinite(squares_) && std::isfinite(sum_); }

 private:
  const double mean_;
  const double count_;
  double squares_ = 0;
  double sum_ = 0;
};

template <ValueType kType>
ValueBits SquaredDeviations(const PointColumns& columns, size_t begin, size_t end,
                            const ValueStats& stats, CompensatedSum shifted_sum) {
  const auto shifted = [&](size_t row) {
    if constexpr (IsFloat(kType)) return ToDouble<kType>(columns.bits[row]);
    return static_cast<double>(Int128{AsInt64(columns.bits[row])} - AsInt64(stats.first));
  };
  Deviations deviations(shifted_sum.value() / stats.value_count, stats.value_count);
  ForEachValue<kType>(columns, begin, end, [&](size_t row) { deviations.Add(shifted(row)); });
  if (!deviations.finite()) return FromDouble(std::numeric_limits<double>::quiet_NaN());
  return FromDouble(deviations.m2());
}

template <ValueType kType>
void AddValueStats(const PointColumns& columns, size_t begin, size_t end, ValueStats& stats) {
  Int128 integer_sum = 0;
  CompensatedSum sum, shifted_sum, step, linear;
  int64_t min_key = std::numeric_limits<int64_t>::max();
  int64_t max_key = std::numeric_limits<int64_t>::min();
  int64_t ts_before = 0;
  double before = 0;
  ForEachValue<kType>(columns, begin, end, [&](size_t row) {
    const ValueBits bits = columns.bits[row];
    const double value = ToDouble<kType>(bits);
    if (stats.value_count == 0) {
      stats.first = bits;
    } else {
      const double seconds = static_cast<double>(columns.ts_us[row] - ts_before) * kSecondsPerUs;
      step.Add(before * seconds);
      linear.Add((before / 2 + value / 2) * seconds);
    }
    const int64_t key = OrderKey(kType, bits);
    if (key <= min_key) {
      min_key = key;
      stats.min = bits;
    }
    if (key >= max_key) {
      max_key = key;
      stats.max = bits;
    }
    if constexpr (IsFloat(kType)) {
      sum.Add(value);
    } else {
      integer_sum += AsInt64(bits);
      shifted_sum.Add(static_cast<double>(Int128{AsInt64(bits)} - AsInt64(stats.first)));
    }
    stats.last = bits;
    ++stats.value_count;
    ts_before = columns.ts_us[row];
    before = value;
  });
  if (stats.value_count == 0) return;
  if constexpr (IsFloat(kType)) {
    stats.sum_low = FromDouble(sum.value());
    shifted_sum = sum;
  } else {
    stats.sum_low = static_cast<uint64_t>(integer_sum);
    stats.sum_high = static_cast<uint64_t>(integer_sum >> 64);
  }
  stats.m2 = SquaredDeviations<kType>(columns, begin, end, stats, shifted_sum);
  stats.integral_step = FromDouble(step.value());
  stats.integral_linear = FromDouble(linear.value());
}

uint32_t CountNan(const PointColumns& columns, size_t begin, size_t end) {
  uint32_t count = 0;
  for (size_t i = begin; i < end; ++i) {
    const bool nan = columns.type == ValueType::kFloat64
                         ? IsNan<ValueType::kFloat64>(columns.bits[i])
                         : IsNan<ValueType::kFloat32>(columns.bits[i]);
    count += columns.flags[i] == 0 && nan ? 1 : 0;
  }
  return count;
}

void AddCounts(const PointColumns& columns, size_t begin, size_t end, ValueStats& stats) {
  bool has_before = false;
  int64_t ts_before = 0;
  for (size_t i = begin; i < end; ++i) {
    if ((columns.flags[i] & kPointDeleted) != 0) {
      ++stats.deleted_count;
      continue;
    }
    stats.good_count += IsGood(columns.quality[i]) ? 1 : 0;
    stats.bad_count += IsBad(columns.quality[i]) ? 1 : 0;
    stats.null_count += (columns.flags[i] & kPointNull) != 0 ? 1 : 0;
    if (has_before) stats.gap_max_us = std::max(stats.gap_max_us, columns.ts_us[i] - ts_before);
    ts_before = columns.ts_us[i];
    has_before = true;
  }
  if (IsFloat(columns.type)) stats.nan_count = CountNan(columns, begin, end);
}

}  // namespace

ValueStats ComputeStats(const PointColumns& columns, size_t begin, size_t end) {
  ValueStats stats;
  AddCounts(columns, begin, end, stats);
  switch (columns.type) {
    case ValueType::kNone:
      break;
    case ValueType::kBool:
      AddValueStats<ValueType::kBool>(columns, begin, end, stats);
      break;
    case ValueType::kInt32:
      AddValueStats<ValueType::kInt32>(columns, begin, end, stats);
      break;
    case ValueType::kInt64:
      AddValueStats<ValueType::kInt64>(columns, begin, end, stats);
      break;
    case ValueType::kFloat32:
      AddValueStats<ValueType::kFloat32>(columns, begin, end, stats);
      break;
    case ValueType::kFloat64:
      AddValueStats<ValueType::kFloat64>(columns, begin, end, stats);
      break;
    case ValueType::kText:
      stats.value_count =
          static_cast<uint32_t>(end - begin) - stats.deleted_count - stats.null_count;
      break;
  }
  return stats;
}

}  // namespace xtdb
