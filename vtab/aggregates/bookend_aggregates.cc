#include <optional>
#include <utility>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/aggregates/held_value.h"

namespace xtdb {
namespace {

struct TimedValue {
  HeldValue value;
  HeldValue time;
};

// first(value, time) and last(value, time), as TimescaleDB's (src/agg_bookend.c): of equal times
// the row seen first wins; one without a time wins only where none has one.
template <int sign>
class Bookend {
 public:
  using Item = TimedValue;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    return std::optional(TimedValue{HeldValue(arguments[0]), HeldValue(arguments[1])});
  }
  void Add(const TimedValue& row) {
    const bool wins = !best_ || (!row.time.is_null() && (best_->time.is_null() ||
                                                         row.time.Compare(best_->time) * sign > 0));
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
