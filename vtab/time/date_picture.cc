#include "vtab/time/date_picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "engine/base/calendar.h"
#include "vtab/time/date_field.h"
#include "vtab/time/date_names.h"
#include "vtab/time/picture_reader.h"

namespace xtdb {

// The fields that patterns show.
struct DatePicture::Moment {
  bool is_interval = false;
  int64_t year = 0;  // 0 is 1 BC
  int month = 0;
  int day = 0;
  int64_t hour = 0;
  int minute = 0;
  int second = 0;
  int micro = 0;
  int64_t days = 0;  // since 1970; not of an interval

  // PostgreSQL counts years before Christ without a sign.
  int64_t CountedYear() const { return is_interval || year > 0 ? year : 1 - year; }
};

namespace {

using Node = PictureNode;
using Pattern = PicturePattern;
using Moment = DatePicture::Moment;

constexpr size_t kNameWidth = 9;
constexpr size_t kRomanWidth = 4;

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// width: with the sign, if there is one
void WriteNumber(const Node& node, int64_t value, int width, std::string& out) {
  char text[24];
  const uint64_t magnitude =
      value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const auto size =
      static_cast<size_t>(std::to_chars(text, text + sizeof(text), magnitude).ptr - text);
  const size_t used = size + (value < 0 ? 1 : 0);
  if (value < 0) out += '-';
  const auto wanted = static_cast<size_t>(node.fills ? width : 0);
  if (used < wanted) out.append(wanted - used, '0');
  out.append(text, size);
}

// A number that may be negative has room for its sign.
void WriteSigned(const Node& node, int64_t value, int width, std::string& out) {
  WriteNumber(node, value, value >= 0 ? width : width + 1, out);
}

// width: to which it is padded
void WriteName(const Node& node, std::string_view name, size_t width, std::string& out) {
  for (size_t i = 0; i < name.size(); ++i) {
    const bool is_upper = node.is_upper || (node.is_capitalised && i == 0);
    out += is_upper ? Upper(name[i]) : ToLower(name[i]);
  }
  if (name.size() < width) out.append(width - name.size(), ' ');
}

void WriteFraction(const Node& node, int micro, std::string& out) {
  int value = micro;
  for (int i = node.digits; i < 6; ++i) value /= 10;
  const Node filled;
  WriteNumber(filled, value, node.digits, out);
}

// st, nd, rd, th behind what was written from `begin` on.
void WriteOrdinal(const Node& node, size_t begin, std::string& out) {
  if (out.size() == begin) return;
  const char last = out.back();
  const bool is_teen = out.size() - begin > 1 && out[out.size() - 2] == '1';
  std::string_view ending = "th";
  if (!is_teen && last == '1') ending = "st";
  if (!is_teen && last == '2') ending = "nd";
  if (!is_teen && last == '3') ending = "rd";
  for (const char c : ending) out += node.has_upper_ordinal ? Upper(c) : c;
}

bool TakesOrdinal(Pattern pattern) {
  switch (pattern) {
    case Pattern::kLiteral:
    case Pattern::kSeparator:
    case Pattern::kBlank:
    case Pattern::kMeridiem:
    case Pattern::kMeridiemDots:
    case Pattern::kEra:
    case Pattern::kEraDots:
    case Pattern::kMonthName:
    case Pattern::kMonthShort:
    case Pattern::kMonthRoman:
    case Pattern::kDayName:
    case Pattern::kDayShort:
    case Pattern::kZone:
    case Pattern::kZoneHours:
    case Pattern::kZoneMinutes:
    case Pattern::kOffset:
    case Pattern::kFixedWidth:
      return false;
    default:
      return true;
  }
}

bool NeedsCalendar(Pattern pattern) {
  switch (pattern) {
    case Pattern::kEra:
    case Pattern::kEraDots:
    case Pattern::kMonthName:
    case Pattern::kMonthShort:
    case Pattern::kDayName:
    case Pattern::kDayShort:
    case Pattern::kWeekday:
    case Pattern::kIsoWeekday:
    case Pattern::kZone:
    case Pattern::kZoneHours:
    case Pattern::kZoneMinutes:
    case Pattern::kOffset:
      return true;
    default:
      return false;
  }
}

int64_t PowerOfTen(int digits) {
  int64_t power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  return power;
}

// Of years less than four digits are the last ones.
void WriteYear(const Node& node, int64_t year, std::string& out) {
  const int64_t shown = node.digits >= 4 ? year : year % PowerOfTen(node.digits);
  WriteSigned(node, shown, node.digits, out);
}

void WriteCentury(const Node& node, const Moment& moment, std::string& out) {
  int64_t century = 0;
  if (moment.is_interval) {
    century = moment.year / 100;
  } else if (moment.year > 0) {
    century = (moment.year - 1) / 100 + 1;
  } else {
    century = moment.year / 100 - 1;
  }
  WriteSigned(node, century, 2, out);
}

int64_t CountedIsoYear(const Moment& moment) {
  const int64_t year = IsoWeekOf(moment.days).year;
  return year > 0 ? year : 1 - year;
}

// Of an interval also no months, or less: it counts backwards from the year's end.
std::string_view RomanMonth(const Moment& moment) {
  if (moment.month > 0) return kRomanMonths[static_cast<size_t>(moment.month - 1)];
  if (moment.month == 0) return moment.year >= 0 ? kRomanMonths.back() : kRomanMonths.front();
  return kRomanMonths[static_cast<size_t>(12 + moment.month)];
}

// 1970-01-01 is so many days behind Julian day 0.
constexpr int64_t kJulianEpochDays = 2'440'588;

// What is written of dates.
void WriteDatePart(const Node& node, const Moment& moment, std::string& out) {
  const int weekday = WeekdayOf(moment.days);  // Monday is 0
  const size_t name_width = node.pads_names ? kNameWidth : 0;
  const int64_t day_of_year = moment.days - DaysFromCivil(moment.year, 1, 1) + 1;
  switch (node.pattern) {
    case Pattern::kCentury:
      return WriteCentury(node, moment, out);
    case Pattern::kMonthName:
      return WriteName(node, kMonthNames[static_cast<size_t>(moment.month - 1)], name_width, out);
    case Pattern::kMonthShort:
      return WriteName(
          node, kMonthNames[static_cast<size_t>(moment.month - 1)].substr(0, kShortNameLetters), 0,
          out);
    case Pattern::kMonth:
      return WriteSigned(node, moment.month, 2, out);
    case Pattern::kMonthRoman:
      if (moment.month == 0 && moment.year == 0) return;
      return WriteName(node, RomanMonth(moment), node.fills ? kRomanWidth : 0, out);
    case Pattern::kDayName:
      return WriteName(node, kDayNames[static_cast<size_t>(weekday)], name_width, out);
    case Pattern::kDayShort:
      return WriteName(node, kDayNames[static_cast<size_t>(weekday)].substr(0, kShortNameLetters),
                       0, out);
    case Pattern::kDay:
      return WriteNumber(node, moment.day, 2, out);
    case Pattern::kDayOfYear:
      return WriteNumber(node, day_of_year, 3, out);
    case Pattern::kIsoDayOfYear:
      return WriteNumber(node, (IsoWeekOf(moment.days).week - 1) * 7 + weekday + 1, 3, out);
    case Pattern::kWeekday:
      return WriteNumber(node, (weekday + 1) % 7 + 1, 1, out);
    case Pattern::kIsoWeekday:
      return WriteNumber(node, weekday + 1, 1, out);
    case Pattern::kWeek:
      return WriteNumber(node, (day_of_year - 1) / 7 + 1, 2, out);
    case Pattern::kIsoWeek:
      return WriteNumber(node, IsoWeekOf(moment.days).week, 2, out);
    case Pattern::kWeekOfMonth:
      return WriteNumber(node, (moment.day - 1) / 7 + 1, 1, out);
    case Pattern::kQuarter:
      if (moment.month == 0) return;
      return WriteNumber(node, (moment.month - 1) / 3 + 1, 1, out);
    case Pattern::kJulian:
      return WriteNumber(node, moment.days + kJulianEpochDays, 1, out);
    case Pattern::kYear:
      return WriteYear(node, moment.CountedYear(), out);
    case Pattern::kIsoYear:
      return WriteYear(node, CountedIsoYear(moment), out);
    case Pattern::kYearComma: {
      const int64_t year = moment.CountedYear();
      char text[32];
      std::snprintf(text, sizeof(text), "%lld,%03lld", static_cast<long long>(year / 1000),
                    static_cast<long long>(year % 1000));
      out += text;
      return;
    }
    default:
      return;
  }
}

std::string_view Meridiem(const Moment& moment, bool has_dots) {
  const bool is_pm = moment.hour % 24 >= 12;
  if (has_dots) return is_pm ? "P.M." : "A.M.";
  return is_pm ? "PM" : "AM";
}

std::string_view Era(const Moment& moment, bool has_dots) {
  if (has_dots) return moment.year <= 0 ? "B.C." : "A.D.";
  return moment.year <= 0 ? "BC" : "AD";
}

void WritePart(const Node& node, const Moment& moment, std::string& out) {
  switch (node.pattern) {
    case Pattern::kLiteral:
    case Pattern::kSeparator:
    case Pattern::kBlank:
      out += node.text;
      return;
    case Pattern::kMeridiem:
    case Pattern::kMeridiemDots:
      return WriteName(node, Meridiem(moment, node.pattern == Pattern::kMeridiemDots), 0, out);
    case Pattern::kEra:
    case Pattern::kEraDots:
      return WriteName(node, Era(moment, node.pattern == Pattern::kEraDots), 0, out);
    case Pattern::kHour12: {
      const int64_t hour = moment.hour % 12 == 0 ? 12 : moment.hour % 12;
      return WriteNumber(node, hour, moment.hour >= 0 ? 2 : 3, out);
    }
    case Pattern::kHour24:
      return WriteSigned(node, moment.hour, 2, out);
    case Pattern::kMinute:
      return WriteSigned(node, moment.minute, 2, out);
    case Pattern::kSecond:
      return WriteSigned(node, moment.second, 2, out);
    case Pattern::kMillisecond:
    case Pattern::kMicrosecond:
    case Pattern::kFraction:
      return WriteFraction(node, moment.micro, out);
    case Pattern::kSecondOfDay:
      return WriteNumber(node, moment.hour * 3600 + moment.minute * 60 + moment.second, 1, out);
    case Pattern::kZone:
      return WriteName(node, "UTC", 0, out);
    case Pattern::kZoneHours:
      out += "+00";
      return;
    case Pattern::kZoneMinutes:
      out += "00";
      return;
    case Pattern::kOffset:
      out += node.fills ? "+00" : "+0";
      return;
    case Pattern::kFixedWidth:
      return;
    default:
      return WriteDatePart(node, moment, out);
  }
}

}  // namespace

Status DatePicture::WriteMoment(const Moment& moment, std::string& out) const {
  for (const Node& node : nodes_) {
    if (moment.is_interval && NeedsCalendar(node.pattern)) {
      return Status::InvalidArgument(
          "invalid format specification for an interval value; intervals are not tied to "
          "specific calendar dates");
    }
    const size_t begin = out.size();
    WritePart(node, moment, out);
    if (node.is_ordinal && TakesOrdinal(node.pattern)) WriteOrdinal(node, begin, out);
  }
  return {};
}

void DatePicture::Write(int64_t ts_us, std::string& out) const {
  Moment moment;
  moment.days = FloorDivide(ts_us, kUsPerDay);
  const CivilDate date = CivilFromDays(moment.days);
  const int64_t us = ts_us - moment.days * kUsPerDay;
  moment.year = date.year;
  moment.month = date.month;
  moment.day = date.day;
  moment.hour = us / kUsPerHour;
  moment.minute = static_cast<int>(us / kUsPerMinute % 60);
  moment.second = static_cast<int>(us / kUsPerSecond % 60);
  moment.micro = static_cast<int>(us % kUsPerSecond);
  IgnoreStatus(WriteMoment(moment, out), "a timestamp has all fields");
}

Status DatePicture::Write(const Interval& interval, std::string& out) const {
  Moment moment;
  moment.is_interval = true;
  moment.year = interval.months / 12;
  moment.month = interval.months % 12;
  moment.day = interval.days;
  moment.hour = interval.us / kUsPerHour;
  moment.minute = static_cast<int>(interval.us / kUsPerMinute % 60);
  moment.second = static_cast<int>(interval.us / kUsPerSecond % 60);
  moment.micro = static_cast<int>(interval.us % kUsPerSecond);
  return WriteMoment(moment, out);
}

Result<int64_t> DatePicture::Read(std::string_view text) const {
  XTDB_ASSIGN_OR_RETURN(const PictureFields fields, ReadPicture(nodes_, text));
  return fields.Timestamp(text);
}

}  // namespace xtdb
