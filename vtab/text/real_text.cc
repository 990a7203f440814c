#include "vtab/text/real_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace xtdb {
namespace {

constexpr int kDigitsMax =
    17;  // with so many a decimal is always nearer to its double than a middle

// digits * 10^exponent, without zeros at the end
struct Decimal {
  uint64_t digits = 0;
  int exponent = 0;
};

// "1.25e-07" -> 125 * 10^-9
Decimal ParseScientific(std::string_view text) {
  Decimal decimal;
  bool is_fraction = false;
  size_t next = 0;
  for (; text[next] != 'e'; ++next) {
    if (text[next] == '.') {
      is_fraction = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<uint64_t>(text[next] - '0');
    if (is_fraction) --decimal.exponent;
  }
  ++next;
  if (text[next] == '+') ++next;
  int exponent = 0;
  std::from_chars(text.data() + next, text.data() + text.size(), exponent);
  decimal.exponent += exponent;
  for (; decimal.digits % 10 == 0; decimal.digits /= 10) ++decimal.exponent;
  return decimal;
}

// The nearest decimal of so many digits.
Decimal RoundToDigits(double value, int digits) {
  char text[kRealTextBytesMax];
  const auto end =
      std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific, digits - 1);
  return ParseScientific({text, end.ptr});
}

double Read(const Decimal& decimal) {
  char text[2 * kRealTextBytesMax];
  char* end = std::to_chars(text, text + kRealTextBytesMax, decimal.digits).ptr;
  *end++ = 'e';
  end = std::to_chars(end, text + sizeof(text), decimal.exponent).ptr;
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

// Whether a decimal that is read as `value` lies in the middle between it and a neighbour. Middles
// are odd numbers of 54 bits, or of 55 below a power of two, times a power of two; so a decimal of
// at most 17 digits is one only if it is whole and has few zeros.
bool IsMiddle(const Decimal& decimal, double value) {
  constexpr int kZerosMax = 23;  // 5^24 has more than 55 bits
  if (decimal.exponent < 0 || decimal.exponent > kZerosMax) return false;
  __extension__ unsigned __int128 odd = decimal.digits;
  for (int i = 0; i < decimal.exponent; ++i) odd *= 5;
  while (odd % 2 == 0) odd /= 2;
  constexpr int kMantissaBits = 53;
  constexpr uint64_t kPowerOfTwo = uint64_t{1} << (kMantissaBits - 1);
  int exponent = 0;
  const auto mantissa =
      static_cast<uint64_t>(std::ldexp(std::frexp(value, &exponent), kMantissaBits));
  return odd == 2 * mantissa + 1 || odd == 2 * mantissa - 1 ||
         (mantissa == kPowerOfTwo && odd == 4 * mantissa - 1);
}

bool IsBetweenNeighbours(const Decimal& decimal, double value) {
  return Read(decimal) == value && !IsMiddle(decimal, value);
}

// value: positive and finite
Decimal ShortestBetweenNeighbours(double value) {
  char text[kRealTextBytesMax];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  const Decimal shortest = ParseScientific({text, end.ptr});
  if (!IsMiddle(shortest, value)) [[likely]]
    return shortest;
  // A power of two has its lower neighbour nearer than its upper one, so that the second nearest
  // may do where the nearest does not.
  const Decimal above = {shortest.digits + 1, shortest.exponent};
  if (IsBetweenNeighbours(above, value)) return above;
  for (int digits = 1; digits < kDigitsMax; ++digits) {
    const Decimal longer = RoundToDigits(value, digits);
    if (IsBetweenNeighbours(longer, value)) return longer;
  }
  return RoundToDigits(value, kDigitsMax);
}

// digits: [count]
char* WriteFixed(const char* digits, int count, int point, char* out) {
  if (point <= 0) {
    out = std::fill_n(std::copy_n("0.", 2, out), -point, '0');
    return std::copy_n(digits, count, out);
  }
  const int whole = count < point ? count : point;
  out = std::copy_n(digits, whole, out);
  out = std::fill_n(out, point - whole, '0');
  if (whole == count) return out;
  *out++ = '.';
  return std::copy_n(digits + whole, count - whole, out);
}

char* WriteScientific(const char* digits, int count, int exponent, char* out) {
  *out++ = digits[0];
  if (count > 1) *out++ = '.';
  out = std::copy_n(digits + 1, count - 1, out);
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  const int magnitude = exponent < 0 ? -exponent : exponent;
  if (magnitude < 10) *out++ = '0';
  return std::to_chars(out, out + 3, magnitude).ptr;
}

size_t CopyText(std::string_view text, char* out) {
  text.copy(out, text.size());
  return text.size();
}

}  // namespace

size_t FormatReal(double value, char* out) {
  if (std::isnan(value)) return CopyText("NaN", out);
  if (std::isinf(value)) return CopyText(value > 0 ? "Infinity" : "-Infinity", out);
  if (value == 0) return CopyText(std::signbit(value) ? "-0" : "0", out);
  char* next = out;
  if (value < 0) *next++ = '-';
  const Decimal decimal = ShortestBetweenNeighbours(std::fabs(value));
  char digits[kRealTextBytesMax];
  const auto end = std::to_chars(digits, digits + sizeof(digits), decimal.digits);
  const auto count = static_cast<int>(end.ptr - digits);
  const int exponent = decimal.exponent + count - 1;  // of the first digit
  next = exponent < -4 || exponent >= 15 ? WriteScientific(digits, count, exponent, next)
                                         : WriteFixed(digits, count, exponent + 1, next);
  return static_cast<size_t>(next - out);
}

}  // namespace xtdb
