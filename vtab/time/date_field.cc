#include "vtab/time/date_field.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "engine/base/calendar.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

using enum DateField;

struct Name {
  std::string_view name;  // at most ten letters
  DateField field;
};

constexpr size_t kNameLetters = 10;

constexpr auto kNames = std::to_array<Name>({
    {"c", kCentury},
    {"cent", kCentury},
    {"centuries", kCentury},
    {"century", kCentury},
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"dec", kDecade},
    {"decade", kDecade},
    {"decades", kDecade},
    {"decs", kDecade},
    {"dow", kDayOfWeek},
    {"doy", kDayOfYear},
    {"epoch", kEpoch},
    {"h", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"hr", kHour},
    {"hrs", kHour},
    {"isodow", kIsoDayOfWeek},
    {"isoyear", kIsoYear},
    {"j", kJulian},
    {"jd", kJulian},
    {"julian", kJulian},
    {"m", kMinute},
    {"microsecon", kMicrosecond},
    {"mil", kMillennium},
    {"millennia", kMillennium},
    {"millennium", kMillennium},
    {"millisecon", kMillisecond},
    {"mils", kMillennium},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"mon", kMonth},
    {"mons", kMonth},
    {"month", kMonth},
    {"months", kMonth},
    {"ms", kMillisecond},
    {"msec", kMillisecond},
    {"msecond", kMillisecond},
    {"mseconds", kMillisecond},
    {"msecs", kMillisecond},
    {"qtr", kQuarter},
    {"quarter", kQuarter},
    {"s", kSecond},
    {"sec", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"secs", kSecond},
    {"timezone", kTimezone},
    {"timezone_h", kTimezoneHour},
    {"timezone_m", kTimezoneMinute},
    {"us", kMicrosecond},
    {"usec", kMicrosecond},
    {"usecond", kMicrosecond},
    {"useconds", kMicrosecond},
    {"usecs", kMicrosecond},
    {"w", kWeek},
    {"week", kWeek},
    {"weeks", kWeek},
    {"y", kYear},
    {"year", kYear},
    {"years", kYear},
    {"yr", kYear},
    {"yrs", kYear},
});

// Day 0 of the Julian calendar's count.
constexpr int64_t kJulianEpochDays = 2'440'588;

int64_t CenturiesOf(int64_t year, int64_t years) {
  return year > 0 ? (year + years - 1) / years : -((years - 1 - (year - 1)) / years);
}

// There is no year 0: 1 BC is -1.
int64_t CountedYear(int64_t year) { return year > 0 ? year : year - 1; }

double Seconds(int64_t us) { return static_cast<double>(us) / 1e6; }

// Rounded as PostgreSQL rounds: whole seconds and the rest apart.
double SecondPart(int64_t minute_us, double units) {
  const int64_t fraction_us = minute_us % kUsPerSecond;
  return static_cast<double>(minute_us / kUsPerSecond) * units +
         static_cast<double>(fraction_us) / (1e6 / units);
}

// The first year of the century, or of other such spans, in which a year lies.
int64_t FirstOfSpan(int64_t year, int64_t years) {
  if (year > 0) return (year + years - 1) / years * years - (years - 1);
  return -((years - 1 - (year - 1)) / years) * years + 1;
}

int64_t FirstOfDecade(int64_t year) {
  return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
}

// field: kYear or one of many years
int64_t FirstYearOf(DateField field, int64_t year) {
  switch (field) {
    case kDecade:
      return FirstOfDecade(year);
    case kCentury:
      return FirstOfSpan(year, 100);
    case kMillennium:
      return FirstOfSpan(year, 1000);
    default:
      return year;
  }
}

// A field that grows for ever; others come back.
bool IsMonotone(DateField field) {
  switch (field) {
    case kYear:
    case kDecade:
    case kCentury:
    case kMillennium:
    case kIsoYear:
    case kEpoch:
    case kJulian:
      return true;
    default:
      return false;
  }
}

double DatePartOfDay(DateField field, int64_t days) {
  const CivilDate date = CivilFromDays(days);
  switch (field) {
    case kDay:
      return date.day;
    case kWeek:
      return IsoWeekOf(days).week;
    case kMonth:
      return date.month;
    case kQuarter:
      return (date.month - 1) / 3 + 1;
    case kYear:
      return static_cast<double>(CountedYear(date.year));
    case kDecade:
      return static_cast<double>(date.year >= 0 ? date.year / 10 : -((8 - (date.year - 1)) / 10));
    case kCentury:
      return static_cast<double>(CenturiesOf(date.year, 100));
    case kMillennium:
      return static_cast<double>(CenturiesOf(date.year, 1000));
    case kDayOfWeek:
      return (WeekdayOf(days) + 1) % 7;
    case kIsoDayOfWeek:
      return WeekdayOf(days) + 1;
    case kDayOfYear:
      return static_cast<double>(days - DaysFromCivil(date.year, 1, 1) + 1);
    case kIsoYear:
      return static_cast<double>(CountedYear(IsoWeekOf(days).year));
    default:
      return 0;  // of a time zone: UTC
  }
}

}  // namespace

std::optional<DateField> FindDateField(std::string_view name) {
  name = name.substr(0, kNameLetters);
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& known) {
    return EqualsIgnoreCase(known.name, name);
  });
  return found == kNames.end() ? std::nullopt : std::optional(found->field);
}

Status UnitNotRecognized(std::string_view unit, std::string_view type) {
  return Status::InvalidArgument("unit " + QuoteForMessage(unit) + " not recognized for type " +
                                 std::string(type));
}

Status UnitNotCut(DateField field, std::string_view unit, std::string_view type) {
  return field >= kDayOfWeek ? UnitNotRecognized(unit, type) : UnitNotSupported(unit, type);
}

