#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xtdb {

// What SQL makes of a number: INTEGER or REAL.
struct Number {
  bool is_integer = false;
  int64_t integer = 0;  // if is_integer
  double real = 0.0;    // otherwise

  double AsReal() const { return is_integer ? static_cast<double>(integer) : real; }
};

// The number that `text` wholly is, by SQLite's rule for a column of NUMERIC affinity: blanks
// around it, a sign, digits with at most one point, an exponent; no hexadecimal, no infinity or NaN
// by name. Digits alone are an integer if they fit in 64 bits. Everything else is read as a double,
// correctly rounded, and becomes an integer if it is a whole one strictly between -2^63 and 2^63 -
// 1:
//   "12" -> 12    "1e3" -> 1000    "-0.0" -> 0    "9223372036854775808" -> 9.2233720368547758e18
//   "1e400" -> +infinity    "1e-400" -> 0    "0x10", "", "1 2", "1e", "." -> nothing
std::optional<Number> ParseWholeNumber(std::string_view text);

// The shortest text that reads back as the same double: "0.1", "12", "1e+300", "inf".
std::string ShowReal(double number);
// The same for JSON, which has no infinities: SQLite reads 9e999 as one.
std::string JsonNumber(double number);

}  // namespace xtdb
