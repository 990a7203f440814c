#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xtdb {

// The axis of time of a chart, in UTC: ticks where a clock or a calendar has them, from
// microseconds to thousands of years.
class TimeAxis {
 public:
  struct Tick {
    int64_t ts_us = 0;
    std::string label;  // "03:04", "03:04:05.25", "Jan 02", "Jan", "2026"
    // What the label belongs to, a day or a year, at the first tick and where it changes: else ""
    std::string date;
  };
  // from_us < to_us; columns: how many characters of a label the axis has room for, so that labels
  // keep a distance of two.
  TimeAxis(int64_t from_us, int64_t to_us, int columns);

  const std::vector<Tick>& ticks() const { return ticks_; }  // at least one, rising
  bool has_dates() const { return !ticks_.front().date.empty(); }

 private:
  std::vector<Tick> ticks_;
};

}  // namespace xtdb
