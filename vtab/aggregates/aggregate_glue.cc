#include "vtab/aggregates/aggregate_glue.h"

#include "vtab/text/number_text.h"

namespace xtdb {

Result<std::optional<double>> NumberOf(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return std::optional<double>();
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
      return std::optional(sqlite3_value_double(value));
    case SQLITE_TEXT:
      if (const std::optional<Number> number = ParseWholeNumber(TextOf(value))) {
        return std::optional(number->AsReal());
      }
      break;
    default:
      break;
  }
  return Status::TypeMismatch("a number is expected, not " + ShowValue(value));
}

}  // namespace xtdb
