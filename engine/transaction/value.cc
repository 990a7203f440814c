#include "engine/transaction/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

namespace xtdb {

namespace {

struct TypeName {
  std::string_view name;
  ValueType type;
};
// The first of each type is the one that is shown.
constexpr std::array<TypeName, 16> kTypeNames = {{{"none", ValueType::kNone},
                                                  {"bool", ValueType::kBool},
                                                  {"int32", ValueType::kInt32},
                                                  {"int64", ValueType::kInt64},
                                                  {"float32", ValueType::kFloat32},
                                                  {"float64", ValueType::kFloat64},
                                                  {"text", ValueType::kText},
                                                  {"boolean", ValueType::kBool},
                                                  {"int", ValueType::kInt64},
                                                  {"integer", ValueType::kInt64},
                                                  {"bigint", ValueType::kInt64},
                                                  {"real", ValueType::kFloat64},
                                                  {"float", ValueType::kFloat64},
                                                  {"double", ValueType::kFloat64},
                                                  {"double precision", ValueType::kFloat64},
                                                  {"string", ValueType::kText}}};

std::string Describe(const Value& value) {
  constexpr size_t kShownBytes = 40;
  switch (value.kind) {
    case Value::Kind::kNull:
      return "NULL";
    case Value::Kind::kInteger:
      return "the integer " + std::to_string(value.integer);
    case Value::Kind::kReal: {
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "%.17g", value.real);
      return std::string("the number ") + text.data();
    }
    case Value::Kind::kText:
      break;
  }
  std::string shown(value.text.substr(0, kShownBytes));
  if (value.text.size() > kShownBytes) shown += "...";
  return "the text '" + shown + "'";
}

// "71,5" as "71.5"; nothing for other texts.
std::string WithPoint(std::string_view text) {
  const size_t comma = text.find(',');
  const bool is_number = comma != std::string_view::npos && comma > 0 && comma + 1 < text.size() &&
                         text.size() <= 30 && text.find_first_not_of("+-0123456789") == comma &&
                         text.find_first_not_of("0123456789", comma + 1) == std::string_view::npos;
  if (!is_number) return "";
  std::string number(text);
  number[comma] = '.';
  return number;
}

bool MeansNothing(std::string_view text) {
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return word == "null" || word == "nan" || word == "none" || word == "n/a" || word == "\\n";
}

std::string Remedy(const Value& value) {
  if (value.kind == Value::Kind::kText) {
    const std::string number = WithPoint(value.text);
    if (!number.empty()) return "write " + number + ", with a point";
    if (MeansNothing(value.text)) return "write NULL where there is no value";
  }
  return "write such values to another tag";
}

Status Mismatch(const Value& value, ValueType type) {
  return Status::TypeMismatch(
      Describe(value) + " does not fit the type " + std::string(ValueTypeName(type)) +
      ", which its first value or its definition gave it; " + Remedy(value));
}

Result<int64_t> ExactInteger(const Value& value, ValueType type) {
  int64_t integer = value.integer;
  if (value.kind == Value::Kind::kReal) {
    if (!IsInt64(value.real)) return Mismatch(value, type);
    integer = static_cast<int64_t>(value.real);
  }
  if (type == ValueType::kBool && integer != 0 && integer != 1) return Mismatch(value, type);
  if (type == ValueType::kInt32 && (integer < std::numeric_limits<int32_t>::min() ||
                                    integer > std::numeric_limits<int32_t>::max())) {
    return Mismatch(value, type);
  }
  return integer;
}

Result<ValueBits> ExactFloat32(const Value& value) {
  const double real =
      value.kind == Value::Kind::kInteger ? static_cast<double>(value.integer) : value.real;
  if (value.kind == Value::Kind::kInteger && !IsExactAsDouble(value.integer)) {
    return Mismatch(value, ValueType::kFloat32);
  }
  const float narrow = static_cast<float>(real);
  if (!std::isnan(real) && static_cast<double>(narrow) != real) {
    return Mismatch(value, ValueType::kFloat32);
  }
  return FromFloat(narrow);
}

}  // namespace

// 2^63 as a double is out of range; -2^63 is in.
bool IsInt64(double value) {
  return value >= -0x1p63 && value < 0x1p63 &&
         std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(value))) ==
             std::bit_cast<uint64_t>(value);
}

Status TimeOutOfRange(int64_t ts_us) {
  return Status::InvalidArgument("time out of range: ts = " + std::to_string(ts_us) +
                                 " microseconds; times lie in 0001-01-01 .. 9999-12-31");
}

Status TextTooBig(size_t bytes, size_t bytes_max) {
  return Status::TooBig("a text of " + std::to_string(bytes) + " bytes; the most is " +
                        std::to_string(bytes_max));
}

ValueType NaturalType(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kInteger:
      return ValueType::kInt64;
    case Value::Kind::kReal:
      return ValueType::kFloat64;
    case Value::Kind::kText:
      return ValueType::kText;
    case Value::Kind::kNull:
      break;
  }
  return ValueType::kNone;
}

bool IsExactAsDouble(int64_t value) {
  const auto real = static_cast<double>(value);
  // INT64_MAX rounds up to 2^63, which does not convert back.
  return real < 0x1p63 && static_cast<int64_t>(real) == value;
}

Result<ValueBits> ConvertValue(const Value& value, ValueType type) {
  if (value.kind == Value::Kind::kNull) return ValueBits{0};
  const bool is_text = value.kind == Value::Kind::kText;
  if (is_text != (type == ValueType::kText)) return Mismatch(value, type);
  switch (type) {
    case ValueType::kBool:
    case ValueType::kInt32:
    case ValueType::kInt64: {
      XTDB_ASSIGN_OR_RETURN(const int64_t integer, ExactInteger(value, type));
      return FromInt64(integer);
    }
    case ValueType::kFloat32:
      return ExactFloat32(value);
    case ValueType::kFloat64:
      if (value.kind == Value::Kind::kReal) return FromDouble(value.real);
      if (!IsExactAsDouble(value.integer)) return Mismatch(value, type);
      return FromDouble(static_cast<double>(value.integer));
    case ValueType::kText:
      return ValueBits{0};
    case ValueType::kNone:
      break;
  }
  return Mismatch(value, type);
}

std::string_view ValueTypeName(ValueType type) {
  return kTypeNames[static_cast<size_t>(type)].name;
}

Result<ValueType> ParseValueType(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const TypeName& candidate : kTypeNames) {
    if (candidate.name == lower && candidate.type != ValueType::kNone) return candidate.type;
  }
  return Status::InvalidArgument("unknown type '" + std::string(name) +
                                 "': write bool, int32, int64, float32, float64 or text");
}

}  // namespace xtdb
