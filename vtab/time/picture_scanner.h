#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xtdb {

// What a template may show.
enum class PicturePattern : uint8_t {
  kLiteral,
  kMeridiem,
  kMeridiemDots,
  kEra,
  kEraDots,
  kCentury,
  kMonthName,
  kMonthShort,
  kMonth,
  kMonthRoman,
  kDayName,
  kDayShort,
  kDay,
  kDayOfYear,
  kIsoDayOfYear,
  kWeekday,
  kIsoWeekday,
  kWeek,
  kIsoWeek,
  kWeekOfMonth,
  kQuarter,
  kJulian,
  kYear,
  kIsoYear,
  kYearComma,
  kHour12,
  kHour24,
  kMinute,
  kSecond,
  kFraction,
  kSecondOfDay,
  kZone,
  kZoneHours,
  kZoneMinutes,
  kOffset,
  kNothing,
};

struct PictureNode {
  PicturePattern pattern{};
  bool pads_names = true;   // without FM and TM
  bool fills = true;        // without FM
  bool is_ordinal = false;  // th, TH
  bool has_upper_ordinal = false;
  bool is_upper = false;
  bool is_capitalised = false;
  uint8_t digits = 0;     // of fractions and years
  std::string text = {};  // of a literal
};

// Takes a template of PostgreSQL's to_char apart, as src/backend/utils/adt/formatting.c does. Any
// text is one: what is no pattern stands for itself.
std::vector<PictureNode> ScanPicture(std::string_view text);

}  // namespace xtdb
