#include "vtab/sketch/counter_summary.h"

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

double SecondsBetween(TimedNumber from, TimedNumber to) {
  return UsBetween(from.ts_us, to.ts_us) / static_cast<double>(kUsPerSecond);
}

void PutPoint(TimedNumber point, SketchBytes& out) {
  PutValue(point.ts_us, out);
  PutValue(point.value, out);
}

bool TakePoint(ByteReader& in, TimedNumber& point) {
  return in.Read(point.ts_us) && in.Read(point.value);
}

}  // namespace

CounterSummary::CounterSummary(bool is_gauge, TimedNumber first)
    : is_gauge_(is_gauge), first_(first), second_(first), penultimate_(first), last_(first) {}

void CounterSummary::NoteReset(TimedNumber next) {
  if (is_gauge_ || next.value >= last_.value) return;
  reset_sum_ += last_.value;
  ++resets_;
}

void CounterSummary::Add(TimedNumber point) {
  NoteReset(point);
  if (point.value != last_.value) ++changes_;
  if (elements_ == 1) second_ = point;
  penultimate_ = last_;
  last_ = point;
  ++elements_;
}

Status CounterSummary::Merge(const CounterSummary& next) {
  if (is_gauge_ != next.is_gauge_) {
    return Status::InvalidArgument("summaries of counter_agg and gauge_agg cannot be merged");
  }
  if (next.first_.ts_us <= last_.ts_us) {
    return Status::InvalidArgument(
        "summaries that overlap in time cannot be merged; merge those of one tag, GROUP BY tag");
  }
  NoteReset(next.first_);
  if (next.first_.value != last_.value) ++changes_;
  if (elements_ == 1) second_ = next.first_;
  penultimate_ = next.elements_ == 1 ? last_ : next.penultimate_;
  last_ = next.last_;
  reset_sum_ += next.reset_sum_;
  resets_ += next.resets_;
  changes_ += next.changes_;
  elements_ += next.elements_;
  return {};
}

double CounterSummary::Seconds() const { return SecondsBetween(first_, last_); }

std::optional<double> CounterSummary::Rate() const {
  if (elements_ == 1) return std::nullopt;
  return Delta() / Seconds();
}

// A counter that has fallen has counted from zero.
double CounterSummary::Rise(TimedNumber from, TimedNumber to) const {
  return is_gauge_ || to.value >= from.value ? to.value - from.value : to.value;
}

std::optional<double> CounterSummary::FirstRate() const {
  if (elements_ == 1) return std::nullopt;
  return FirstDelta() / SecondsBetween(first_, second_);
}

std::optional<double> CounterSummary::LastRate() const {
  if (elements_ == 1) return std::nullopt;
  return LastDelta() / SecondsBetween(penultimate_, last_);
}

SketchBytes CounterSummary::Encode() const {
  SketchBytes out = BeginSketch(kind());
  for (const TimedNumber& point : {first_, second_, penultimate_, last_}) PutPoint(point, out);
  PutValue(reset_sum_, out);
  PutVarint(resets_, out);
  PutVarint(changes_, out);
  PutVarint(elements_, out);
  EndSketch(out);
  return out;
}

Result<CounterSummary> CounterSummary::Decode(SketchKind kind, ByteReader in) {
  CounterSummary summary(kind == SketchKind::kGauge, {});
  const bool is_whole = TakePoint(in, summary.first_) && TakePoint(in, summary.second_) &&
                        TakePoint(in, summary.penultimate_) && TakePoint(in, summary.last_) &&
                        in.Read(summary.reset_sum_) && in.ReadVarint(summary.resets_) &&
                        in.ReadVarint(summary.changes_) && in.ReadVarint(summary.elements_) &&
                        in.rest().empty();
  if (!is_whole) return DamagedSketch(kind, "it cannot be read");
  const bool is_ordered = summary.first_.ts_us <= summary.second_.ts_us &&
                          summary.second_.ts_us <= summary.last_.ts_us &&
                          summary.first_.ts_us <= summary.penultimate_.ts_us &&
                          summary.penultimate_.ts_us <= summary.last_.ts_us;
  const bool is_single = summary.first_.ts_us == summary.last_.ts_us;
  const bool is_counted = summary.changes_ < summary.elements_ &&
                          summary.resets_ <= summary.changes_ &&
                          is_single == (summary.elements_ == 1) &&
                          (summary.resets_ == 0 || kind == SketchKind::kCounter);
  const bool has_steps = is_single || (summary.second_.ts_us > summary.first_.ts_us &&
                                       summary.penultimate_.ts_us < summary.last_.ts_us);
  if (!is_ordered || !is_counted || !has_steps) {
    return DamagedSketch(kind, "its points contradict each other");
  }
  return summary;
}

}  // namespace xtdb