Status UnitNotSupported(std::string_view unit, std::string_view type) {
  return Status::InvalidArgument("unit " + QuoteForMessage(unit) + " not supported for type " +
                                 std::string(type));
}

int WeekdayOf(int64_t days) {
  // 1970-01-01 was a Thursday.
  return static_cast<int>(days + 3 - FloorDivide(days + 3, 7) * 7);
}

IsoWeek IsoWeekOf(int64_t days) {
  // Its Thursday says to which year a week belongs.
  const int64_t thursday = days - WeekdayOf(days) + 3;
  const int64_t year = CivilFromDays(thursday).year;
  return {year, static_cast<int>((thursday - DaysFromCivil(year, 1, 1)) / 7) + 1};
}

std::optional<double> DatePart(DateField field, int64_t ts_us) {
  if (IsInfinite(ts_us)) {
    if (!IsMonotone(field)) return std::nullopt;
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    return ts_us == kInfinity ? kInfinite : -kInfinite;
  }
  const int64_t days = FloorDivide(ts_us, kUsPerDay);
  const int64_t us = ts_us - days * kUsPerDay;
  const int64_t second_us = us % kUsPerMinute;
  switch (field) {
    case kMicrosecond:
      return static_cast<double>(second_us);
    case kMillisecond:
      return SecondPart(second_us, 1e3);
    case kSecond:
      return SecondPart(second_us, 1);
    case kMinute:
      return static_cast<double>(us / kUsPerMinute % 60);
    case kHour:
      return static_cast<double>(us / kUsPerHour);
    case kEpoch:
      return Seconds(ts_us);
    case kJulian:
      return static_cast<double>(days + kJulianEpochDays) +
             (static_cast<double>(us / kUsPerSecond) + Seconds(us % kUsPerSecond)) / 86'400.0;
    default:
      return DatePartOfDay(field, days);
  }
}

std::optional<double> DatePart(DateField field, const Interval& interval) {
  const int64_t second_us = interval.us % kUsPerMinute;
  const int32_t years = interval.months / 12;
  const int32_t months = interval.months % 12;
  switch (field) {
    case kMicrosecond:
      return static_cast<double>(second_us);
    case kMillisecond:
      return SecondPart(second_us, 1e3);
    case kSecond:
      return SecondPart(second_us, 1);
    case kMinute:
      return static_cast<double>(interval.us / kUsPerMinute % 60);
    case kHour:
      return static_cast<double>(interval.us / kUsPerHour);
    case kDay:
      return interval.days;
    case kMonth:
      return months;
    case kQuarter:
      return months / 3 + 1;
    case kYear:
      return years;
    case kDecade:
      return years / 10;
    case kCentury:
      return years / 100;
    case kMillennium:
      return years / 1000;
    case kEpoch:
      return Seconds(interval.us) + 365.25 * 86'400 * years + 30.0 * 86'400 * months +
             86'400.0 * interval.days;
    default:
      return std::nullopt;
  }
}

Result<int64_t> DateTrunc(DateField field, int64_t ts_us, const TimeZone* zone) {
  if (IsInfinite(ts_us)) return ts_us;
  const int64_t local_us = LocalOf(ts_us, zone);
  const int64_t days = FloorDivide(local_us, kUsPerDay);
  const auto to = [&](int64_t width_us) { return FloorDivide(local_us, width_us) * width_us; };
  int64_t first_day = days;
  const CivilDate date = CivilFromDays(days);
  switch (field) {
    case kMicrosecond:
      return ts_us;
    // Below a day a wall clock runs on, so that an hour which comes twice is cut in two.
    case kMillisecond:
      return ts_us - (local_us - to(kUsPerMillisecond));
    case kSecond:
      return ts_us - (local_us - to(kUsPerSecond));
    case kMinute:
      return ts_us - (local_us - to(kUsPerMinute));
    case kHour:
      return ts_us - (local_us - to(kUsPerHour));
    case kDay:
      break;
    case kWeek:
      first_day = days - WeekdayOf(days);
      break;
    case kMonth:
      first_day = DaysFromCivil(date.year, date.month, 1);
      break;
    case kQuarter:
      first_day = DaysFromCivil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
      break;
    default:
      first_day = DaysFromCivil(FirstYearOf(field, date.year), 1, 1);
  }
  const int64_t start_us = first_day * kUsPerDay;
  const int64_t result_us = MomentOf(start_us, zone);
  if (!IsTimestamp(result_us)) return TimestampOutOfRange();
  return result_us;
}

std::optional<Interval> DateTrunc(DateField field, const Interval& interval) {
  const auto years = [&](int32_t span) {
    return Interval{.months = interval.months / span * span};
  };
  const auto cut_to = [&](int64_t width_us) {
    return Interval{interval.months, interval.days, interval.us / width_us * width_us};
  };
  switch (field) {
    case kMillennium:
      return years(12'000);
    case kCentury:
      return years(1'200);
    case kDecade:
      return years(120);
    case kYear:
      return years(12);
    case kQuarter:
      return Interval{.months = interval.months / 12 * 12 + interval.months % 12 / 3 * 3};
    case kMonth:
      return Interval{.months = interval.months};
    case kDay:
      return Interval{interval.months, interval.days, 0};
    case kHour:
      return cut_to(kUsPerHour);
    case kMinute:
      return cut_to(kUsPerMinute);
    case kSecond:
      return cut_to(kUsPerSecond);
    case kMillisecond:
      return cut_to(kUsPerMillisecond);
    case kMicrosecond:
      return interval;
    default:
      return std::nullopt;
  }
}

}  // namespace xtdb
