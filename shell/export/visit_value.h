#pragma once

#include "engine/base/point_columns.h"
#include "engine/transaction/value.h"

namespace xtdb {

// What `put` gives for the value of a row: of Null(), Text(std::string_view), Bool(bool),
// Real(double) and Integer(int64_t) the one that fits. A float32 is the double that equals it.
template <typename Put>
auto VisitValue(const PointColumns& columns, size_t row, const Put& put) {
  if ((columns.flags[row] & kPointNull) != 0) return put.Null();
  switch (columns.type) {
    case ValueType::kNone:
      return put.Null();
    case ValueType::kText:
      return put.Text(columns.TextAt(row));
    case ValueType::kBool:
      return put.Bool(AsInt64(columns.bits[row]) != 0);
    case ValueType::kFloat32:
      return put.Real(AsFloat(columns.bits[row]));
    case ValueType::kFloat64:
      return put.Real(AsDouble(columns.bits[row]));
    default:
      return put.Integer(AsInt64(columns.bits[row]));
  }
}

}  // namespace xtdb
