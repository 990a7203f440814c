#include <cmath>
#include <optional>
#include <span>

#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"
#include "vtab/text/number_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

Status RunTs(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, arguments[0]));
  sqlite3_result_int64(context, time.us);
  return {};
}

Status RunNow(sqlite3_context* context, Arguments /*arguments*/) {
  SetTime(context, StatementNow(sqlite3_context_db_handle(context)), true);
  return {};
}

// Behind the unit.
Result<TimeOrInterval> GivenOf(sqlite3_context* context, Arguments arguments, const char* call) {
  Result<TimeOrInterval> given = TimeOrIntervalOf(context, arguments[1]);
  if (given.ok() || !FindDateField(TextOf(arguments[1]))) return given;
  return OtherWayRound(given.status(), call);
}

Status RunDateTrunc(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeOrInterval given,
                        GivenOf(context, arguments, "date_trunc('hour', time)"));
  const std::string_view type = given.time ? kTimestampType : kIntervalType;
  XTDB_ASSIGN_OR_RETURN(const DateField field, FieldOf(arguments[0], type));
  if (!given.time) {
    const std::optional<Interval> cut = DateTrunc(field, given.interval);
    if (!cut) return UnitNotCut(field, TextOf(arguments[0]), type);
    SetInterval(context, *cut);
    return {};
  }
  if (!IsCut(field)) return UnitNotCut(field, TextOf(arguments[0]), type);
  const TimeZone* zone = nullptr;
  if (arguments.size() > 2) {
    XTDB_ASSIGN_OR_RETURN(zone, ZoneOf(arguments[2]));
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t start_us, DateTrunc(field, given.time->us, zone));
  SetTime(context, start_us, given.time->is_text);
  return {};
}

Status RunDatePart(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const TimeOrInterval given,
                        GivenOf(context, arguments, "date_part('hour', time)"));
  const std::string_view type = given.time ? kTimestampType : kIntervalType;
  XTDB_ASSIGN_OR_RETURN(const DateField field, FieldOf(arguments[0], type));
  const std::optional<double> part =
      given.time ? DatePart(field, given.time->us) : DatePart(field, given.interval);
  if (part) {
    sqlite3_result_double(context, *part);
  } else if (!given.time) {
    return UnitNotSupported(TextOf(arguments[0]), type);
  }
  return {};
}

// Seconds since 1970. As PostgreSQL rounds: from its own epoch, 2000-01-01.
Result<int64_t> TimestampOfSeconds(double seconds) {
  constexpr int64_t kEpochSeconds = 946'684'800;
  if (std::isinf(seconds)) return seconds > 0 ? kInfinity : kMinusInfinity;
  const double us = std::rint((seconds - static_cast<double>(kEpochSeconds)) * 1e6);
  if (us < -9.2e18 || us > 8.2e18) return TimestampOutOfRange();
  const int64_t ts_us = static_cast<int64_t>(us) + kEpochSeconds * 1'000'000;
  return IsTimestamp(ts_us) ? Result<int64_t>(ts_us) : TimestampOutOfRange();
}

Status RunToTimestamp(sqlite3_context* context, Arguments arguments) {
  const int type = sqlite3_value_type(arguments[0]);
  double seconds = sqlite3_value_double(arguments[0]);
  if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
    const std::optional<Number> number = ParseWholeNumber(TextOf(arguments[0]));
    if (type == SQLITE_BLOB || !number) {
      return Status::InvalidArgument(
          "to_timestamp takes seconds since 1970, not " + ShowValue(arguments[0]) +
          "; a time text is taken as it is; other forms by to_timestamp(text, 'DD.MM.YYYY')");
    }
    seconds = number->AsReal();
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t ts_us, TimestampOfSeconds(seconds));
  SetTime(context, ts_us, true);
  return {};
}

// The wall clock of a zone at a time.
Status RunTimezone(sqlite3_context* context, Arguments arguments) {
  const Result<const TimeZone*> zone = ZoneOf(arguments[0]);
  if (!zone.ok()) {
    const bool is_time = TimeOf(context, arguments[0]).ok();
    return is_time ? OtherWayRound(zone.status(), "timezone('Europe/Berlin', time)")
                   : zone.status();
  }
  XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, arguments[1]));
  SetTime(context, IsInfinite(time.us) ? time.us : LocalOf(time.us, zone.value()), time.is_text);
  return {};
}

constexpr Scalar kScalars[] = {{"ts", 1, RunScalar<RunTs>},
                               {"now", 0, RunScalar<RunNow>, false},
                               {"date_trunc", 2, RunScalar<RunDateTrunc>},
                               {"date_trunc", 3, RunScalar<RunDateTrunc>},
                               {"date_part", 2, RunScalar<RunDatePart>},
                               {"to_timestamp", 1, RunScalar<RunToTimestamp>},
                               {"timezone", 2, RunScalar<RunTimezone>}};

}  // namespace

std::span<const Scalar> TimeScalars() { return kScalars; }

}  // namespace xtdb
