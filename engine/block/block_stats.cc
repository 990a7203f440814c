#include "engine/block/block_stats.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/compensated_sum.h"
#include "engine/codec/codec_kernels.h"

namespace xtdb {
namespace {

__extension__ using Int128 = __int128;

constexpr double kSecondsPerUs = 1e-6;

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

// ---- Columns of values only, which nearly all are: without a branch a row, whole registers at a
// time. Their figures are those of the functions above but for the last bits of what is rounded.

// Rows summed at a time: that many integers of up to kDecimalMax do not overflow.
constexpr size_t kSummedRows = 4096;
constexpr int64_t kIntegerMax = kDecimalMax / 2;  // two of them differ by no more than kDecimalMax

// Whether every byte is `wanted`.
bool AreAll(const uint8_t* bytes, size_t count, uint8_t wanted) {
  return count == 0 || (bytes[0] == wanted && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

struct DenseRows {
  const int64_t* ts_us;
  const ValueBits* bits;
  size_t count;
};

void AddSquares(double sum, double squares, ValueStats& stats) {
  const bool finite = std::isfinite(squares) && std::isfinite(sum);
  stats.m2 = FromDouble(finite ? std::max(0.0, squares - sum * sum / stats.value_count)
                               : std::numeric_limits<double>::quiet_NaN());
}

// False: NaNs, infinities, or sums that no double holds.
bool AddDenseDoubles(const DenseRows& rows, StatsScope scope, ValueStats& stats) {
  const CodecKernels& kernels = Kernels();
  int64_t least = 0, greatest = 0;
  kernels.key_range(rows.bits, rows.count, &least, &greatest);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (least <= OrderKey(ValueType::kFloat64, FromDouble(-kInfinity)) ||
      greatest >= OrderKey(ValueType::kFloat64, FromDouble(kInfinity))) {
    return false;
  }
  const double sum = kernels.sum_of_doubles(rows.bits, rows.count);
  if (!std::isfinite(sum)) return false;
  double step = 0, linear = 0, deviations = 0, squares = 0;
  if (scope == StatsScope::kBlock) {
    kernels.integrate_doubles(rows.ts_us, rows.bits, rows.count, &step, &linear);
    if (!std::isfinite(step) || !std::isfinite(linear)) return false;
    kernels.deviate_doubles(rows.bits, rows.count, sum / static_cast<double>(rows.count),
                            &deviations, &squares);
  }
  AddSquares(deviations, squares, stats);
  // A key is its bits again by the same exchange.
  ValueBits range[] = {static_cast<ValueBits>(least), static_cast<ValueBits>(greatest)};
  kernels.order_keys(range, 2);
  stats.min = range[0];
  stats.max = range[1];
  stats.sum_low = FromDouble(sum);
  stats.integral_step = FromDouble(step);
  stats.integral_linear = FromDouble(linear);
  return true;
}

// False: integers that a double may not hold.
bool AddDenseIntegers(const DenseRows& rows, StatsScope scope, ValueStats& stats) {
  const CodecKernels& kernels = Kernels();
  int64_t least = 0, greatest = 0;
  kernels.signed_range(rows.bits, rows.count, &least, &greatest);
  if (least < -kIntegerMax || greatest > kIntegerMax) return false;
  Int128 sum = 0;
  for (size_t begin = 0; begin < rows.count; begin += kSummedRows) {
    sum += AsInt64(
        kernels.sum_of_integers(rows.bits + begin, std::min(kSummedRows, rows.count - begin)));
  }
  double step = 0, linear = 0, deviations = 0, squares = 0;
  if (scope == StatsScope::kBlock) {
    kernels.integrate_integers(rows.ts_us, rows.bits, rows.count, &step, &linear);
    const int64_t first = AsInt64(rows.bits[0]);
    const auto shifted_sum = static_cast<double>(sum - Int128{first} * rows.count);
    kernels.deviate_integers(rows.bits, rows.count, first,
                             shifted_sum / static_cast<double>(rows.count), &deviations, &squares);
  }
  AddSquares(deviations, squares, stats);
  stats.min = FromInt64(least);
  stats.max = FromInt64(greatest);
  stats.sum_low = static_cast<uint64_t>(sum);
  stats.sum_high = static_cast<uint64_t>(sum >> 64);
  stats.integral_step = FromDouble(step);
  stats.integral_linear = FromDouble(linear);
  return true;
}

// False: not a column of values only; `stats` is as it was.
bool AddDenseStats(const PointColumns& columns, size_t begin, size_t end, StatsScope scope,
                   ValueStats& stats) {
  const size_t count = end - begin;
  const bool is_float = columns.type == ValueType::kFloat64;
  if (count == 0 || (!is_float && !IsInteger(columns.type))) return false;
  if (!AreAll(&columns.flags[begin], count, 0)) return false;
  const DenseRows rows{&columns.ts_us[begin], &columns.bits[begin], count};
  const int64_t gap_max_us = Kernels().longest_step(rows.ts_us, count);
  if (gap_max_us > kDecimalMax) return false;
  ValueStats dense;
  dense.value_count = static_cast<uint32_t>(count);
  if (!(is_float ? AddDenseDoubles(rows, scope, dense) : AddDenseIntegers(rows, scope, dense))) {
    return false;
  }
  dense.gap_max_us = gap_max_us;
  dense.first = rows.bits[0];
  dense.last = rows.bits[count - 1];
  if (AreAll(&columns.quality[begin], count, kQualityGood)) {
    dense.good_count = dense.value_count;
  } else {
    for (size_t i = begin; i < end; ++i) {
      dense.good_count += IsGood(columns.quality[i]) ? 1 : 0;
      dense.bad_count += IsBad(columns.quality[i]) ? 1 : 0;
    }
  }
  stats = dense;
  return true;
}

bool IsNear(ValueBits a, ValueBits b, double scale) {
  if (a == b) return true;
  const double left = AsDouble(a), right = AsDouble(b);
  if (!std::isfinite(left) || !std::isfinite(right)) {
    return std::isfinite(left) == std::isfinite(right);
  }
  constexpr double kRoundingShare = 1e-12;  // far more than orders of summing differ by
  return std::fabs(left - right) <= kRoundingShare * scale;
}

double Magnitude(ValueType type, ValueBits bits) {
  if (type == ValueType::kFloat64) return std::fabs(AsDouble(bits));
  if (type == ValueType::kFloat32) return std::fabs(static_cast<double>(AsFloat(bits)));
  return std::fabs(static_cast<double>(AsInt64(bits)));
}

}  // namespace

ValueStats ComputeStats(const PointColumns& columns, size_t begin, size_t end, StatsScope scope) {
  ValueStats stats;
  if (AddDenseStats(columns, begin, end, scope, stats)) return stats;
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

bool AgreeOnSum(ValueType type, const ValueStats& a, const ValueStats& b) {
  if (a.sum_high != b.sum_high) return false;
  if (!IsFloat(type)) return a.sum_low == b.sum_low;
  const double largest = std::max(Magnitude(type, a.min), Magnitude(type, a.max));
  return IsNear(a.sum_low, b.sum_low, largest * a.value_count);
}

bool AreEquivalent(ValueType type, const ValueStats& a, const ValueStats& b) {
  if (!AgreeOnSum(type, a, b)) return false;
  const double largest = std::max(Magnitude(type, a.min), Magnitude(type, a.max));
  const double values = a.value_count;
  const double seconds_max = static_cast<double>(a.gap_max_us) * kSecondsPerUs;
  if (!IsNear(a.m2, b.m2, largest * largest * values) ||
      !IsNear(a.integral_step, b.integral_step, largest * values * seconds_max) ||
      !IsNear(a.integral_linear, b.integral_linear, largest * values * seconds_max)) {
    return false;
  }
  ValueStats rest = b;
  rest.sum_low = a.sum_low;
  rest.m2 = a.m2;
  rest.integral_step = a.integral_step;
  rest.integral_linear = a.integral_linear;
  return std::memcmp(&rest, &a, sizeof(a)) == 0;
}

}  // namespace xtdb
