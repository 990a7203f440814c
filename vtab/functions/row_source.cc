#include "vtab/functions/row_source.h"

#include <cmath>

#include "vtab/text/time_text.h"

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

void SetResult(sqlite3_context* context, const Cell& cell) {
  if (const auto* integer = std::get_if<int64_t>(&cell)) {
    sqlite3_result_int64(context, *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_result_double(context, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    sqlite3_result_text64(context, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else if (const auto* blob = std::get_if<BlobCell>(&cell)) {
    sqlite3_result_blob64(context, blob->bytes.data(), blob->bytes.size(), SQLITE_TRANSIENT);
  } else if (const auto* time = std::get_if<TimeCell>(&cell)) {
    char buffer[kTimeTextBytesMax];
    const size_t size = FormatTime(time->ts_us, buffer);
    sqlite3_result_text64(context, buffer, size, SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

}  // namespace xtdb
