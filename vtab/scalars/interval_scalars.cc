#include <span>

#include "engine/base/calendar.h"
#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

using AddFunction = Result<int64_t> (*)(int64_t, const Interval&, const TimeZone*);

template <AddFunction add>
Status RunAdd(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, arguments[0]));
  XTDB_ASSIGN_OR_RETURN(const Interval interval, IntervalOf(arguments[1]));
  const TimeZone* zone = nullptr;
  if (arguments.size() > 2) {
    XTDB_ASSIGN_OR_RETURN(zone, ZoneOf(arguments[2]));
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t ts_us, add(time.us, interval, zone));
  SetTime(context, ts_us, time.is_text);
  return {};
}

Status RunDifference(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeArgument a, TimeOf(context, arguments[0]));
  XTDB_ASSIGN_OR_RETURN(const TimeArgument b, TimeOf(context, arguments[1]));
  XTDB_ASSIGN_OR_RETURN(const Interval difference, SubtractTimes(a.us, b.us));
  SetInterval(context, difference);
  return {};
}

// Of one argument: until the day began in which the statement runs.
Status RunAge(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeArgument first, TimeOf(context, arguments[0]));
  int64_t later_us = first.us;
  int64_t earlier_us = first.us;
  if (arguments.size() > 1) {
    XTDB_ASSIGN_OR_RETURN(const TimeArgument second, TimeOf(context, arguments[1]));
    earlier_us = second.us;
  } else {
    later_us = FloorDivide(StatementNow(sqlite3_context_db_handle(context)), kUsPerDay) * kUsPerDay;
  }
  XTDB_ASSIGN_OR_RETURN(const Interval age, Age(later_us, earlier_us));
  SetInterval(context, age);
  return {};
}

constexpr Scalar kScalars[] = {{"ts_add", 2, RunScalar<RunAdd<AddInterval>>},
                               {"ts_add", 3, RunScalar<RunAdd<AddInterval>>},
                               {"ts_sub", 2, RunScalar<RunAdd<SubtractInterval>>},
                               {"ts_sub", 3, RunScalar<RunAdd<SubtractInterval>>},
                               {"ts_diff", 2, RunScalar<RunDifference>},
                               {"age", 2, RunScalar<RunAge>},
                               {"age", 1, RunScalar<RunAge>, false}};

}  // namespace

std::span<const Scalar> IntervalScalars() { return kScalars; }

}  // namespace xtdb
