#include "vtab/functions/row_source.h"

#include <cmath>

namespace xtdb {

Cell RealCell(double value) {
  if (std::isnan(value)) return std::monostate();
  return value;
}

Cell ValueCell(ValueBits bits, ValueType type, ValueType tag_type) {
  if (type == ValueType::kFloat64) return RealCell(AsDouble(bits));
  if (type == ValueType::kFloat32) return RealCell(static_cast<double>(AsFloat(bits)));
  if (!IsInteger(type)) return std::monostate();
  if (IsFloat(tag_type)) return static_cast<double>(AsInt64(bits));
  return AsInt64(bits);
}

Cell ValueCell(const FoundPoint& found, ValueType tag_type) {
  if ((found.point.flags & kPointNull) != 0) return std::monostate();
  if (found.type == ValueType::kText) return found.text;
  return ValueCell(found.point.bits, found.type, tag_type);
}

}  // namespace xtdb
