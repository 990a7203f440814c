#include "vtab/text/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

// The parts of a decimal literal, as the scan over its characters finds them.
struct Literal {
  std::string_view body;  // without blanks and without a plus sign, which from_chars does not take
  bool negative = false;
  bool digits_only = false;      // no point, no exponent
  bool mantissa_exact = true;    // every significant digit is in `mantissa`
  uint64_t mantissa = 0;         // digits without the point
  int64_t decimal_exponent = 0;  // value = mantissa * 10^decimal_exponent if mantissa_exact
  int64_t magnitude = 0;         // if not zero: 10^(magnitude - 1) <= |value| < 10^magnitude
};

// A mantissa below 2^53 and a power of ten up to 10^22 are exact doubles, so that one IEEE
// operation on them rounds correctly (Clinger, "How to read floating point numbers accurately").
constexpr double kExactPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t kExactPowerMax = 22;
constexpr int kMantissaDigitsMax = 19;           // 10^19 - 1 fits in 64 bits
constexpr int64_t kExponentMax = 1'000'000'000;  // beyond this more digits change nothing

struct MantissaScan {
  size_t digits = 0;        // all digits, also leading zeros
  int64_t significant = 0;  // digits from the first that is not zero
  int64_t fraction = 0;     // digits behind the point
  bool point = false;
};

size_t ScanMantissa(std::string_view text, Literal& literal, MantissaScan& scan) {
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !scan.point) {
      scan.point = true;
      continue;
    }
    if (!IsDigit(c)) break;
    ++scan.digits;
    scan.fraction += scan.point ? 1 : 0;
    if (c == '0' && scan.significant == 0) continue;
    if (++scan.significant <= kMantissaDigitsMax) {
      literal.mantissa = literal.mantissa * 10 + static_cast<uint64_t>(c - '0');
      continue;
    }
    literal.mantissa_exact = false;
  }
  return i;
}

// Takes "e5", "E-12" wholly or reports false.
bool ScanExponent(std::string_view text, int64_t& exponent) {
  size_t i = 1;
  const bool negative = i < text.size() && text[i] == '-';
  if (negative || (i < text.size() && text[i] == '+')) ++i;
  if (i == text.size()) return false;
  for (; i < text.size(); ++i) {
    if (!IsDigit(text[i])) return false;
    if (exponent < kExponentMax) exponent = exponent * 10 + (text[i] - '0');
  }
  if (negative) exponent = -exponent;
  return true;
}

std::optional<Literal> Scan(std::string_view text) {
  Literal literal;
  std::string_view rest = TrimBlanks(text);
  if (!rest.empty() && rest[0] == '+') {
    rest.remove_prefix(1);
    literal.body = rest;
  } else {
    literal.body = rest;
    literal.negative = !rest.empty() && rest[0] == '-';
    if (literal.negative) rest.remove_prefix(1);
  }
  MantissaScan scan;
  const size_t end = ScanMantissa(rest, literal, scan);
  if (scan.digits == 0) return std::nullopt;
  int64_t exponent = 0;
  if (end < rest.size()) {
    if (rest[end] != 'e' && rest[end] != 'E') return std::nullopt;
    if (!ScanExponent(rest.substr(end), exponent)) return std::nullopt;
  }
  literal.digits_only = end == rest.size() && !scan.point;
  literal.decimal_exponent = exponent - scan.fraction;
  literal.magnitude = exponent + scan.significant - scan.fraction;
  return literal;
}

double ToDouble(const Literal& literal) {
  constexpr uint64_t kExactMantissaMax = uint64_t{1} << 53;
  if (literal.mantissa == 0) return literal.negative ? -0.0 : 0.0;
  const int64_t exponent = literal.decimal_exponent;
  if (literal.mantissa_exact && literal.mantissa <= kExactMantissaMax &&
      exponent >= -kExactPowerMax && exponent <= kExactPowerMax) {
    const auto mantissa = static_cast<double>(literal.mantissa);
    const double value = exponent < 0 ? mantissa / kExactPowersOfTen[-exponent]
                                      : mantissa * kExactPowersOfTen[exponent];
    return literal.negative ? -value : value;
  }
  double value = 0.0;
  const char* const begin = literal.body.data();
  const auto [end, error] = std::from_chars(begin, begin + literal.body.size(), value);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves open which end of the range it was.
    value = literal.magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    return literal.negative ? -value : value;
  }
  return value;
}

}  // namespace

std::optional<Number> ParseWholeNumber(std::string_view text) {
  const std::optional<Literal> literal = Scan(text);
  if (!literal) return std::nullopt;
  constexpr auto kInt64Max = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const uint64_t integer_max = literal->negative ? kInt64Max + 1 : kInt64Max;
  if (literal->digits_only && literal->mantissa_exact && literal->mantissa <= integer_max) {
    const uint64_t bits = literal->negative ? 0 - literal->mantissa : literal->mantissa;
    return Number{.is_integer = true, .integer = static_cast<int64_t>(bits)};
  }
  const double real = ToDouble(*literal);
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (real > -kTwoTo63 && real < kTwoTo63) {
    const auto integer = static_cast<int64_t>(real);
    if (static_cast<double>(integer) == real) return Number{.is_integer = true, .integer = integer};
  }
  return Number{.is_integer = false, .real = real};
}

std::string JsonNumber(double number) {
  if (std::isfinite(number)) return ShowReal(number);
  return number > 0 ? "9e999" : "-9e999";
}

std::string ShowReal(double number) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

}  // namespace xtdb
