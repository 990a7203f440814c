#include "vtab/csv/csv_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>

#include "engine/base/types.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr auto kFormatNames = std::to_array<std::pair<CsvTimeFormat, std::string_view>>(
    {{CsvTimeFormat::kIso, "iso"},
     {CsvTimeFormat::kSeconds, "s"},
     {CsvTimeFormat::kMilliseconds, "ms"},
     {CsvTimeFormat::kMicroseconds, "us"},
     {CsvTimeFormat::kNanoseconds, "ns"},
     {CsvTimeFormat::kDayFirst, "dmy"},
     {CsvTimeFormat::kMonthFirst, "mdy"}});

// 31.12.2024 23:59: two small numbers and a year of four digits, with equal marks between.
struct NumericDate {
  int first = 0;
  int second = 0;
  int year = 0;
  char mark = '.';
  std::string_view rest;  // time of day and zone, blanks in front
};

size_t TakeDigits(std::string_view text, size_t digits_max, int& value) {
  size_t digits = 0;
  for (value = 0; digits < std::min(digits_max, text.size()) && IsDigit(text[digits]); ++digits) {
    value = value * 10 + (text[digits] - '0');
  }
  return digits;
}

std::optional<NumericDate> SplitNumericDate(std::string_view text) {
  NumericDate date;
  date.rest = TrimBlanks(text);
  size_t digits = TakeDigits(date.rest, 2, date.first);
  if (digits == 0 || digits == date.rest.size()) return std::nullopt;
  date.mark = date.rest[digits];
  if (date.mark != '.' && date.mark != '/' && date.mark != '-') return std::nullopt;
  date.rest.remove_prefix(digits + 1);
  digits = TakeDigits(date.rest, 2, date.second);
  if (digits == 0 || digits == date.rest.size() || date.rest[digits] != date.mark) {
    return std::nullopt;
  }
  date.rest.remove_prefix(digits + 1);
  digits = TakeDigits(date.rest, 5, date.year);
  if (digits != 4) return std::nullopt;
  date.rest.remove_prefix(digits);
  if (!date.rest.empty() && !IsBlank(date.rest[0]) && date.rest[0] != 'T') return std::nullopt;
  return date;
}

Status NotOfFormat(std::string_view text, CsvTimeFormat format) {
  return Status::InvalidArgument("not a time: " + QuoteForMessage(text) +
                                 "; times of this file are '" +
                                 std::string(CsvTimeFormatName(format)) + "'");
}

Result<int64_t> ParseNumericDate(std::string_view text, CsvTimeFormat format, int64_t now_us) {
  const std::optional<NumericDate> date = SplitNumericDate(text);
  if (!date) return NotOfFormat(text, format);
  const bool day_first = format == CsvTimeFormat::kDayFirst;
  char iso[16];
  std::snprintf(iso, sizeof(iso), "%04d-%02d-%02d", date->year,
                day_first ? date->second : date->first, day_first ? date->first : date->second);
  Result<int64_t> ts_us = ParseTime(std::string(iso).append(date->rest), now_us);
  // The text in the message should be the one in the file.
  if (!ts_us.ok()) return ts_us.status().WithContext(QuoteForMessage(text));
  return ts_us;
}

// value * 10^shift as a whole number, rounded half up; exactly, where digits alone allow it: a
// double holds no Unix time to the nanosecond.
std::optional<int64_t> ScaleDecimal(std::string_view text, int shift) {
  std::string_view rest = TrimBlanks(text);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const size_t point = std::min(rest.find('.'), rest.size());
  std::string digits(rest.substr(0, point));
  const int64_t whole = static_cast<int64_t>(digits.size()) + shift;
  if (point < rest.size()) digits += rest.substr(point + 1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), IsDigit)) return std::nullopt;
  uint64_t value = 0;
  for (int64_t i = 0; i < whole; ++i) {
    const uint64_t digit = i < static_cast<int64_t>(digits.size())
                               ? static_cast<uint64_t>(digits[static_cast<size_t>(i)] - '0')
                               : 0;
    if (value > (uint64_t{1} << 62) / 10) return std::numeric_limits<int64_t>::max();
    value = value * 10 + digit;
  }
  const bool tail = whole >= 0 && whole < static_cast<int64_t>(digits.size());
  if (tail && digits[static_cast<size_t>(whole)] >= '5') ++value;
  return negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
}

int PowerToMicroseconds(CsvTimeFormat format) {
  switch (format) {
    case CsvTimeFormat::kSeconds:
      return 6;
    case CsvTimeFormat::kMilliseconds:
      return 3;
    case CsvTimeFormat::kNanoseconds:
      return -3;
    default:
      return 0;
  }
}

Result<int64_t> ParseUnixTime(std::string_view text, CsvTimeFormat format) {
  const int power = PowerToMicroseconds(format);
  std::optional<int64_t> ts_us = ScaleDecimal(text, power);
  if (!ts_us) {
    const std::optional<Number> number = ParseWholeNumber(text);  // 1.7e9
    if (!number) return NotOfFormat(text, format);
    const double scaled = std::round(number->AsReal() * std::pow(10.0, power));
    ts_us = std::abs(scaled) < 9e18 ? static_cast<int64_t>(scaled)
                                    : std::numeric_limits<int64_t>::max();
  }
  if (*ts_us < kTsMin || *ts_us > kTsMax) {
    return Status::InvalidArgument("time out of range: " + QuoteForMessage(text) + " as '" +
                                   std::string(CsvTimeFormatName(format)) +
                                   "'; stored times lie in 0001-01-01 .. 9999-12-31");
  }
  return *ts_us;
}

