#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "planner/aggregate/bucket_series.h"
#include "vtab/functions/function_call.h"

namespace xtdb {

// Columns of xtdb_aggregate, in order.
enum AggregateColumn : size_t {
  kAggTag,
  kAggTime,
  kAggTs,
  kAggCount,
  kAggMin,
  kAggMax,
  kAggSum,
  kAggAvg,
  kAggFirst,
  kAggLast,
  kAggFirstTs,
  kAggLastTs,
  kAggStddev,
  kAggTwa,
  kAggIntegral,
  kAggPercentGood,
  kAggColumnCount,
};

// Of the argument `name`: microseconds, a day having 24 hours; > 0.
Result<int64_t> FixedLength(std::string_view name, const Interval& span);
// max_gap and accept, with their defaults.
Result<int64_t> GapMaxOf(const FunctionArguments& arguments);
Result<Accept> AcceptOf(const FunctionArguments& arguments);

// width [, origin, timezone] as TimescaleDB's time_bucket takes them; nothing: one bucket of all.
//   width: the name of the argument
Result<Buckets> BucketsOf(const FunctionArguments& arguments, int64_t now_us,
                          std::string_view width = "width");

// Whether they are ones, but for the table and the range.
Status CheckAggregateArguments(const FunctionArguments& arguments);
// What the call's arguments ask for; nothing: no rows, whatever there is.
Result<std::optional<SeriesRequest>> SeriesRequestOf(const FunctionCall& call);

}  // namespace xtdb
