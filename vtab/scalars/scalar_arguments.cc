#include "vtab/scalars/scalar_arguments.h"

#include <string>

#include "vtab/connection.h"
#include "vtab/scalars/text_cache.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// now, today ...
bool MayNameNow(std::string_view text) {
  const std::string_view trimmed = TrimBlanks(text);
  return !trimmed.empty() && IsLetter(trimmed.front());
}

Status UnknownField(std::string_view text, std::string_view type) {
  const std::string unit = ToLower(text);
  const std::string known = "second, minute, hour, day, week, month, quarter, year";
  const bool is_width = ParseInterval(text).ok();
  return Status::InvalidArgument(std::string(UnitNotRecognized(unit, type).message()) + "; write " +
                                 (is_width ? "time_bucket('" + unit + "', time)" : known));
}

}  // namespace

int64_t StatementNow(sqlite3* db) { return Connection::Of(db).snapshots().Current()->now_us(); }

Result<TimeArgument> TimeOf(sqlite3* db, sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: {
      const int64_t us = sqlite3_value_int64(value);
      if (!IsTimestamp(us) && !IsInfinite(us)) return TimestampOutOfRange();
      return TimeArgument{us, false};
    }
    case SQLITE_TEXT: {
      const std::string_view text = TextOf(value);
      const int64_t now_us = MayNameNow(text) ? StatementNow(db) : 0;
      XTDB_ASSIGN_OR_RETURN(const int64_t us, ParseTimestamp(text, now_us));
      return TimeArgument{us, true};
    }
    default:
      return Status::InvalidArgument("a time is a text or whole microseconds since 1970, not " +
                                     ShowValue(value) + "; to_timestamp(x) makes one of seconds");
  }
}

Result<Interval> IntervalOf(sqlite3_value* value) {
  thread_local TextCache<Interval> cache;
  const int type = sqlite3_value_type(value);
  if (type != SQLITE_TEXT) {
    const std::string shown = ShowValue(value);
    const bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    return Status::InvalidArgument("an interval is a text, not " + shown +
                                   (is_number ? "; write its unit, too: '" + shown + " s'"
                                              : "; write '1 hour', '15 min', '1 month'"));
  }
  const std::string_view text = TextOf(value);
  if (const Interval* const known = cache.Find(text)) return *known;
  XTDB_ASSIGN_OR_RETURN(const Interval interval, ParseInterval(text));
  cache.Insert(text, interval);
  return interval;
}

Result<TimeOrInterval> TimeOrIntervalOf(sqlite3_context* context, sqlite3_value* value) {
  Result<TimeArgument> time = TimeOf(context, value);
  if (time.ok()) return TimeOrInterval{time.value(), {}};
  if (sqlite3_value_type(value) != SQLITE_TEXT) return time.status();
  const Result<Interval> interval = IntervalOf(value);
  if (!interval.ok()) return time.status();
  return TimeOrInterval{std::nullopt, interval.value()};
}

Result<const TimeZone*> ZoneOf(sqlite3_value* value) {
  thread_local TextCache<const TimeZone*> cache;
  const std::string_view text = TextOf(value);
  if (const TimeZone* const* const known = cache.Find(text)) return *known;
  XTDB_ASSIGN_OR_RETURN(const TimeZone* const zone, FindZone(text));
  cache.Insert(text, zone);
  return zone;
}

Result<DateField> FieldOf(sqlite3_value* value, std::string_view type) {
  thread_local TextCache<DateField> cache;
  const std::string_view text = TextOf(value);
  if (const DateField* const known = cache.Find(text)) return *known;
  const std::optional<DateField> field = FindDateField(text);
  if (!field) return UnknownField(text, type);
  cache.Insert(text, *field);
  return *field;
}

Status OtherWayRound(const Status& error, std::string_view call) {
  return Status::InvalidArgument(std::string(error.message()) + "; write " + std::string(call));
}

void SetTime(sqlite3_context* context, int64_t ts_us, bool as_text) {
  if (!as_text) {
    sqlite3_result_int64(context, ts_us);
  } else if (IsInfinite(ts_us)) {
    sqlite3_result_text(context, ts_us == kInfinity ? "infinity" : "-infinity", -1, SQLITE_STATIC);
  } else {
    char text[kTimeTextBytesMax];
    const size_t size = FormatTime(ts_us, text);
    sqlite3_result_text(context, text, static_cast<int>(size), SQLITE_TRANSIENT);
  }
}

void SetInterval(sqlite3_context* context, const Interval& interval) {
  char text[kIntervalTextBytesMax];
  const size_t size = FormatInterval(interval, text);
  sqlite3_result_text(context, text, static_cast<int>(size), SQLITE_TRANSIENT);
}

}  // namespace xtdb
