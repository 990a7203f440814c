#include "vtab/sketch/timed_number.h"

#include <algorithm>

namespace xtdb {

__extension__ using Int128 = __int128;

double UsBetween(int64_t from_us, int64_t to_us) {
  return static_cast<double>(Int128{to_us} - from_us);
}

void SortByTime(std::vector<TimedNumber>& points) {
  const auto by_time = [](const TimedNumber& a, const TimedNumber& b) { return a.ts_us < b.ts_us; };
  if (!std::is_sorted(points.begin(), points.end(), by_time)) {
    std::stable_sort(points.begin(), points.end(), by_time);
  }
  const auto same_time = [](const TimedNumber& a, const TimedNumber& b) {
    return a.ts_us == b.ts_us;
  };
  points.erase(std::unique(points.begin(), points.end(), same_time), points.end());
}

}  // namespace xtdb
