#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.h"

namespace xtdb {

// Where a text lies in a TextHeap: offset in the upper 39 bits, length (<= 16 MiB) in the lower 25.
struct TextRef {
  static constexpr int kLengthBits = 25;
  static ValueBits Pack(uint64_t offset, uint64_t length) {
    return (offset << kLengthBits) | length;
  }
  static uint64_t Offset(ValueBits bits) { return bits >> kLengthBits; }
  static uint64_t Length(ValueBits bits) { return bits & ((uint64_t{1} << kLengthBits) - 1); }
};

// One point, by value. `text` is set for ValueType::kText only.
struct Point {
  int64_t ts_us = 0;
  ValueBits bits = 0;
  Quality quality = kQualityGood;
  uint8_t flags = 0;
  std::string_view text;
};

// Columns of points of one tag and one value type: what staging, buffers, codecs and batches share.
// All four vectors have the same length. Rows keep the order of their arrival unless said
// otherwise.
// Threads: none of its own.
struct PointColumns {
  ValueType type = ValueType::kNone;
  std::vector<int64_t> ts_us;
  std::vector<ValueBits> bits;
  std::vector<Quality> quality;
  std::vector<uint8_t> flags;
  std::string text_heap;  // bytes of all texts; bits are TextRefs into it when type is kText

  size_t size() const { return ts_us.size(); }
  bool empty() const { return ts_us.empty(); }
  std::string_view TextAt(size_t row) const {
    return std::string_view(text_heap).substr(TextRef::Offset(bits[row]),
                                              TextRef::Length(bits[row]));
  }
  Point At(size_t row) const;
  void Append(const Point& point);
  // Appends row `row` of `other`; texts are copied. Types must be equal (or the row NULL/deleted).
  void AppendRow(const PointColumns& other, size_t row);
  // Appends rows [begin, end) of `other`.
  void AppendRange(const PointColumns& other, size_t begin, size_t end);
  void Reserve(size_t rows);
  void Clear();
  // Cuts to the first `rows` rows; text_heap keeps its bytes.
  void Truncate(size_t rows);
  // Bytes held, for budgets.
  size_t MemoryBytes() const;
  bool IsStrictlyIncreasing() const;  // in ts_us
};

// Converts the values in place: kInt64 (or kInt32, kBool) to kFloat64, exactly.
// Precondition: every integer is exact as a double (checked by the caller).
void WidenToFloat64(PointColumns& columns);

// Sorts by ts and keeps of equal times the last row (so a later write or tombstone wins).
// Tombstones stay.
PointColumns SortedUnique(PointColumns columns);

}  // namespace xtdb
