#include "vtab/time/picture_fields.h"

#include <algorithm>
#include <string>

#include "engine/base/calendar.h"
#include "vtab/text/quote_text.h"
#include "vtab/time/date_field.h"
#include "vtab/time/timestamp.h"

namespace xtdb {
namespace {

using Fields = PictureFields;

Status FieldOutOfRange(std::string_view text) {
  return Status::InvalidArgument("date/time field value out of range: " + QuoteForMessage(text));
}

// A date of which some fields are known; days and months may lie outside of theirs.
struct LooseDate {
  int64_t year = 0;  // 0 is 1 BC
  int64_t month = 1;
  int64_t day = 1;
  bool has_year = false;
  bool has_month = false;
  bool has_day = false;

  void SetDays(int64_t days) {
    const CivilDate date = CivilFromDays(days);
    year = date.year;
    month = date.month;
    day = date.day;
    has_year = has_month = has_day = true;
  }
  bool IsInRange() const {
    if (has_month && (month < 1 || month > 12)) return false;
    if (has_day && (day < 1 || day > 31)) return false;
    return !(has_year && has_month && has_day) || day <= DaysInMonth(year, static_cast<int>(month));
  }
};

// A century and less than three digits of a year are one year: 21 and 24 are 2024, and the year 00
// of a century is its last.
int64_t YearOfCentury(int64_t century, int64_t year_in_century) {
  if (year_in_century == 0) return century * 100 + (century >= 0 ? 0 : 1);
  if (century >= 0) return (century - 1) * 100 + year_in_century;
  return (century + 1) * 100 - year_in_century + 1;
}

void SetYear(const Fields& fields, LooseDate& date) {
  if (fields.year == 0 && fields.century == 0) return;
  const int64_t century = fields.is_bc != 0 ? -fields.century : fields.century;
  date.has_year = true;
  if (fields.year == 0) {
    date.year = century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
  } else if (fields.century != 0 && fields.year_digits <= 2) {
    date.year = YearOfCentury(century, fields.year % 100);
  } else {
    date.year = fields.is_bc != 0 ? -fields.year : fields.year;
    if (date.year < 0) ++date.year;
  }
  // No calendar goes farther, and no timestamp by far.
  constexpr int64_t kYearMax = 1'000'000'000;
  date.year = std::clamp(date.year, -kYearMax, kYearMax);
}

// The Monday of an ISO week; week 1 has the fourth of January.
int64_t MondayOf(int64_t iso_year, int64_t week) {
  const int64_t fourth = DaysFromCivil(iso_year, 1, 4);
  return fourth - WeekdayOf(fourth) + (week - 1) * 7;
}

// weekday: 1 is Sunday, an ISO week's last; 0 for its first
int64_t DayOfIsoWeek(int64_t iso_year, int64_t week, int64_t weekday) {
  if (weekday == 0) return MondayOf(iso_year, week);
  return MondayOf(iso_year, week) + (weekday > 1 ? weekday - 2 : 6);
}

// Month and day of a day of the year, where the text has them not.
void SetDayOfYear(int64_t day_of_year, LooseDate& date) {
  int month = 1;
  int64_t before = 0;
  while (month <= 12 && day_of_year > before + DaysInMonth(date.year, month)) {
    before += DaysInMonth(date.year, month);
    ++month;
  }
  // What lies behind December is in a month 13, which is out of range.
  if (date.month <= 1) date.month = month;
  if (date.day <= 1) date.day = day_of_year - before;
  date.has_month = date.has_day = true;
}

// Later ones win over earlier ones.
Status SetDate(const Fields& fields, LooseDate& date) {
  const bool is_iso = fields.convention == Fields::Convention::kIsoWeek;
  constexpr int64_t kJulianEpochDays = 2'440'588;  // of 1970-01-01
  SetYear(fields, date);
  int64_t day_of_year = fields.day_of_year;
  if (fields.julian_day != 0) date.SetDays(fields.julian_day - kJulianEpochDays);
  if (fields.week != 0 && is_iso) {
    date.SetDays(DayOfIsoWeek(date.year, fields.week, fields.weekday));
  } else if (fields.week != 0) {
    day_of_year = (fields.week - 1) * 7 + 1;
  }
  const int64_t day = fields.week_of_month != 0 ? (fields.week_of_month - 1) * 7 + 1 : fields.day;
  if (day != 0) {
    date.day = day;
    date.has_day = true;
  }
  if (fields.month != 0) {
    date.month = fields.month;
    date.has_month = true;
  }
  if (day_of_year == 0 || (date.month > 1 && date.day > 1)) return {};
  if (date.year == 0 && fields.is_bc == 0) {
    return Status::InvalidArgument(
        "cannot calculate day of year without year information; write YYYY into the template");
  }
  if (is_iso) {
    date.SetDays(MondayOf(date.year, 1) - 1 + day_of_year);
  } else {
    SetDayOfYear(day_of_year, date);
  }
  return {};
}

struct LooseTime {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t microsecond = 0;

