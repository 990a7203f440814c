#include "vtab/sketch/largest_triangle.h"

#include <algorithm>
#include <cmath>

namespace xtdb {
namespace {

__extension__ using Int128 = __int128;

// The middle of some points; of times the whole microsecond before it.
TimedNumber Middle(std::span<const TimedNumber> points) {
  Int128 us = 0;
  double value = 0;
  for (const TimedNumber& point : points) {
    us += Int128{point.ts_us} - points.front().ts_us;
    value += point.value;
  }
  const auto count = static_cast<int64_t>(points.size());
  return {.ts_us = static_cast<int64_t>(points.front().ts_us + us / count),
          .value = value / static_cast<double>(count)};
}

double TwiceArea(TimedNumber a, TimedNumber b, TimedNumber c) {
  return std::abs(UsBetween(c.ts_us, a.ts_us) * (b.value - a.value) -
                  UsBetween(b.ts_us, a.ts_us) * (c.value - a.value));
}

}  // namespace

std::vector<TimedNumber> LargestTriangles(std::span<const TimedNumber> points, size_t wanted) {
  if (wanted >= points.size()) return {points.begin(), points.end()};
  // The buckets between the first point and the last.
  const double width = static_cast<double>(points.size() - 2) / static_cast<double>(wanted - 2);
  const auto begin_of = [&](size_t bucket) {
    return std::min(static_cast<size_t>(static_cast<double>(bucket) * width) + 1, points.size());
  };
  std::vector<TimedNumber> chosen = {points.front()};
  for (size_t bucket = 0; bucket + 2 < wanted; ++bucket) {
    const size_t begin = begin_of(bucket), end = begin_of(bucket + 1);
    const TimedNumber next = Middle(points.subspan(end, begin_of(bucket + 2) - end));
    const TimedNumber before = chosen.back();
    TimedNumber best = points[begin];
    double best_area = -1;
    for (const TimedNumber& point : points.subspan(begin, end - begin)) {
      const double area = TwiceArea(before, point, next);
      if (area > best_area) {
        best = point;
        best_area = area;
      }
    }
    chosen.push_back(best);
  }
  chosen.push_back(points.back());
  return chosen;
}

}  // namespace xtdb
