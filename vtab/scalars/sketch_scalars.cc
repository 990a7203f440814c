#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "engine/base/calendar.h"
#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"
#include "vtab/sketch/sketch_argument.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

// What may be asked of a sketch, by the names of TimescaleDB Toolkit's accessors.
namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

void Set(sqlite3_context* context, double number) { sqlite3_result_double(context, number); }
void Set(sqlite3_context* context, uint64_t count) {
  sqlite3_result_int64(context, static_cast<int64_t>(count));
}
void Set(sqlite3_context* context, std::optional<double> number) {
  if (number) sqlite3_result_double(context, *number);
}

template <typename Sketch>
std::string_view Makers() {
  if constexpr (std::is_same_v<Sketch, CounterSummary>) {
    return "counter_agg or gauge_agg";
  } else {
    return MakerOf(Sketch::kKind);
  }
}

template <typename Sketch>
Result<Sketch> Take(sqlite3_value* value) {
  XTDB_ASSIGN_OR_RETURN(AnySketch any, SketchOf(value));
  if (auto* const held = std::get_if<Sketch>(&any)) return std::move(*held);
  return Status::InvalidArgument("a sketch of " + std::string(MakerOf(KindOf(any))) +
                                 " where one of " + std::string(Makers<Sketch>()) + " is expected");
}

// A figure that is a method's result.
template <typename Sketch, auto method>
Status RunFigure(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const Sketch sketch, Take<Sketch>(arguments[0]));
  Set(context, (sketch.*method)());
  return {};
}

Result<double> TakeNumber(sqlite3_value* value) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<double> number, NumberOf(value));
  return number.value_or(NAN);
}

// The sketch behind a number. Who writes approx_percentile(value, 0.9) is told the form.
Result<QuantileSketch> TakeQuantiles(sqlite3_value* value, const char* example) {
  if (sqlite3_value_type(value) != SQLITE_BLOB) {
    return Status::InvalidArgument("the second argument is " + ShowValue(value) +
                                   ", not a sketch; write " + example);
  }
  return Take<QuantileSketch>(value);
}

Status RunPercentile(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const QuantileSketch sketch,
                        TakeQuantiles(arguments[1], "approx_percentile(0.9, percentile_agg(x))"));
  XTDB_ASSIGN_OR_RETURN(const double fraction, TakeNumber(arguments[0]));
  if (!(fraction >= 0 && fraction <= 1)) {
    return Status::InvalidArgument("percentile value " + ShowReal(fraction) +
                                   " is not between 0 and 1");
  }
  if (sketch.count() > 0) Set(context, sketch.ValueAt(fraction));
  return {};
}

Status RunRank(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(
      const QuantileSketch sketch,
      TakeQuantiles(arguments[1], "approx_percentile_rank(20, percentile_agg(x))"));
  XTDB_ASSIGN_OR_RETURN(const double value, TakeNumber(arguments[0]));
  if (sketch.count() > 0) Set(context, sketch.RankOf(value));
  return {};
}

Status RunMean(sqlite3_context* context, Arguments arguments) {
  if (sqlite3_value_type(arguments[0]) != SQLITE_BLOB) {
    return Status::InvalidArgument("not a sketch: " + ShowValue(arguments[0]) +
                                   "; the average of values is avg(x), and percentile_agg(x) makes "
                                   "a sketch");
  }
  XTDB_ASSIGN_OR_RETURN(const QuantileSketch sketch, Take<QuantileSketch>(arguments[0]));
  if (sketch.count() > 0) Set(context, sketch.sum() / static_cast<double>(sketch.count()));
  return {};
}

Status RunDistinctCount(sqlite3_context* context, Arguments arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_INTEGER) {
    return Status::InvalidArgument(
        "not a sketch but a number: approx_count_distinct(x) is the count already; "
        "hyperloglog(4096, x) makes a sketch");
  }
  XTDB_ASSIGN_OR_RETURN(const DistinctSketch sketch, Take<DistinctSketch>(arguments[0]));
  sqlite3_result_int64(context, std::llround(sketch.Estimate()));
  return {};
}

