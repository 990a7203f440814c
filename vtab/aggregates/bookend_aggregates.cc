#include <optional>
#include <utility>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/aggregates/held_value.h"
#include "vtab/scalars/scalar_arguments.h"

namespace xtdb {
namespace {

struct TimedValue {
  HeldValue value;
  HeldValue time;
  std::optional<int64_t> time_us;  // where it is one

  size_t HeapBytes() const { return value.HeapBytes() + time.HeapBytes(); }
  // Times in different forms are times; what is none is in SQLite's order.
  int CompareTime(const TimedValue& other) const {
    if (!time_us || !other.time_us) return time.Compare(other.time);
    return *time_us < *other.time_us ? -1 : *time_us > *other.time_us ? 1 : 0;
  }
};

// first(value, time) and last(value, time), as TimescaleDB's (src/agg_bookend.c): of equal times
// the row seen first wins; one without a time wins only where none has one.
template <int sign>
class Bookend {
 public:
  using Item = TimedValue;
  Result<std::optional<Item>> Read(sqlite3_context* context, AggregateArguments arguments) {
    TimedValue row{HeldValue(arguments[0]), HeldValue(arguments[1]), std::nullopt};
    const int type = sqlite3_value_type(arguments[1]);
    if (type == SQLITE_TEXT || type == SQLITE_INTEGER) {
      const Result<TimeArgument> time = TimeOf(context, arguments[1]);
      if (time.ok()) row.time_us = time.value().us;
    }
    return std::optional(std::move(row));
  }
  void Add(const TimedValue& row) {
    const bool wins = !best_ || (!row.time.is_null() &&
                                 (best_->time.is_null() || row.CompareTime(*best_) * sign > 0));
    if (wins) best_ = row;
  }
  void Clear() { best_.reset(); }
  Status Give(sqlite3_context* context) const {
    if (best_) best_->value.Give(context);
    return {};
  }

 private:
  std::optional<TimedValue> best_;
};

// locf(value): the last value that is no NULL, of the rows so far where it stands over a window.
class LastValue {
 public:
  using Item = HeldValue;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return std::optional<Item>();
    return std::optional(HeldValue(arguments[0]));
  }
  void Add(const HeldValue& value) { last_ = value; }
  void Clear() { last_ = HeldValue(); }
  Status Give(sqlite3_context* context) const {
    last_.Give(context);
    return {};
  }

 private:
  HeldValue last_;
};

constexpr AggregateFunction kFunctions[] = {MakeAggregate<Bookend<-1>>("first", 2),
                                            MakeAggregate<Bookend<1>>("last", 2),
                                            MakeAggregate<LastValue>("locf", 1)};

}  // namespace

std::span<const AggregateFunction> BookendAggregates() { return kFunctions; }

}  // namespace xtdb
