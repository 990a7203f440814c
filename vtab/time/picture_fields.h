#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// What a text says to the patterns of a template, and the time that this is: PostgreSQL's
// TmFromChar and do_to_timestamp. As there a field of 0 is one that the text does not have, but for
// those of the zone. All are as they were written: nothing is in its range yet.
struct PictureFields {
  // Days are counted in one of two ways; patterns of both in one template are an error.
  enum class Convention : uint8_t { kNone, kGregorian, kIsoWeek };

  Convention convention = Convention::kNone;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t millisecond = 0;
  int64_t microsecond = 0;
  int64_t second_of_day = 0;
  int64_t weekday = 0;  // Sunday is 1
  int64_t day = 0;
  int64_t day_of_year = 0;
  int64_t week = 0;  // of the year, ISO 8601's with kIsoWeek
  int64_t week_of_month = 0;
  int64_t month = 0;
  int64_t year = 0;
  int64_t century = 0;
  int64_t julian_day = 0;
  int64_t is_afternoon = 0;
  int64_t is_bc = 0;
  bool has_12_hours = false;
  int year_digits = 0;      // of the pattern
  int fraction_digits = 0;  // to which FF1 to FF6 round; 0: as it is
  int zone_sign = 0;        // 0: no zone
  int64_t zone_hours = 0;
  int64_t zone_minutes = 0;

  // kInvalidArgument, quoting `text` with PostgreSQL's words: a field out of range, an hour that
  // the 12-hour clock does not have, a day of an unknown year, a time beyond those of timestamp.h.
  //   text: what the fields are from
  Result<int64_t> Timestamp(std::string_view text) const;
};

}  // namespace xtdb
