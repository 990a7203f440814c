#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/status.h"
#include "vtab/sketch/sketch_format.h"
#include "vtab/sketch/timed_number.h"

namespace xtdb {

enum class Weighting : uint8_t {
  kLocf = 0,    // a value holds until the next
  kLinear = 1,  // a straight line leads to the next
};

// The area under a line of points, from the first to the last, as TimescaleDB Toolkit's
// time_weight. Threads: one at a time.
class TimeWeight {
 public:
  static constexpr SketchKind kKind = SketchKind::kTimeWeight;

  TimeWeight(Weighting weighting, TimedNumber first)
      : weighting_(weighting), first_(first), last_(first) {}

  // point: later than all before
  void Add(TimedNumber point);
  // `next` is wholly later, and weighted alike; else kInvalidArgument.
  Status Merge(const TimeWeight& next);

  Weighting weighting() const { return weighting_; }
  TimedNumber first() const { return first_; }
  TimedNumber last() const { return last_; }
  // Value times microseconds.
  double area_us() const { return area_us_; }
  // Nothing of one point.
  std::optional<double> Average() const;

  SketchBytes Encode() const;
  static Result<TimeWeight> Decode(ByteReader in);

 private:
  double AreaBetween(TimedNumber from, TimedNumber to) const;

  Weighting weighting_;
  TimedNumber first_;
  TimedNumber last_;
  double area_us_ = 0;
};

}  // namespace xtdb
