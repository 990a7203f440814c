#include "planner/predicate.h"

#include <algorithm>
#include <cmath>

namespace xtdb {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

void NarrowByInteger(NumberRange<int64_t>& range, CompareOp op, int64_t operand) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  switch (op) {
    case CompareOp::kEq:
      range.low = std::max(range.low, operand);
      range.high = std::min(range.high, operand);
      break;
    case CompareOp::kNe:
      range.excluded.push_back(operand);
      break;
    case CompareOp::kLt:
      if (operand == kMin)
        range.empty = true;
      else
        range.high = std::min(range.high, operand - 1);
      break;
    case CompareOp::kLe:
      range.high = std::min(range.high, operand);
      break;
    case CompareOp::kGt:
      if (operand == kMax)
        range.empty = true;
      else
        range.low = std::max(range.low, operand + 1);
      break;
    case CompareOp::kGe:
      range.low = std::max(range.low, operand);
      break;
    case CompareOp::kIsNull:
    case CompareOp::kIsNotNull:
      break;
  }
}

// Every int64 is compared with a whole number instead: x < 2.5 is x <= 2, x > 2.5 is x >= 3.
void NarrowByReal(NumberRange<int64_t>& range, CompareOp op, double operand) {
  const double whole = std::floor(operand);
  const bool is_whole = whole == operand;
  if (whole >= kTwoTo63) {  // more than every integer
    if (!Holds(op, -1)) range.empty = true;
    return;
  }
  if (whole < -kTwoTo63) {
    if (!Holds(op, 1)) range.empty = true;
    return;
  }
  const int64_t below = static_cast<int64_t>(whole);
  if (is_whole) return NarrowByInteger(range, op, below);
  switch (op) {
    case CompareOp::kEq:
      range.empty = true;
      break;
    case CompareOp::kLt:
    case CompareOp::kLe:
      NarrowByInteger(range, CompareOp::kLe, below);
      break;
    case CompareOp::kGt:
    case CompareOp::kGe:
      NarrowByInteger(range, CompareOp::kGt, below);
      break;
    default:
      break;
  }
}

void NarrowByReal(NumberRange<double>& range, CompareOp op, double operand) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (op) {
    case CompareOp::kEq:
      range.low = std::max(range.low, operand);
      range.high = std::min(range.high, operand);
      break;
    case CompareOp::kNe:
      range.excluded.push_back(operand);
      break;
    case CompareOp::kLt:
      if (operand == -kInfinity)
        range.empty = true;
      else
        range.high = std::min(range.high, std::nextafter(operand, -kInfinity));
      break;
    case CompareOp::kLe:
      range.high = std::min(range.high, operand);
      break;
    case CompareOp::kGt:
      if (operand == kInfinity)
        range.empty = true;
      else
        range.low = std::max(range.low, std::nextafter(operand, kInfinity));
      break;
    case CompareOp::kGe:
      range.low = std::max(range.low, operand);
      break;
    case CompareOp::kIsNull:
    case CompareOp::kIsNotNull:
      break;
  }
}

// An integer between two doubles is compared through the double that it rounds to: none lies
// between.
void NarrowByInteger(NumberRange<double>& range, CompareOp op, int64_t operand) {
  const double rounded = static_cast<double>(operand);
  const bool rounded_up = rounded >= kTwoTo63 || static_cast<int64_t>(rounded) > operand;
  const bool exact = !rounded_up && static_cast<int64_t>(rounded) == operand;
  if (exact) return NarrowByReal(range, op, rounded);
  switch (op) {
    case CompareOp::kEq:
      range.empty = true;
      break;
    case CompareOp::kLt:
    case CompareOp::kLe:
      NarrowByReal(range, rounded_up ? CompareOp::kLt : CompareOp::kLe, rounded);
      break;
    case CompareOp::kGt:
    case CompareOp::kGe:
      NarrowByReal(range, rounded_up ? CompareOp::kGe : CompareOp::kGt, rounded);
      break;
    default:
      break;
  }
}

bool IsText(const Operand& operand) {
  return operand.kind == Operand::Kind::kText || operand.kind == Operand::Kind::kBlob;
}

// < 0, 0, > 0 as the text comes before the operand, equals it, comes after it: after all numbers
// and before all BLOBs.
int OrderOfText(std::string_view text, const Operand& operand) {
  if (operand.kind == Operand::Kind::kText) return text.compare(operand.text);
  return operand.kind == Operand::Kind::kBlob ? -1 : 1;
}

