#pragma once

#include <cstdint>
#include <string>

namespace xtdb::bench {

std::string WithCommas(uint64_t number);  // 2,000,000
// Three or four significant digits, never an exponent: 0.0091, 71.3, 12,345.
std::string Figure(double value);

// Prints `what` and ends the program at once, whatever its threads do: a benchmark that met an
// error has nothing to report.
[[noreturn]] void Fail(const std::string& what);

}  // namespace xtdb::bench