  bool IsInRange() const {
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 &&
           microsecond >= 0 && microsecond < kUsPerSecond;
  }
  int64_t Us() const {
    return hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond + microsecond;
  }
};

Status SetTime(const Fields& fields, LooseTime& time) {
  time.hour = fields.hour != 0 ? fields.hour : fields.second_of_day / 3600;
  time.minute = fields.minute != 0 ? fields.minute : fields.second_of_day / 60 % 60;
  time.second = fields.second != 0 ? fields.second : fields.second_of_day % 60;
  time.microsecond = fields.millisecond * 1000 + fields.microsecond;
  if (!fields.has_12_hours) return {};
  if (time.hour < 1 || time.hour > 12) {
    return Status::InvalidArgument("hour \"" + std::to_string(time.hour) +
                                   "\" is invalid for the 12-hour clock; write HH24 into the "
                                   "template, or an hour from 1 to 12");
  }
  time.hour = time.hour % 12 + (fields.is_afternoon != 0 ? 12 : 0);
  return {};
}

// Half away from PostgreSQL's epoch, 2000-01-01.
int64_t RoundFraction(int64_t ts_us, int digits) {
  constexpr int64_t kEpochUs = 946'684'800 * kUsPerSecond;
  int64_t step = 1;
  for (int i = digits; i < 6; ++i) step *= 10;
  const int64_t since = ts_us - kEpochUs;
  const int64_t rounded = since >= 0 ? (since + step / 2) / step : -((step / 2 - since) / step);
  return kEpochUs + rounded * step;
}

}  // namespace

Result<int64_t> PictureFields::Timestamp(std::string_view text) const {
  LooseTime time;
  LooseDate date;
  XTDB_RETURN_IF_ERROR(SetTime(*this, time));
  XTDB_RETURN_IF_ERROR(SetDate(*this, date));
  if (!date.IsInRange() || !time.IsInRange()) return FieldOutOfRange(text);
  if (zone_hours < 0 || zone_hours > 15 || zone_minutes < 0 || zone_minutes >= 60) {
    return Status::InvalidArgument("time zone displacement out of range: " + QuoteForMessage(text));
  }
  const int64_t days =
      DaysFromCivil(date.year, static_cast<int>(date.month), static_cast<int>(date.day));
  const int64_t zone_us = zone_sign * (zone_hours * kUsPerHour + zone_minutes * kUsPerMinute);
  int64_t ts_us = 0;
  if (__builtin_mul_overflow(days, kUsPerDay, &ts_us) ||
      __builtin_add_overflow(ts_us, time.Us() - zone_us, &ts_us) || !IsTimestamp(ts_us)) {
    return TimestampOutOfRange();
  }
  if (fraction_digits != 0) ts_us = RoundFraction(ts_us, fraction_digits);
  return IsTimestamp(ts_us) ? Result<int64_t>(ts_us) : TimestampOutOfRange();
}

}  // namespace xtdb