// In the order of texts; numbers among themselves in any, and BLOBs.
bool ComesBefore(const Operand& a, const Operand& b) {
  if (a.kind == Operand::Kind::kBlob) return false;
  if (a.kind == Operand::Kind::kText) return OrderOfText(a.text, b) < 0;
  return IsText(b);
}

double RealOf(ValueType type, ValueBits bits) {
  return type == ValueType::kFloat32 ? static_cast<double>(AsFloat(bits)) : AsDouble(bits);
}

}  // namespace

ZoneMap ZoneMapOf(const BlockDirEntry& entry) {
  const ValueStats& stats = entry.stats;
  return {.type = entry.value_type,
          .min = stats.min,
          .max = stats.max,
          .live = uint64_t{entry.count} - stats.deleted_count,
          .values = stats.value_count,
          .nulls = uint64_t{stats.null_count} + stats.nan_count,
          .good = stats.good_count,
          .bad = stats.bad_count};
}

ZoneMap ZoneMapOf(const VectorEntry& entry, ValueType type) {
  const uint64_t live = uint64_t{entry.count} - entry.deleted_count;
  const uint64_t nulls = uint64_t{entry.null_count} + entry.nan_count;
  return {.type = type,
          .min = entry.min,
          .max = entry.max,
          .live = live,
          .values = live - nulls,
          .nulls = nulls,
          .good = entry.good_count,
          .bad = entry.bad_count};
}

template <typename T>
void NumberRange<T>::Narrow(const Predicate& predicate) {
  if (!predicate.any_of.empty()) {
    NarrowToList(predicate.any_of);
  } else {
    NarrowTo(predicate.op, predicate.operand);
  }
}

template <typename T>
void NumberRange<T>::NarrowToList(std::span<const Operand> list) {
  std::vector<T> numbers;
  for (const Operand& operand : list) {
    NumberRange one;
    one.NarrowTo(CompareOp::kEq, operand);
    if (!one.empty) numbers.push_back(one.low);
  }
  std::sort(numbers.begin(), numbers.end());
  if (listed) {
    std::erase_if(numbers, [&](T number) {
      return !std::binary_search(listed->begin(), listed->end(), number);
    });
  }
  if (numbers.empty()) {
    empty = true;
  } else {
    low = std::max(low, numbers.front());
    high = std::min(high, numbers.back());
    if (low > high) empty = true;
  }
  listed = std::move(numbers);
}

template <typename T>
void NumberRange<T>::NarrowTo(CompareOp op, const Operand& operand) {
  if (op == CompareOp::kIsNotNull) return;
  if (IsText(operand)) {
    if (!Holds(op, -1)) empty = true;
  } else if (operand.kind == Operand::Kind::kInteger) {
    NarrowByInteger(*this, op, operand.integer);
  } else {
    NarrowByReal(*this, op, operand.real);
  }
  if (low > high) empty = true;
}

template <typename T>
bool NumberRange<T>::Contains(T number) const {
  return !empty && number >= low && number <= high &&
         std::find(excluded.begin(), excluded.end(), number) == excluded.end() &&
         (!listed || std::binary_search(listed->begin(), listed->end(), number));
}

template <typename T>
bool NumberRange<T>::Meets(T min, T max) const {
  if (min == max) return Contains(min);
  if (empty || min > high || max < low) return false;
  if (!listed) return true;
  const auto next = std::lower_bound(listed->begin(), listed->end(), min);
  return next != listed->end() && *next <= max;
}

template struct NumberRange<int64_t>;
template struct NumberRange<double>;

RowFilter::RowFilter(std::span<const Predicate> value, std::span<const Predicate> quality) {
  for (const Predicate& predicate : value) {
    accepts_all_values_ = false;
    const bool is_list = !predicate.any_of.empty();
    if (!is_list && predicate.op == CompareOp::kIsNull) {
      accepts_number_ = false;
      continue;
    }
    accepts_null_ = false;
    integers_.Narrow(predicate);
    reals_.Narrow(predicate);
    if (!is_list && predicate.op == CompareOp::kIsNotNull) continue;
    texts_.push_back(predicate);
    std::ranges::sort(texts_.back().any_of, ComesBefore);
  }
  NumberRange<int64_t> qualities;
  for (const Predicate& predicate : quality) {
    accepts_all_qualities_ = false;
    if (predicate.any_of.empty() && predicate.op == CompareOp::kIsNull)
      qualities.empty = true;
    else
      qualities.Narrow(predicate);
  }
  if (accepts_all_qualities_) {
    quality_.fill(1);
    return;
  }
  for (size_t i = 0; i < quality_.size(); ++i) {
    quality_[i] = qualities.Contains(static_cast<int64_t>(i)) ? 1 : 0;
  }
}

