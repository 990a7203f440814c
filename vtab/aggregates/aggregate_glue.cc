#include "vtab/aggregates/aggregate_glue.h"

namespace xtdb {

Result<std::optional<Number>> ExactNumberOf(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return std::optional<Number>();
    case SQLITE_INTEGER:
      return std::optional(Number{.is_integer = true, .integer = sqlite3_value_int64(value)});
    case SQLITE_FLOAT:
      return std::optional(Number{.is_integer = false, .real = sqlite3_value_double(value)});
    case SQLITE_TEXT:
      if (const std::optional<Number> number = ParseWholeNumber(TextOf(value))) return number;
      break;
    default:
      break;
  }
  return Status::TypeMismatch("a number is expected, not " + ShowValue(value) +
                              "; leave such rows out: WHERE typeof(value) <> 'text'");
}

Result<std::optional<double>> NumberOf(sqlite3_value* value) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<Number> number, ExactNumberOf(value));
  return number ? std::optional(number->AsReal()) : std::nullopt;
}

}  // namespace xtdb
