#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "engine/base/types.h"

namespace xtdb {

// A value as a user gives it, before it takes its tag's type.
struct Value {
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText };
  Kind kind = Kind::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;

  static Value Null() { return {}; }
  static Value Integer(int64_t v) { return {Kind::kInteger, v, 0, {}}; }
  static Value Real(double v) { return {Kind::kReal, 0, v, {}}; }
  static Value Text(std::string_view v) { return {Kind::kText, 0, 0, v}; }
};

// Whether a tag of integers takes it as it is: whole, in range, not -0.0.
bool IsInt64(double value);
Status TimeOutOfRange(int64_t ts_us);
Status TextTooBig(size_t bytes, size_t bytes_max);

// The type that a tag takes from its first non-NULL value: int64, float64, text; kNone for NULL.
ValueType NaturalType(const Value& value);

// The bits of `value` in a column of `type` (for text: 0, the caller keeps the text).
// kTypeMismatch, with the value and the type in words, for what `type` cannot hold exactly: a text
// in a number, a number in a text, a fraction in an integer, an integer beyond the type's range or
// a double's exact ones, a double that no float32 equals, a bool other than 0 and 1.
Result<ValueBits> ConvertValue(const Value& value, ValueType type);

bool IsExactAsDouble(int64_t value);
std::string_view ValueTypeName(ValueType type);  // "float64"; "none"
// By name; "real", "double", "integer", "boolean", "string" are accepted too.
Result<ValueType> ParseValueType(std::string_view name);

}  // namespace xtdb
