#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace xtdb::bench {

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
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
