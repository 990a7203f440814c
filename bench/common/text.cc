#include "bench/common/text.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace xtdb::bench {

std::string WithCommas(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Figure(double value) {
  if (value >= 1000) return WithCommas(static_cast<uint64_t>(std::llround(value)));
  if (value >= 100) return fmt::format("{:.0f}", value);
  if (value >= 10) return fmt::format("{:.1f}", value);
  if (value >= 1) return fmt::format("{:.2f}", value);
  if (value >= 0.1) return fmt::format("{:.3f}", value);
  return fmt::format("{:.4f}", value);
}

void Fail(const std::string& what) {
  std::fflush(stdout);
  fmt::print(stderr, "{}: {}\n", program_invocation_short_name, what);
  std::_Exit(2);
}

}  // namespace xtdb::bench
