#include "vtab/csv/fast_fields.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace xtdb {
namespace {

constexpr size_t kRealBytesMax = 32;

// Exact, as are the mantissas here, so that the division rounds correctly.
constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};

// Up to eight characters: the point is taken out of the word, and what is left has to be digits.
bool ReadShort(const char* text, size_t size, char point, bool negative, CsvNumber& number) {
  uint64_t word = LoadEight(text) << (64 - 8 * size);  // the last character is the highest byte
  const uint64_t marks = word ^ kEveryByte * static_cast<uint8_t>(point);
  const uint64_t zeros = (marks - kEveryByte) & ~marks & kEveryByte * 0x80;
  const uint64_t lowest = zeros & (0 - zeros);  // only the lowest of them is sure to be a point
  const uint64_t before = (lowest >> 7) - 1;    // all bytes if there is no point
  const bool has_point = zeros != 0;
  word = (word & before) << (has_point ? 8 : 0) | (word & ~before << 8);
  const size_t digits = size - (has_point ? 1 : 0);
  if (digits == 0) return false;
  word |= kEightZeros & ((uint64_t{1} << (64 - 8 * digits)) - 1);
  if (!AreEightDigits(word)) return false;
  const uint32_t mantissa = EightDigits(word);
  if (!has_point) {
    const auto integer = static_cast<int64_t>(mantissa);
    number = {ValueType::kInt64, FromInt64(negative ? -integer : integer)};
    return true;
  }
  const auto fraction_digits = static_cast<size_t>(__builtin_clzll(lowest)) / 8;
  const double value = mantissa / kPowersOfTen[fraction_digits];
  number = {ValueType::kFloat64, FromDouble(negative ? -value : value)};
  return true;
}

// `begin` is where the sign stands, if there is one.
bool ReadReal(const char* begin, const char* end, char first, CsvNumber& number) {
  // from_chars knows infinities and NaN by name, too.
  if (first != '.' && (first < '0' || first > '9')) return false;
  // Digits alone are an integer, whose range the general parser looks at.
  if (std::none_of(begin, end, [](char c) { return c == '.' || c == 'e' || c == 'E'; })) {
    return false;
  }
  double value = 0;
  const auto [parsed_end, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || parsed_end != end) return false;
  number = {ValueType::kFloat64, FromDouble(value)};
  return true;
}

}  // namespace

bool ReadPlainNumber(const char* text, size_t size, char point, CsvNumber& number) {
  const bool negative = size > 0 && text[0] == '-';
  const char* const body = text + (negative ? 1 : 0);
  const size_t body_size = size - (negative ? 1 : 0);
  if (body_size == 0) return false;
  if (body_size <= 8) [[likely]] {
    if (ReadShort(body, body_size, point, negative, number)) return true;
  } else if (int64_t integer = 0; ReadNineToSixteenDigits(body, body_size, integer)) {
    number = {ValueType::kInt64, FromInt64(negative ? -integer : integer)};
    return true;
  }
  if (point != '.' || size > kRealBytesMax) return false;
  return ReadReal(text, text + size, body[0], number);
}

}  // namespace xtdb
