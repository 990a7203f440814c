#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"
#include "vtab/text/interval_text.h"
#include "vtab/time/date_field.h"
#include "vtab/time/timestamp.h"

namespace xtdb {

// Arguments of scalar functions. None of these allocates where the texts are those of the row
// before and well formed.

// A timestamp as it was written: a function gives back what it was given.
struct TimeArgument {
  int64_t us = 0;
  bool is_text = false;  // else microseconds
};

// What `now` means: one moment for all of a statement.
int64_t StatementNow(sqlite3* db);

// `value` is not NULL. A text as ParseTimestamp reads it, or whole microseconds. kInvalidArgument
// also for reals and BLOBs.
Result<TimeArgument> TimeOf(sqlite3* db, sqlite3_value* value);
inline Result<TimeArgument> TimeOf(sqlite3_context* context, sqlite3_value* value) {
  return TimeOf(sqlite3_context_db_handle(context), value);
}
// A text that is no time may be an interval.
struct TimeOrInterval {
  std::optional<TimeArgument> time;
  Interval interval;
};
Result<TimeOrInterval> TimeOrIntervalOf(sqlite3_context* context, sqlite3_value* value);
// A text; kInvalidArgument for a bare number, with the text to write.
Result<Interval> IntervalOf(sqlite3_value* value);
Result<const TimeZone*> ZoneOf(sqlite3_value* value);
// "unit ... not recognized for type `type`"
Result<DateField> FieldOf(sqlite3_value* value, std::string_view type);

// The error of a call whose arguments stand the other way round, with how to write it.
Status OtherWayRound(const Status& error, std::string_view call);

void SetTime(sqlite3_context* context, int64_t ts_us, bool as_text);
void SetInterval(sqlite3_context* context, const Interval& interval);

}  // namespace xtdb
