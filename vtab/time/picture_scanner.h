#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vtab/text/quote_text.h"

namespace xtdb {

// What a template may show or ask for.
enum class PicturePattern : uint8_t {
  kLiteral,    // letters, digits and everything in quotes
  kSeparator,  // other printable ASCII characters
  kBlank,
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
  kMillisecond,
  kMicrosecond,
  kFraction,
  kSecondOfDay,
  kZone,
  kZoneHours,
  kZoneMinutes,
  kOffset,
  kFixedWidth,  // FX: shows nothing; what is read behind it has no blanks to skip
};

constexpr bool IsText(PicturePattern pattern) { return pattern <= PicturePattern::kBlank; }

// A printable ASCII character that is no letter and no digit.
constexpr bool IsSeparator(char c) { return c > ' ' && c <= '~' && !IsLetter(c) && !IsDigit(c); }

struct PictureNode {
  PicturePattern pattern{};
  bool pads_names = true;   // without FM and TM
  bool fills = true;        // without FM
  bool is_ordinal = false;  // th, TH
  bool has_upper_ordinal = false;
  bool is_upper = false;
  bool is_capitalised = false;
  uint8_t digits = 0;          // of fractions and years
  std::string_view name = {};  // of a pattern, in capitals or as `Month`
  std::string text = {};       // if IsText: one or more characters
};

// Takes a template of PostgreSQL's to_char or to_timestamp apart, as
// src/backend/utils/adt/formatting.c does. Any text is one: what is no pattern stands for itself.
std::vector<PictureNode> ScanPicture(std::string_view text);

}  // namespace xtdb
