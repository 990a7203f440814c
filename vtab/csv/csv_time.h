#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "planner/time_zone.h"

namespace xtdb {

enum class CsvTimeFormat : uint8_t {
  kIso,      // everything that ParseTime takes
  kSeconds,  // numbers since 1970, whole or with a fraction
  kMilliseconds,
  kMicroseconds,
  kNanoseconds,  // rounded to microseconds, half up
  kDayFirst,     // 31.12.2024 23:59:59.5 and with / or - for the points
  kMonthFirst,   // 12/31/2024 23:59:59.5 and with . or - for the strokes
};

// "iso", "s", "ms", "us", "ns", "dmy", "mdy": the words of an option, and of messages.
std::string_view CsvTimeFormatName(CsvTimeFormat format);
Result<CsvTimeFormat> ParseCsvTimeFormat(std::string_view name);

// kInvalidArgument: not of that format, no such date, or outside 0001-01-01 .. 9999-12-31.
//   now_us: what the word `now` means
//   zone:   whose wall clock shows a time that names no zone; null: UTC
Result<int64_t> ParseCsvTime(std::string_view text, CsvTimeFormat format, int64_t now_us,
                             const TimeZone* zone = nullptr);

// Moves a time that was read as UTC from there to `zone`, if it is a date that names none. False:
// it leaves the range of times.
bool MoveToZone(std::string_view text, CsvTimeFormat format, const TimeZone& zone, int64_t& ts_us);

// The format that most of `texts` have; a bad line among them changes nothing. Numbers are told
// apart by the size of the largest: below 1e11 seconds, 1e14 milliseconds, 1e17 microseconds, else
// nanoseconds. kInvalidArgument: no text is a time, or nothing says which number of a date is the
// day.
Result<CsvTimeFormat> DetectCsvTimeFormat(const std::vector<std::string_view>& texts);

// Whether a cell can only be a time: a date of either kind. Bare numbers are not.
bool LooksLikeTime(std::string_view text);

}  // namespace xtdb
