#include <optional>
#include <string>
#include <vector>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/scalars/scalar_arguments.h"
#include "vtab/sketch/largest_triangle.h"
#include "vtab/sketch/sketch_argument.h"
#include "vtab/sketch/timed_number.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// Points in any order, of which the later stages need the order of time.
class TimedNumbers {
 public:
  using Item = TimedNumber;
  void Add(const TimedNumber& point) { points_.push_back(point); }
  void Clear() { points_.clear(); }

 protected:
  // A row without a time or a value does not count.
  Result<std::optional<Item>> ReadPoint(sqlite3_context* context, sqlite3_value* ts,
                                        sqlite3_value* value) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> number, NumberOf(value));
    if (!number || sqlite3_value_type(ts) == SQLITE_NULL) return std::optional<Item>();
    XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, ts));
    if (IsInfinite(time.us)) {
      return Status::InvalidArgument("a point's time is " + ShowValue(ts) + ", not a finite one");
    }
    has_text_times_ = time.is_text;
    return std::optional(TimedNumber{time.us, *number});
  }
  std::vector<TimedNumber> Sorted() const {
    std::vector<TimedNumber> sorted = points_;
    SortByTime(sorted);
    return sorted;
  }
  bool has_text_times() const { return has_text_times_; }

 private:
  std::vector<TimedNumber> points_;
  bool has_text_times_ = false;
};

// counter_agg(ts, value) and gauge_agg(ts, value).
template <bool is_gauge>
class Counter : public TimedNumbers {
 public:
  Result<std::optional<Item>> Read(sqlite3_context* context, AggregateArguments arguments) {
    return ReadPoint(context, arguments[0], arguments[1]);
  }
  Status Give(sqlite3_context* context) const {
    const std::vector<TimedNumber> points = Sorted();
    if (points.empty()) return {};
    CounterSummary summary(is_gauge, points.front());
    for (size_t i = 1; i < points.size(); ++i) summary.Add(points[i]);
    SetSketch(context, summary.Encode());
    return {};
  }
};

Result<Weighting> WeightingOf(sqlite3_value* value) {
  const std::string_view text = TrimBlanks(TextOf(value));
  if (EqualsIgnoreCase(text, "locf")) return Weighting::kLocf;
  if (EqualsIgnoreCase(text, "linear") || EqualsIgnoreCase(text, "trapezoidal")) {
    return Weighting::kLinear;
  }
  return Status::InvalidArgument("unknown method " + QuoteForMessage(text) +
                                 "; write 'LOCF' or 'linear'");
}

// time_weight(method, ts, value).
class Weight : public TimedNumbers {
 public:
  Result<std::optional<Item>> Read(sqlite3_context* context, AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const Weighting weighting, WeightingOf(arguments[0]));
    if (weighting_ && *weighting_ != weighting) {
      return Status::InvalidArgument("the method must not change between rows");
    }
    weighting_ = weighting;
    return ReadPoint(context, arguments[1], arguments[2]);
  }
  Status Give(sqlite3_context* context) const {
    const std::vector<TimedNumber> points = Sorted();
    if (points.empty()) return {};
    TimeWeight weight(*weighting_, points.front());
    for (size_t i = 1; i < points.size(); ++i) weight.Add(points[i]);
    SetSketch(context, weight.Encode());
    return {};
  }

 private:
  std::optional<Weighting> weighting_;
};

// lttb(ts, value, resolution): JSON, an array of [time, value].
class Downsampled : public TimedNumbers {
 public:
  Result<std::optional<Item>> Read(sqlite3_context* context, AggregateArguments arguments) {
    const int64_t wanted = sqlite3_value_int64(arguments[2]);
    if (sqlite3_value_type(arguments[2]) != SQLITE_INTEGER || wanted < 3) {
      return Status::InvalidArgument("resolution must be greater than 2, not " +
                                     ShowValue(arguments[2]));
    }
    if (wanted_ != 0 && wanted_ != wanted) {
      return Status::InvalidArgument("the resolution must not change between rows");
    }
    wanted_ = wanted;
    return ReadPoint(context, arguments[0], arguments[1]);
  }
  Status Give(sqlite3_context* context) const {
    const std::vector<TimedNumber> points = Sorted();
    if (points.empty()) return {};
    std::string json = "[";
    for (const TimedNumber& point : LargestTriangles(points, static_cast<size_t>(wanted_))) {
      if (json.size() > 1) json += ",";
      json += "[" + ShowTime(point.ts_us) + "," + JsonNumber(point.value) + "]";
    }
    json += "]";
    sqlite3_result_text64(context, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return {};
  }

 private:
  std::string ShowTime(int64_t ts_us) const {
    return has_text_times() ? "\"" + FormatTime(ts_us) + "\"" : std::to_string(ts_us);
  }
  int64_t wanted_ = 0;
};

constexpr AggregateFunction kFunctions[] = {
    MakeAggregate<Counter<false>>("counter_agg", 2), MakeAggregate<Counter<true>>("gauge_agg", 2),
    MakeAggregate<Weight>("time_weight", 3), MakeAggregate<Downsampled>("lttb", 3)};

}  // namespace

std::span<const AggregateFunction> TimedAggregates() { return kFunctions; }

}  // namespace xtdb
