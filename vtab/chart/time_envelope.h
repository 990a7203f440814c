#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "vtab/chart/chart_line.h"

namespace xtdb {

// What a chart needs of any number of points, which may come in any order, in bounded memory: bins
// of time as wide as the least power of two microseconds of which no more than kBinsMax hold
// points. They are the same whatever the order was; of points at the same time the least value
// counts as the first, the greatest as the last. Threads: one at a time.
class TimeEnvelope {
 public:
  // A chart has at most 1,000 columns of dots. Where points are spread over all of it, the bins are
  // never wider than half of one.
  static constexpr size_t kBinsMax = 4096;

  // value: finite
  void Add(int64_t ts_us, double value);
  // There is no value at that time: the line ends before it and begins again behind it.
  void AddBreak(int64_t ts_us);
  void Clear();

  bool empty() const { return point_count_ == 0; }
  std::vector<ChartBin> Bins() const;

 private:
  // Without values if points.count is 0, without breaks if the last is before the first.
  struct Bin {
    ChartBin points;
    int64_t break_first_us = INT64_MAX;
    int64_t break_last_us = INT64_MIN;
  };
  Bin& BinOf(int64_t ts_us);
  void DoubleWidth();
  static void Join(Bin& bin, const Bin& later);

  int shift_ = 0;  // a bin is 2^shift_ us wide
  std::map<int64_t, Bin> bins_;
  Bin* current_ = nullptr;  // that of the point before, whose number is current_number_
  int64_t current_number_ = 0;
  uint64_t point_count_ = 0;
};

}  // namespace xtdb
