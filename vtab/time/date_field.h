#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/text/interval_text.h"
#include "vtab/time/timestamp.h"

namespace xtdb {

// A field of a timestamp or an interval. Those up to kMillennium are where date_trunc cuts.
enum class DateField : uint8_t {
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kIsoYear,
  kEpoch,
  kJulian,
};

// By a name that PostgreSQL takes, in letters of either case; of long ones the first ten count.
std::optional<DateField> FindDateField(std::string_view name);
// `unit "fortnight" not recognized for type timestamp with time zone`
Status UnitNotRecognized(std::string_view unit, std::string_view type);
Status UnitNotSupported(std::string_view unit, std::string_view type);
// Of a field at which date_trunc cuts nothing: one or the other.
Status UnitNotCut(DateField field, std::string_view unit, std::string_view type);
inline constexpr std::string_view kTimestampType = "timestamp with time zone";
inline constexpr std::string_view kIntervalType = "interval";

// date_part: nothing for a field that an infinite one does not have.
std::optional<double> DatePart(DateField field, int64_t ts_us);
// Nothing: an interval has no such field.
std::optional<double> DatePart(DateField field, const Interval& interval);

constexpr bool IsCut(DateField field) { return field <= DateField::kMillennium; }
// The beginning of the timestamp's week, year ...; on the wall clock of a zone, if there is one.
// field: IsCut
Result<int64_t> DateTrunc(DateField field, int64_t ts_us, const TimeZone* zone = nullptr);
// Nothing: an interval is not cut there.
std::optional<Interval> DateTrunc(DateField field, const Interval& interval);

// Of the ISO 8601 week in which a day lies: its year and number.
struct IsoWeek {
  int64_t year;
  int week;
};
IsoWeek IsoWeekOf(int64_t days);
// 1970-01-01 is day 0. Monday is 0.
int WeekdayOf(int64_t days);

}  // namespace xtdb
