#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/transaction/staging.h"
#include "engine/transaction/value.h"

namespace xtdb {

// The values of a column as a caller has them.
using ColumnValues = std::variant<std::span<const double>, std::span<const int64_t>,
                                  std::span<const std::string_view>>;

// Points of one tag in columns of equal length, borrowed; times in any order, of equal ones the
// last counts.
struct ColumnBatch {
  std::span<const int64_t> ts_us;
  ColumnValues values;               // of NULL and deleted rows any
  std::span<const Quality> quality;  // empty: all good
  std::span<const uint8_t> flags;    // empty: every row has a value; else kPointNull, kPointDeleted

  size_t size() const { return ts_us.size(); }
  ColumnBatch Rows(size_t begin, size_t count) const;
  // Precondition: row has a value.
  Value ValueAt(size_t row) const;
  bool HasValue(size_t row) const { return flags.empty() || flags[row] == 0; }
  size_t TextBytes() const;
};

// kInvalidArgument: columns of different lengths.
Status CheckLengths(const ColumnBatch& batch);
// The type that a tag takes whose first values these are; kNone if there is none among them.
ValueType NaturalType(const ColumnBatch& batch);
// Whether a tag of integers has to become one of doubles for these.
bool HasFractions(const ColumnBatch& batch);
// What a tag of that type would not take, with the number of the first such row, from 0:
// kInvalidArgument, kTypeMismatch, kTooBig.
Status CheckRows(const ColumnBatch& batch, ValueType type, size_t text_bytes_max);

// Rows as a tag of a type stages them; reused, so that it keeps its memory.
class ColumnConverter {
 public:
  // Valid until the next call. Precondition: CheckRows said OK.
  Staging::Rows Convert(const ColumnBatch& batch, ValueType type);

 private:
  std::vector<ValueBits> bits_;
  std::string texts_;
};

}  // namespace xtdb
