#include "vtab/csv/csv_time_parser.h"

#include "engine/base/calendar.h"
#include "engine/base/types.h"
#include "vtab/csv/fast_fields.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr size_t kDateBytes = 10;    // 2024-12-31
constexpr size_t kMinuteBytes = 16;  // 2024-12-31 23:59
constexpr size_t kSecondBytes = 19;  // 2024-12-31 23:59:59
constexpr size_t kFractionDigitsMax = 6;

constexpr uint64_t Bytes(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = word << 8 | static_cast<uint8_t>(text[i]);
  return word;
}

// `23:59:59`; hours and seconds that name the next day or minute are left to the general parser.
bool ReadTimeOfDay(uint64_t word, int64_t& time_of_day_us) {
  constexpr uint64_t kColons = Bytes("\0\0:\0\0:\0\0");
  constexpr uint64_t kColonBytes = Bytes("\0\0\xFF\0\0\xFF\0\0");
  if ((word & kColonBytes) != kColons) return false;
  word = (word & ~kColonBytes) | (kEightZeros & kColonBytes);
  if (!AreEightDigits(word)) return false;
  word -= kEightZeros;
  word = word * 10 + (word >> 8);  // bytes 0, 3 and 6: numbers of two digits
  const auto hour = static_cast<uint32_t>(word & 0xFF);
  const auto minute = static_cast<uint32_t>(word >> 24 & 0xFF);
  const auto second = static_cast<uint32_t>(word >> 48 & 0xFF);
  time_of_day_us = int64_t{hour * 3'600 + minute * 60 + second} * kUsPerSecond;
  return hour < 24 && minute < 60 && second < 60;
}

// `digits` at `text`, at most eight, as if zeros filled them up to eight behind.
bool ReadFraction(const char* text, size_t digits, uint32_t& fraction) {
  const uint64_t kept = digits == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * digits)) - 1;
  const uint64_t word = (LoadEight(text) & kept) | (kEightZeros & ~kept);
  if (!AreEightDigits(word)) return false;
  fraction = EightDigits(word);
  return true;
}

// Whether text[0 .. kDateBytes) has the form 2024-12-31, or 31.12.2024.
bool HasFormOfDate(const char* text, bool year_first) {
  for (size_t i = 0; i < kDateBytes; ++i) {
    const bool is_mark = year_first ? i == 4 || i == 7 : i == 2 || i == 5;
    if (IsDigit(text[i]) == is_mark) return false;
  }
  return true;
}

}  // namespace

bool CsvTimeParser::ParsePlain(std::string_view text, int64_t& ts_us) {
  switch (format_) {
    case CsvTimeFormat::kIso:
    case CsvTimeFormat::kDayFirst:
    case CsvTimeFormat::kMonthFirst:
      return ParseDateAndTime(text.data(), text.size(), ts_us);
    default:
      return ParseWholeUnixTime(text.data(), text.size(), ts_us);
  }
}

bool CsvTimeParser::LearnDate(const char* text) {
  if (!HasFormOfDate(text, format_ == CsvTimeFormat::kIso)) return false;
  if (text[kDateBytes] != ' ' && text[kDateBytes] != 'T') return false;
  const Result<int64_t> date_us =
      ParseCsvTime(std::string_view(text, kDateBytes), format_, now_us_);
  if (!date_us.ok()) return false;
  date_us_ = date_us.value();
  date_front_ = LoadEight(text);
  date_back_ = LoadEight(text + 3);
  return true;
}

bool CsvTimeParser::ParseDateAndTime(const char* text, size_t size, int64_t& ts_us) {
  if (size < kMinuteBytes) return false;
  if (LoadEight(text) != date_front_ || LoadEight(text + 3) != date_back_) {
    if (!LearnDate(text)) return false;
  }
  uint64_t time_of_day = LoadEight(text + kDateBytes + 1);
  if (size == kMinuteBytes) {
    constexpr uint64_t kHourAndMinute = Bytes("\xFF\xFF\xFF\xFF\xFF\0\0\0");
    time_of_day = (time_of_day & kHourAndMinute) | Bytes("\0\0\0\0\0:00");
  } else if (size < kSecondBytes) {
    return false;
  }
  int64_t time_of_day_us = 0;
  if (!ReadTimeOfDay(time_of_day, time_of_day_us)) return false;
  ts_us = date_us_ + time_of_day_us;
  if (size <= kSecondBytes) return true;
  if (text[size - 1] == 'Z' && --size == kSecondBytes) return true;
  const size_t digits = size - kSecondBytes - 1;
  const char mark = text[kSecondBytes];
  if (digits - 1 >= kFractionDigitsMax || (mark != '.' && mark != ',')) return false;
  uint32_t fraction = 0;
  if (!ReadFraction(text + kSecondBytes + 1, digits, fraction)) return false;
  ts_us += fraction / 100;
  return true;
}

bool CsvTimeParser::ParseWholeUnixTime(const char* text, size_t size, int64_t& ts_us) const {
  int64_t number = 0;
  if (!ReadNineToSixteenDigits(text, size, number)) return false;
  const int64_t us = format_ == CsvTimeFormat::kSeconds        ? kUsPerSecond
                     : format_ == CsvTimeFormat::kMilliseconds ? kUsPerMillisecond
                                                               : 1;
  if (format_ == CsvTimeFormat::kNanoseconds || number > kTsMax / us) return false;
  ts_us = number * us;
  return true;
}

}  // namespace xtdb
