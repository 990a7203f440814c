#include "engine/base/point_columns.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace xtdb {
namespace {

bool HasValue(uint8_t flags) { return (flags & kPointFlagsAll) == 0; }

template <typename T>
void AppendSlice(const std::vector<T>& from, size_t begin, size_t end, std::vector<T>& to) {
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(begin),
            from.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace

Point PointColumns::At(size_t row) const {
  Point point{ts_us[row], bits[row], quality[row], flags[row], {}};
  if (type == ValueType::kText) point.text = TextAt(row);
  return point;
}

void PointColumns::Append(const Point& point) {
  ValueBits value = 0;
  if (HasValue(point.flags)) {
    assert(type != ValueType::kNone);
    value = point.bits;
    if (type == ValueType::kText) {
      value = TextRef::Pack(text_heap.size(), point.text.size());
      text_heap.append(point.text);
    }
  }
  ts_us.push_back(point.ts_us);
  bits.push_back(value);
  quality.push_back(point.quality);
  flags.push_back(point.flags);
}

void PointColumns::AppendRow(const PointColumns& other, size_t row) {
  assert(type == other.type || !HasValue(other.flags[row]));
  Append(other.At(row));
}

void PointColumns::AppendRange(const PointColumns& other, size_t begin, size_t end) {
  assert(begin <= end && end <= other.size());
  if (type == ValueType::kText || type != other.type) {
    for (size_t row = begin; row < end; ++row) AppendRow(other, row);
    return;
  }
  AppendSlice(other.ts_us, begin, end, ts_us);
  AppendSlice(other.bits, begin, end, bits);
  AppendSlice(other.quality, begin, end, quality);
  AppendSlice(other.flags, begin, end, flags);
}

void PointColumns::Reserve(size_t rows) {
  ts_us.reserve(rows);
  bits.reserve(rows);
  quality.reserve(rows);
  flags.reserve(rows);
}

void PointColumns::Clear() {
  Truncate(0);
  text_heap.clear();
}

void PointColumns::Truncate(size_t rows) {
  assert(rows <= size());
  ts_us.resize(rows);
  bits.resize(rows);
  quality.resize(rows);
  flags.resize(rows);
}

size_t PointColumns::MemoryBytes() const {
  return ts_us.capacity() * sizeof(int64_t) + bits.capacity() * sizeof(ValueBits) +
         quality.capacity() * sizeof(Quality) + flags.capacity() * sizeof(uint8_t) +
         text_heap.capacity();
}

bool PointColumns::IsStrictlyIncreasing() const {
  return std::adjacent_find(ts_us.begin(), ts_us.end(), std::greater_equal<>()) == ts_us.end();
}

void WidenToFloat64(PointColumns& columns) {
  assert(IsInteger(columns.type) || columns.type == ValueType::kNone);
  columns.type = ValueType::kFloat64;
  // NULL and deleted rows need no exception: integer 0 and +0.0 are both bits 0.
  for (ValueBits& bits : columns.bits) bits = FromDouble(static_cast<double>(AsInt64(bits)));
}

PointColumns SortedUnique(PointColumns columns) {
  if (columns.IsStrictlyIncreasing()) return columns;
  std::vector<size_t> order(columns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return columns.ts_us[left] < columns.ts_us[right];
  });
  PointColumns sorted;
  sorted.type = columns.type;
  sorted.Reserve(columns.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool replaced =
        i + 1 < order.size() && columns.ts_us[order[i]] == columns.ts_us[order[i + 1]];
    if (!replaced) sorted.AppendRow(columns, order[i]);
  }
  return sorted;
}

}  // namespace xtdb
