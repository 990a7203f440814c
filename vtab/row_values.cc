#include "vtab/row_values.h"

#include "vtab/connection.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

Status AsMismatch(const Status& status) {
  return Status::TypeMismatch(std::string(status.message()));
}

Result<std::optional<int64_t>> InStoredRange(int64_t ts_us) {
  if (ts_us >= kTsMin && ts_us <= kTsMax) return std::optional<int64_t>(ts_us);
  return Status::TypeMismatch(
      "ts " + std::to_string(ts_us) +
      " is outside of 0001-01-01 .. 9999-12-31; ts is microseconds since 1970");
}

Result<std::optional<int64_t>> ParseTimeOf(Table& table, std::string_view text) {
  const std::string_view trimmed = TrimBlanks(text);
  // Taken only where it is used: finding the statement costs more than reading a time.
  const bool may_be_now = !trimmed.empty() && ToLower(trimmed.front()) == 'n';
  const int64_t now_us =
      may_be_now ? table.connection().snapshots().Current()->now_us() : int64_t{0};
  const Result<int64_t> ts = ParseTime(text, now_us);
  if (!ts.ok()) return AsMismatch(ts.status());
  return std::optional<int64_t>(ts.value());
}

// The whole number that `value` is; nothing if it is none.
std::optional<int64_t> WholeNumber(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return sqlite3_value_int64(value);
    case SQLITE_FLOAT: {
      const double real = sqlite3_value_double(value);
      if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) return std::nullopt;
      const auto whole = static_cast<int64_t>(real);
      return static_cast<double>(whole) == real ? std::optional(whole) : std::nullopt;
    }
    case SQLITE_TEXT: {
      const std::optional<Number> number = ParseWholeNumber(TextOf(value));
      return number && number->is_integer ? std::optional(number->integer) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::optional<std::string_view>> ReadTag(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return std::optional<std::string_view>();
    case SQLITE_BLOB:
      return Status::TypeMismatch("tag is " + ShowValue(value) + "; it takes a text");
    default:
      return std::optional<std::string_view>(TextOf(value));
  }
}

Result<std::optional<int64_t>> ReadTagId(sqlite3_value* value) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return std::optional<int64_t>();
  const std::optional<int64_t> number = WholeNumber(value);
  if (number && *number >= 1 && *number <= int64_t{UINT32_MAX}) return number;
  return Status::TypeMismatch("tag_id is " + ShowValue(value) +
                              "; it takes a number from 1 to 4294967295");
}

Result<std::optional<int64_t>> ReadTime(Table& table, sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return std::optional<int64_t>();
    case SQLITE_TEXT:
      return ParseTimeOf(table, TextOf(value));
    case SQLITE_BLOB:
      return Status::TypeMismatch("time is " + ShowValue(value) +
                                  "; it takes a text like '2026-01-02 03:04:05.678'");
    default:
      return AsMismatch(NumberAsTime(ShowValue(value)));
  }
}

Result<std::optional<int64_t>> ReadTs(Table& table, sqlite3_value* value) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return std::optional<int64_t>();
  if (const std::optional<int64_t> number = WholeNumber(value)) return InStoredRange(*number);
  if (sqlite3_value_type(value) == SQLITE_TEXT && !ParseWholeNumber(TextOf(value))) {
    return ParseTimeOf(table, TextOf(value));
  }
  return Status::TypeMismatch("ts is " + ShowValue(value) +
                              "; it takes whole microseconds since 1970-01-01 UTC");
}

Result<Quality> ReadQuality(sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return kQualityGood;
  if (type == SQLITE_TEXT && sqlite3_value_bytes(value) == 0) return kQualityGood;
  const std::optional<int64_t> number = WholeNumber(value);
  if (number && *number >= 0 && *number <= 255) return static_cast<Quality>(*number);
  return Status::TypeMismatch("quality is " + ShowValue(value) +
                              "; it takes 0 to 255 (192 good, 64 uncertain, 0 bad)");
}

Result<Value> ReadValue(sqlite3_value* value, ValueType type, std::string_view tag) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return Value::Null();
    case SQLITE_INTEGER:
      return Value::Integer(sqlite3_value_int64(value));
    case SQLITE_FLOAT:
      return Value::Real(sqlite3_value_double(value));
    case SQLITE_BLOB:
      return Status::TypeMismatch("value of tag " + QuoteForMessage(tag) + " is " +
                                  ShowValue(value) + "; it takes a number or a text");
    default:
      break;
  }
  const std::string_view text = TextOf(value);
  if (type == ValueType::kText) return Value::Text(text);
  if (text.empty()) {
    return Status::TypeMismatch(
        "value of tag " + QuoteForMessage(tag) +
        " is ''; write NULL, or define the tag as text: xtdb_define_tag(table, "
        "tag, 'text')");
  }
  const std::optional<Number> number = ParseWholeNumber(text);
  if (!number) return Value::Text(text);
  return number->is_integer ? Value::Integer(number->integer) : Value::Real(number->real);
}

}  // namespace xtdb
