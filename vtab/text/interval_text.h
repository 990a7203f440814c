#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// A span of time as PostgreSQL has it: the three parts are not normalised into each other, because
// a month has no fixed number of days and a day of a time zone no fixed number of hours.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t us = 0;

  friend bool operator==(const Interval&, const Interval&) = default;
};

// Reads a PostgreSQL interval; letters may be of either case except in the ISO 8601 form:
//   90 days   1h30m   1.5 days   -2 weeks   5 min ago   1 day -00:00:01   1 12:30   1-2 12:30:15.5
//   15 (seconds)   @ 1 minute   P1Y2M3DT4H5M6.5S   P0001-02-03T04:05:06
// `m` is minutes and `mon` months. A fraction of a unit goes to the smaller ones: of years,
// decades, centuries and millennia to whole months, of a month to days of 30, of a week or day to
// hours. kInvalidArgument, quoting the text, with PostgreSQL's first words; not understood also
// shows forms.
Result<Interval> ParseInterval(std::string_view text);

// PostgreSQL's style `postgres`: `1 year 2 mons 3 days 04:05:06.789`, `-1 days +00:00:01`,
// `00:00:00`. Always a text that ParseInterval reads back as the same interval.
// Without a terminating zero; returns the length.
//   out: [kIntervalTextBytesMax]
inline constexpr size_t kIntervalTextBytesMax = 96;
size_t FormatInterval(const Interval& interval, char* out);
std::string FormatInterval(const Interval& interval);

}  // namespace xtdb
