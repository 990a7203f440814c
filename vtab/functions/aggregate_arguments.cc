#include "vtab/functions/aggregate_arguments.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

constexpr int32_t kMonthsMax = 10'000 * 12;
constexpr std::string_view kFills[] = {"none", "null", "locf", "linear"};
constexpr std::string_view kModes[] = {"step", "linear"};
constexpr std::string_view kBounds[] = {"interpolated", "simple", "none"};

bool Reads(const FunctionCall& call, std::initializer_list<AggregateColumn> columns) {
  return std::any_of(columns.begin(), columns.end(), [&](AggregateColumn column) {
    return (call.columns_used >> column & 1) != 0;
  });
}

Wanted WantedOf(const FunctionCall& call, Fill fill, bool is_labelled_by_first) {
  Wanted wanted;
  wanted.m2 = Reads(call, {kAggStddev});
  wanted.weights = Reads(call, {kAggTwa, kAggIntegral});
  wanted.ends = fill == Fill::kLocf || fill == Fill::kLinear || wanted.weights ||
                is_labelled_by_first || Reads(call, {kAggFirst, kAggLast, kAggFirstTs, kAggLastTs});
  return wanted;
}

Status CheckMonths(const Interval& span) {
  if (span.days != 0 || span.us != 0) {
    return Status::InvalidArgument("month intervals cannot have day or time component");
  }
  if (span.months > kMonthsMax) return Status::InvalidArgument("longer than all of time");
  if (span.months < 0) return Status::InvalidArgument("period must be greater than 0");
  return {};
}

}  // namespace

Result<int64_t> FixedLength(std::string_view name, const Interval& span) {
  const std::string argument(name);
  if (span.months != 0) {
    return Status::InvalidArgument(argument + ": a month has no fixed length; write days or hours");
  }
  int64_t us = 0;
  const bool overflows = __builtin_mul_overflow(int64_t{span.days}, kUsPerDay, &us) ||
                         __builtin_add_overflow(us, span.us, &us);
  if (overflows || us > kTsMax - kTsMin) {
    return Status::InvalidArgument(argument + " is longer than all of time");
  }
  if (us <= 0) return Status::InvalidArgument(argument + ": period must be greater than 0");
  return us;
}

Result<int64_t> GapMaxOf(const FunctionArguments& arguments) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<Interval> gap, arguments.Span("max_gap"));
  if (!gap) return std::numeric_limits<int64_t>::max();
  return FixedLength("max_gap", *gap);
}

Result<Accept> AcceptOf(const FunctionArguments& arguments) {
  constexpr std::string_view kAccepts[] = {"good", "notbad", "all"};
  XTDB_ASSIGN_OR_RETURN(const size_t accept, arguments.Word("accept", kAccepts, 1));
  return static_cast<Accept>(accept);
}

Result<Buckets> BucketsOf(const FunctionArguments& arguments, int64_t now_us,
                          std::string_view width) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<Interval> span, arguments.Span(width));
  XTDB_ASSIGN_OR_RETURN(std::optional<int64_t> origin, arguments.Time("origin", now_us));
  XTDB_ASSIGN_OR_RETURN(const std::optional<std::string> zone, arguments.Text("timezone"));
  std::shared_ptr<const TimeZone> clock;
  if (zone) {
    XTDB_ASSIGN_OR_RETURN(clock, TimeZone::Load(*zone));
    if (origin) origin = clock->LocalOf(*origin);
  }
  if (!span) return Buckets::Whole();
  if (span->months != 0) {
    XTDB_RETURN_IF_ERROR(CheckMonths(*span).WithContext(width));
    return Buckets::Months(span->months, origin.value_or(Buckets::kDefaultMonthOriginUs),
                           std::move(clock));
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t width_us, FixedLength(width, *span));
  return Buckets::Fixed(width_us, origin.value_or(Buckets::kDefaultOriginUs), std::move(clock));
}

Status CheckAggregateArguments(const FunctionArguments& arguments) {
  XTDB_RETURN_IF_ERROR(BucketsOf(arguments, 0).status());
  XTDB_RETURN_IF_ERROR(arguments.Word("fill", kFills, 0).status());
  XTDB_RETURN_IF_ERROR(arguments.Word("mode", kModes, 0).status());
  XTDB_RETURN_IF_ERROR(arguments.Word("bounds", kBounds, 0).status());
  XTDB_RETURN_IF_ERROR(AcceptOf(arguments).status());
  return GapMaxOf(arguments).status();
}

Result<std::optional<SeriesRequest>> SeriesRequestOf(const FunctionCall& call) {
  const FunctionArguments& arguments = *call.arguments;
  SeriesRequest request;
  request.now_us = call.now_us();
  XTDB_ASSIGN_OR_RETURN(request.buckets.buckets, BucketsOf(arguments, request.now_us));
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> start,
                        arguments.Time("start", request.now_us));
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> stop, arguments.Time("stop", request.now_us));
  XTDB_ASSIGN_OR_RETURN(const size_t fill, arguments.Word("fill", kFills, 0));
  request.fill = static_cast<Fill>(fill);
  XTDB_ASSIGN_OR_RETURN(request.buckets.accept, AcceptOf(arguments));
  XTDB_ASSIGN_OR_RETURN(request.buckets.weighting.gap_max_us, GapMaxOf(arguments));
  XTDB_ASSIGN_OR_RETURN(const size_t mode,
                        arguments.Word("mode", kModes, request.fill == Fill::kLinear ? 1 : 0));
  request.buckets.weighting.is_linear = mode == 1;
  XTDB_ASSIGN_OR_RETURN(const std::optional<std::string> given, arguments.Text("mode"));
  request.is_as_tag_says = !given && request.fill != Fill::kLinear;
  XTDB_ASSIGN_OR_RETURN(const size_t bounds, arguments.Word("bounds", kBounds, 0));
  request.buckets.weighting.bounds = static_cast<Bounds>(bounds);
  request.has_start = start.has_value();
  request.has_stop = stop.has_value();
  request.buckets.ts_from_us = start.value_or(kTsMin);
  request.buckets.ts_to_us = stop.value_or(kTsMax + 1) - 1;
  request.buckets.wanted =
      WantedOf(call, request.fill, !start && request.buckets.buckets.is_whole());
  request.CutTo(call.time_min_us, call.time_max_us);
  if (request.buckets.ts_from_us > request.buckets.ts_to_us) return std::optional<SeriesRequest>();
  return std::optional<SeriesRequest>(std::move(request));
}

}  // namespace xtdb
