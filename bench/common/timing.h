#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace xtdb::bench {

// What a stopwatch counts. On a machine that others use, too, processor time says what a work costs
// where wall time says what it had to wait for; it counts all threads, the children that have
// ended, and no waiting for a disk.
enum class ClockKind : uint8_t { kWall, kProcessor };
void UseClock(ClockKind kind);
double NowSeconds();
// What this process and its ended children have used, whatever the clock.
double ProcessorSeconds();

class Stopwatch {
 public:
  double Seconds() const { return NowSeconds() - start_; }

 private:
  double start_ = NowSeconds();
};

template <typename Body>
double SecondsOf(const Body& body) {
  const Stopwatch watch;
  body();
  return watch.Seconds();
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace xtdb::bench
