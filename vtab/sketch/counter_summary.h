#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/status.h"
#include "vtab/sketch/sketch_format.h"
#include "vtab/sketch/timed_number.h"

namespace xtdb {

// What a counter or a gauge did over a time, as TimescaleDB Toolkit's counter_agg and gauge_agg.
// A counter that falls was reset to zero in between: what it had counted before is kept. A gauge is
// taken as it is. Threads: one at a time.
class CounterSummary {
 public:
  // is_gauge: it may fall
  CounterSummary(bool is_gauge, TimedNumber first);

  // point: later than all before
  void Add(TimedNumber point);
  // `next` is wholly later, else kInvalidArgument; likewise if one is a gauge and the other is not.
  Status Merge(const CounterSummary& next);

  TimedNumber first() const { return first_; }
  TimedNumber last() const { return last_; }
  bool is_gauge() const { return is_gauge_; }
  uint64_t elements() const { return elements_; }
  uint64_t changes() const { return changes_; }
  uint64_t resets() const { return resets_; }
  double Delta() const { return last_.value + reset_sum_ - first_.value; }
  double Seconds() const;
  // A second. Nothing of one point.
  std::optional<double> Rate() const;
  // Between the first two points, and the last two.
  double FirstDelta() const { return Rise(first_, second_); }
  double LastDelta() const { return Rise(penultimate_, last_); }
  std::optional<double> FirstRate() const;
  std::optional<double> LastRate() const;

  SketchKind kind() const { return is_gauge_ ? SketchKind::kGauge : SketchKind::kCounter; }
  SketchBytes Encode() const;
  static Result<CounterSummary> Decode(SketchKind kind, ByteReader in);

 private:
  double Rise(TimedNumber from, TimedNumber to) const;
  void NoteReset(TimedNumber next);

  bool is_gauge_;
  TimedNumber first_;
  TimedNumber second_;
  TimedNumber penultimate_;
  TimedNumber last_;
  double reset_sum_ = 0;
  uint64_t resets_ = 0;
  uint64_t changes_ = 0;
  uint64_t elements_ = 1;
};

}  // namespace xtdb
