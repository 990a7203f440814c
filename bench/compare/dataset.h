#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xtdb::bench {

// Points as they come in, by time; the same for every store. Columns, so that each store can be fed
// in its own way without a copy per row.
struct Dataset {
  std::string name;  // "G100"
  std::vector<std::string> tags;
  std::vector<uint32_t> tag;  // index into tags
  std::vector<int64_t> ts_us;
  std::vector<double> value;

  size_t size() const { return tag.size(); }
};

// The points of one tag, by time.
struct TagSeries {
  std::vector<int64_t> ts_us;
  std::vector<double> value;
};
std::vector<TagSeries> SeriesByTag(const Dataset& dataset);

// One tag, 1 s apart, a random walk of two decimals.
Dataset MakeG1(size_t points);
// 100 tags interleaved by time, 1 s apart with +-5 ms jitter in microseconds: 40 two-decimal walks
// (steps of +-0.20), 20 one-decimal sines with noise, 20 counters (+0..3), 10 steps that rarely
// change, 10 full-precision doubles.
Dataset MakeG100(size_t points);
// The same signals, 50 points of each tag: `points` / 50 tags, 100,000 at 5 M points.
Dataset MakeG100K(size_t points);

inline constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01
inline constexpr int64_t kSecondUs = 1'000'000;
inline constexpr int64_t kHourUs = 3600 * kSecondUs;

}  // namespace xtdb::bench
