#pragma once

#include <cstdint>
#include <vector>

namespace xtdb {

struct TimedNumber {
  int64_t ts_us = 0;
  double value = 0;
  bool operator==(const TimedNumber&) const = default;
};

// Microseconds from one to the other; exact, as far as a double tells them.
double UsBetween(int64_t from_us, int64_t to_us);

// Rows in any order become points by time; of equal times the first row counts.
void SortByTime(std::vector<TimedNumber>& points);

}  // namespace xtdb
