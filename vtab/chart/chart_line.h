#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xtdb {

struct TimeSpan {
  int64_t from_us = 0;
  int64_t to_us = 0;  // inclusive, >= from_us

  // Of a single moment a second before and behind it, so that an axis has a length.
  TimeSpan Widened() const;
};

// What a chart shows of the points of one signal that lie close together in time: the line comes in
// at the first value, covers everything from the least to the greatest, and goes out at the last
// ("M4: A Visualization-Oriented Time Series Data Aggregation", Jugel and others, VLDB 2014).
struct ChartBin {
  int64_t first_us = 0;
  int64_t last_us = 0;  // >= first_us
  double first = 0;     // all finite
  double last = 0;
  double min = 0;
  double max = 0;
  uint64_t count = 0;          // > 0
  bool breaks_before = false;  // no line leads here from the bin before
};

// A signal on a chart.
struct ChartLine {
  std::string name;            // "" where there is nothing to tell apart
  std::string legend;          // what stands behind the name: unit and description
  std::vector<ChartBin> bins;  // by time, not overlapping
  bool is_stepped = false;     // a value holds until the next: no slopes between them
};

// Breaks the line where nothing was recorded for a time that is unusual: longer than `least_us`,
// and than four times the distance that nine of ten neighbouring points keep. Within a bin the
// points are taken to be equally far apart.
void BreakAtGaps(std::vector<ChartBin>& bins, int64_t least_us);

}  // namespace xtdb