Result<CsvTimeFormat> DetectDayOrMonthFirst(const std::vector<std::string_view>& texts) {
  int first_max = 0, second_max = 0;
  bool points = true;
  for (const std::string_view text : texts) {
    const std::optional<NumericDate> date = SplitNumericDate(text);
    if (!date) continue;
    first_max = std::max(first_max, date->first);
    second_max = std::max(second_max, date->second);
    points = points && date->mark == '.';
  }
  if (second_max > 12) return CsvTimeFormat::kMonthFirst;
  // With points the day comes first wherever such dates are written.
  if (first_max > 12 || points) return CsvTimeFormat::kDayFirst;
  return Status::InvalidArgument(
      "the day and the month of " + QuoteForMessage(texts[0]) +
      " cannot be told apart; say which comes first: time format 'dmy' or 'mdy'");
}

// Behind the date, 2026-01-02 or 20260102T..., a sign or a word: +02:00, Z, UTC. Words that are
// times, such as now, name none but need none.
bool NamesZone(std::string_view text) {
  if (text.empty() || IsLetter(text.back())) return true;
  const size_t time_of_day = text.find_first_of(" T");
  return time_of_day != std::string_view::npos &&
         text.find_first_of("+-", time_of_day) != std::string_view::npos;
}

Result<int64_t> ParseUtcOrZoned(std::string_view text, CsvTimeFormat format, int64_t now_us) {
  switch (format) {
    case CsvTimeFormat::kIso:
      return ParseTime(text, now_us);
    case CsvTimeFormat::kDayFirst:
    case CsvTimeFormat::kMonthFirst:
      return ParseNumericDate(text, format, now_us);
    default:
      return ParseUnixTime(text, format);
  }
}

CsvTimeFormat FormatByMagnitude(double largest) {
  if (largest < 1e11) return CsvTimeFormat::kSeconds;
  if (largest < 1e14) return CsvTimeFormat::kMilliseconds;
  return largest < 1e17 ? CsvTimeFormat::kMicroseconds : CsvTimeFormat::kNanoseconds;
}

}  // namespace

std::string_view CsvTimeFormatName(CsvTimeFormat format) {
  for (const auto& [candidate, name] : kFormatNames) {
    if (candidate == format) return name;
  }
  return "unknown";
}

Result<CsvTimeFormat> ParseCsvTimeFormat(std::string_view name) {
  for (const auto& [format, candidate] : kFormatNames) {
    if (EqualsIgnoreCase(candidate, name)) return format;
  }
  return Status::InvalidArgument("unknown time format " + QuoteForMessage(name) +
                                 "; the formats are iso, s, ms, us, ns (since 1970), dmy, mdy");
}

bool MoveToZone(std::string_view text, CsvTimeFormat format, const TimeZone& zone, int64_t& ts_us) {
  const bool is_date = format == CsvTimeFormat::kIso || format == CsvTimeFormat::kDayFirst ||
                       format == CsvTimeFormat::kMonthFirst;
  if (!is_date || NamesZone(TrimBlanks(text))) return true;
  ts_us = zone.MomentOf(ts_us);
  return ts_us >= kTsMin && ts_us <= kTsMax;
}

Result<int64_t> ParseCsvTime(std::string_view text, CsvTimeFormat format, int64_t now_us,
                             const TimeZone* zone) {
  XTDB_ASSIGN_OR_RETURN(int64_t ts_us, ParseUtcOrZoned(text, format, now_us));
  if (zone == nullptr || MoveToZone(text, format, *zone, ts_us)) return ts_us;
  return Status::InvalidArgument("time out of range: " + QuoteForMessage(text));
}

Result<CsvTimeFormat> DetectCsvTimeFormat(const std::vector<std::string_view>& texts) {
  if (texts.empty()) return CsvTimeFormat::kIso;
  size_t dates = 0, numbers = 0, iso = 0;
  double largest = 0.0;
  for (const std::string_view text : texts) {
    if (SplitNumericDate(text)) {
      ++dates;
    } else if (const std::optional<Number> number = ParseWholeNumber(text)) {
      ++numbers;
      largest = std::max(largest, std::abs(number->AsReal()));
    } else if (ParseTime(text, 0).ok()) {
      ++iso;
    }
  }
  if (dates + numbers + iso == 0) return ParseTime(texts[0], 0).status();
  if (dates > numbers && dates > iso) return DetectDayOrMonthFirst(texts);
  return numbers > iso ? FormatByMagnitude(largest) : CsvTimeFormat::kIso;
}

bool LooksLikeTime(std::string_view text) {
  if (SplitNumericDate(text)) return true;
  const std::string_view trimmed = TrimBlanks(text);
  return !trimmed.empty() && IsDigit(trimmed[0]) && ParseTime(trimmed, 0).ok();
}

}  // namespace xtdb
