#include "vtab/chart/chart_line.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

// The distance that nine of ten neighbours do not exceed.
int64_t UsualDistance(const std::vector<ChartBin>& bins) {
  std::vector<std::pair<int64_t, uint64_t>> distances;  // and how often each is found
  uint64_t count = 0;
  const auto add = [&](int64_t distance_us, uint64_t times) {
    distances.emplace_back(distance_us, times);
    count += times;
  };
  for (size_t i = 0; i < bins.size(); ++i) {
    const ChartBin& bin = bins[i];
    const uint64_t inner = bin.count - 1;
    if (inner > 0) add((bin.last_us - bin.first_us) / static_cast<int64_t>(inner), inner);
    if (i > 0) add(bin.first_us - bins[i - 1].last_us, 1);
  }
  std::sort(distances.begin(), distances.end());
  uint64_t seen = 0;
  for (const auto& [distance_us, times] : distances) {
    seen += times;
    if (seen >= count - count / 10) return distance_us;
  }
  return 0;
}

}  // namespace

TimeSpan TimeSpan::Widened() const {
  constexpr int64_t kAroundUs = 1'000'000;
  return from_us < to_us ? *this : TimeSpan{from_us - kAroundUs, to_us + kAroundUs};
}

void BreakAtGaps(std::vector<ChartBin>& bins, int64_t least_us) {
  const int64_t usual_us = UsualDistance(bins);
  for (size_t i = 1; i < bins.size(); ++i) {
    const int64_t distance_us = bins[i].first_us - bins[i - 1].last_us;
    if (distance_us > least_us && distance_us > 4 * usual_us) bins[i].breaks_before = true;
  }
}

}  // namespace xtdb