// The first or last point of what has times.
Result<TimedNumber> EndOf(sqlite3_value* value, bool is_last) {
  XTDB_ASSIGN_OR_RETURN(const AnySketch any, SketchOf(value));
  return std::visit(
      [&](const auto& sketch) -> Result<TimedNumber> {
        if constexpr (requires { sketch.first(); }) {
          return is_last ? sketch.last() : sketch.first();
        } else {
          return Status::InvalidArgument("a sketch of " + std::string(MakerOf(KindOf(any))) +
                                         " has no times; those of counter_agg, gauge_agg and "
                                         "time_weight have");
        }
      },
      any);
}

template <bool is_last>
Status RunEndValue(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimedNumber end, EndOf(arguments[0], is_last));
  Set(context, end.value);
  return {};
}

template <bool is_last>
Status RunEndTime(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimedNumber end, EndOf(arguments[0], is_last));
  SetTime(context, end.ts_us, true);
  return {};
}

// Microseconds of a unit that has always as many.
Result<double> UnitOf(sqlite3_value* value) {
  const std::string_view text = TextOf(value);
  const std::optional<DateField> field = FindDateField(text);
  switch (field.value_or(DateField::kEpoch)) {
    case DateField::kMicrosecond:
      return 1.0;
    case DateField::kMillisecond:
      return 1e3;
    case DateField::kSecond:
      return static_cast<double>(kUsPerSecond);
    case DateField::kMinute:
      return static_cast<double>(kUsPerMinute);
    case DateField::kHour:
      return static_cast<double>(kUsPerHour);
    case DateField::kDay:
      return static_cast<double>(kUsPerDay);
    default:
      return Status::InvalidArgument("unknown unit " + QuoteForMessage(text) +
                                     "; write 'microsecond', 'millisecond', 'second', 'minute', "
                                     "'hour' or 'day'");
  }
}

// integral(sketch [, unit]): value times seconds, or another unit.
Status RunIntegral(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeWeight weight, Take<TimeWeight>(arguments[0]));
  auto unit_us = static_cast<double>(kUsPerSecond);
  if (arguments.size() > 1) {
    XTDB_ASSIGN_OR_RETURN(unit_us, UnitOf(arguments[1]));
  }
  Set(context, weight.area_us() / unit_us);
  return {};
}

using Counter = CounterSummary;

template <auto method>
constexpr Scalar::Function kCounterFigure = RunScalar<RunFigure<Counter, method>>;
template <auto method>
constexpr Scalar::Function kQuantileFigure = RunScalar<RunFigure<QuantileSketch, method>>;

constexpr Scalar kScalars[] = {
    {"approx_percentile", 2, RunScalar<RunPercentile>},
    {"approx_percentile_rank", 2, RunScalar<RunRank>},
    {"num_vals", 1, kQuantileFigure<&QuantileSketch::count>},
    {"mean", 1, RunScalar<RunMean>},
    {"error", 1, kQuantileFigure<&QuantileSketch::error>},
    {"distinct_count", 1, RunScalar<RunDistinctCount>},
    {"stderror", 1, RunScalar<RunFigure<DistinctSketch, &DistinctSketch::error>>},
    {"delta", 1, kCounterFigure<&Counter::Delta>},
    {"rate", 1, kCounterFigure<&Counter::Rate>},
    {"time_delta", 1, kCounterFigure<&Counter::Seconds>},
    {"idelta_left", 1, kCounterFigure<&Counter::FirstDelta>},
    {"idelta_right", 1, kCounterFigure<&Counter::LastDelta>},
    {"irate_left", 1, kCounterFigure<&Counter::FirstRate>},
    {"irate_right", 1, kCounterFigure<&Counter::LastRate>},
    {"num_resets", 1, kCounterFigure<&Counter::resets>},
    {"num_changes", 1, kCounterFigure<&Counter::changes>},
    {"num_elements", 1, kCounterFigure<&Counter::elements>},
    {"average", 1, RunScalar<RunFigure<TimeWeight, &TimeWeight::Average>>},
    {"integral", 1, RunScalar<RunIntegral>},
    {"integral", 2, RunScalar<RunIntegral>},
    {"first_val", 1, RunScalar<RunEndValue<false>>},
    {"last_val", 1, RunScalar<RunEndValue<true>>},
    {"first_time", 1, RunScalar<RunEndTime<false>>},
    {"last_time", 1, RunScalar<RunEndTime<true>>}};

}  // namespace

std::span<const Scalar> SketchScalars() { return kScalars; }

}  // namespace xtdb