bool RowFilter::TextMatches(std::string_view text) const {
  return std::all_of(texts_.begin(), texts_.end(), [&](const Predicate& predicate) {
    const std::vector<Operand>& list = predicate.any_of;
    if (list.empty()) return Holds(predicate.op, OrderOfText(text, predicate.operand));
    const auto next = std::ranges::partition_point(
        list, [&](const Operand& operand) { return OrderOfText(text, operand) > 0; });
    return next != list.end() && OrderOfText(text, *next) == 0;
  });
}

bool RowFilter::ValueCanMatch(const ZoneMap& zone) const {
  if (zone.nulls > 0 && accepts_null_) return true;
  if (zone.values == 0 || !accepts_number_) return false;
  if (IsInteger(zone.type)) return integers_.Meets(AsInt64(zone.min), AsInt64(zone.max));
  if (IsFloat(zone.type))
    return reals_.Meets(RealOf(zone.type, zone.min), RealOf(zone.type, zone.max));
  return true;
}

bool RowFilter::CanMatch(const ZoneMap& zone) const {
  if (zone.live == 0) return false;
  if (!accepts_all_values_ && !ValueCanMatch(zone)) return false;
  if (accepts_all_qualities_) return true;
  const auto any_of = [&](size_t from, size_t to) {
    return std::any_of(quality_.begin() + static_cast<ptrdiff_t>(from),
                       quality_.begin() + static_cast<ptrdiff_t>(to),
                       [](uint8_t ok) { return ok != 0; });
  };
  return (zone.bad > 0 && any_of(0, 64)) || (zone.good > 0 && any_of(192, 256)) ||
         (zone.live > zone.good + zone.bad && any_of(64, 192));
}

template <typename T, typename Get>
void RowFilter::ApplyNumbers(const NumberRange<T>& range, const PointColumns& columns, size_t begin,
                             size_t end, uint8_t* mask, Get get) const {
  const bool none = range.empty || !accepts_number_;
  for (size_t row = begin; row < end; ++row) {
    const T number = get(columns.bits[row]);
    // A NaN differs from itself.
    const bool is_null = ((columns.flags[row] & kPointNull) != 0) | (number != number);
    const bool inside = !none & (number >= range.low) & (number <= range.high);
    mask[row - begin] &= static_cast<uint8_t>(is_null ? accepts_null_ : inside);
  }
  for (const T excluded : range.excluded) {
    for (size_t row = begin; row < end; ++row) {
      const bool is_null = (columns.flags[row] & kPointNull) != 0;
      const bool differs = is_null | (get(columns.bits[row]) != excluded);
      mask[row - begin] &= static_cast<uint8_t>(differs);
    }
  }
  if (!range.listed) return;
  // Where a list is, there is no NULL left.
  for (size_t row = begin; row < end; ++row) {
    if (mask[row - begin] != 0) mask[row - begin] = range.Contains(get(columns.bits[row])) ? 1 : 0;
  }
}

void RowFilter::ApplyValues(const PointColumns& columns, size_t begin, size_t end,
                            uint8_t* mask) const {
  switch (columns.type) {
    case ValueType::kBool:
    case ValueType::kInt32:
    case ValueType::kInt64:
      return ApplyNumbers(integers_, columns, begin, end, mask, AsInt64);
    case ValueType::kFloat32:
      return ApplyNumbers(reals_, columns, begin, end, mask,
                          [](ValueBits bits) { return static_cast<double>(AsFloat(bits)); });
    case ValueType::kFloat64:
      return ApplyNumbers(reals_, columns, begin, end, mask, AsDouble);
    case ValueType::kNone:
    case ValueType::kText:
      for (size_t row = begin; row < end; ++row) {
        const bool is_null =
            columns.type == ValueType::kNone || (columns.flags[row] & kPointNull) != 0;
        const bool ok = is_null ? accepts_null_
                                : accepts_number_ &&
                                      (mask[row - begin] == 0 || TextMatches(columns.TextAt(row)));
        mask[row - begin] &= static_cast<uint8_t>(ok);
      }
  }
}

void RowFilter::Apply(const PointColumns& columns, size_t begin, size_t end, uint8_t* mask) const {
  if (!accepts_all_qualities_) {
    for (size_t row = begin; row < end; ++row) mask[row - begin] &= quality_[columns.quality[row]];
  }
  if (!accepts_all_values_) ApplyValues(columns, begin, end, mask);
}

}  // namespace xtdb
