#include "bench/compare/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace xtdb::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr size_t kPointsPerTagG100K = 50;

class Draw {
 public:
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }
  double Fraction() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 random_{kSeed};
};

// One signal of G100; its number modulo 100 says of which kind.
class Signal {
 public:
  explicit Signal(size_t number) : kind_(number % 100) {}

  double Next(int64_t second, Draw& draw) {
    if (kind_ < 40) return static_cast<double>(state_ += draw.Below(41) - 20) / 100;
    if (kind_ < 60) {
      const double wave = 500 + 200 * std::sin(static_cast<double>(second) / 600);
      return std::round(wave * 10 + static_cast<double>(draw.Below(21) - 10)) / 10;
    }
    if (kind_ < 80) return static_cast<double>(state_ += draw.Below(4));
    if (kind_ < 90) {
      if (draw.Below(600) == 0) state_ = draw.Below(10);
      return static_cast<double>(state_);
    }
    return draw.Fraction();
  }

 private:
  size_t kind_;
  int64_t state_ = 2000;
};

void Reserve(Dataset& data, size_t points) {
  data.tag.reserve(points);
  data.ts_us.reserve(points);
  data.value.reserve(points);
}

void Add(Dataset& data, uint32_t tag, int64_t ts_us, double value) {
  data.tag.push_back(tag);
  data.ts_us.push_back(ts_us);
  data.value.push_back(value);
}

Dataset MakeInterleaved(const char* name, size_t tags, size_t points) {
  Dataset data;
  std::vector<Signal> signals;
  for (size_t tag = 0; tag < tags; ++tag) {
    data.tags.push_back(fmt::format("plant.area{}.signal{:02}", tag / 25, tag));
    signals.emplace_back(tag);
  }
  Reserve(data, points);
  Draw draw;
  for (size_t i = 0; i < points; ++i) {
    const size_t tag = i % tags;
    const auto second = static_cast<int64_t>(i / tags);
    const double value = signals[tag].Next(second, draw);
    const int64_t ts_us = kStartUs + second * kSecondUs + draw.Below(10'001) - 5000;
    Add(data, static_cast<uint32_t>(tag), ts_us, value);
  }
  data.name = name;
  return data;
}

}  // namespace

std::vector<TagSeries> SeriesByTag(const Dataset& dataset) {
  std::vector<TagSeries> series(dataset.tags.size());
  for (size_t i = 0; i < dataset.size(); ++i) {
    TagSeries& one = series[dataset.tag[i]];
    one.ts_us.push_back(dataset.ts_us[i]);
    one.value.push_back(dataset.value[i]);
  }
  return series;
}

Dataset MakeG1(size_t points) {
  Dataset data;
  data.tags.emplace_back("plant.area0.signal00");
  Reserve(data, points);
  Draw draw;
  Signal walk(0);
  for (size_t i = 0; i < points; ++i) {
    const auto second = static_cast<int64_t>(i);
    Add(data, 0, kStartUs + second * kSecondUs, walk.Next(second, draw));
  }
  data.name = "G1";
  return data;
}

Dataset MakeG100(size_t points) { return MakeInterleaved("G100", 100, points); }

Dataset MakeG100K(size_t points) {
  const size_t tags = std::max<size_t>(1, points / kPointsPerTagG100K);
  return MakeInterleaved("G100K", tags, tags * kPointsPerTagG100K);
}

}  // namespace xtdb::bench
