#pragma once

#include <cstdint>

namespace xtdb {

// The proleptic Gregorian calendar. Day 0 is 1970-01-01; year 0 is 1 BC. The arithmetic counts
// years from March, so that the leap day is the last of its year and every month begins at a linear
// function of its number: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

inline constexpr int64_t kUsPerMillisecond = 1'000;
inline constexpr int64_t kUsPerSecond = 1'000'000;
inline constexpr int64_t kUsPerMinute = 60 * kUsPerSecond;
inline constexpr int64_t kUsPerHour = 60 * kUsPerMinute;
inline constexpr int64_t kUsPerDay = 24 * kUsPerHour;

struct CivilDate {
  int64_t year = 1970;
  int month = 1;  // 1 .. 12
  int day = 1;    // 1 .. 31

  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

constexpr bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// month: 1 .. 12
constexpr int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Any year within +-10^9; month 1 .. 12; any day (day 0 is the day before the first).
constexpr int64_t DaysFromCivil(int64_t year, int month, int day) {
  constexpr int64_t kDaysPerEra = 146'097;   // of 400 years
  constexpr int64_t kDaysToEpoch = 719'468;  // 0000-03-01 to 1970-01-01
  const int64_t y = year - (month <= 2 ? 1 : 0);
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToEpoch;
}

constexpr CivilDate CivilFromDays(int64_t days) {
  constexpr int64_t kDaysPerEra = 146'097;
  constexpr int64_t kDaysToEpoch = 719'468;
  const int64_t z = days + kDaysToEpoch;
  const int64_t era = (z >= 0 ? z : z - (kDaysPerEra - 1)) / kDaysPerEra;
  const auto day_of_era = static_cast<uint32_t>(z - era * kDaysPerEra);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const auto month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {.year = era * 400 + year_of_era + (month <= 2 ? 1 : 0),
          .month = month,
          .day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

// Division that rounds towards minus infinity; `divisor` > 0.
constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

}  // namespace xtdb
