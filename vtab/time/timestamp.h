#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "planner/time_zone.h"
#include "vtab/text/interval_text.h"

namespace xtdb {

// A timestamp of PostgreSQL's (with time zone, in UTC): microseconds since 1970, which reach as far
// as the year 294247, or one of two infinities. What the functions do with it is what PostgreSQL
// 15 does (src/backend/utils/adt/timestamp.c). Threads: any.
inline constexpr int64_t kMinusInfinity = INT64_MIN;
inline constexpr int64_t kInfinity = INT64_MAX;
inline constexpr int64_t kTimestampMin = -210'866'803'200'000'000;  // 4713-11-24 BC, Julian day 0
inline constexpr int64_t kTimestampMax = INT64_MAX - 1;

constexpr bool IsInfinite(int64_t ts_us) { return ts_us == kMinusInfinity || ts_us == kInfinity; }
// A finite one.
constexpr bool IsTimestamp(int64_t ts_us) {
  return ts_us >= kTimestampMin && ts_us <= kTimestampMax;
}

// "timestamp out of range"
Status TimestampOutOfRange();

// A zone by its name, which stays for the life of the process. kInvalidArgument as TimeZone::Load
// says.
Result<const TimeZone*> FindZone(std::string_view name);

// The wall clock of a zone, where null is UTC's: as TimeZone's LocalOf and MomentOf, and faster for
// times near those that the thread asked for before.
int64_t LocalOf(int64_t ts_us, const TimeZone* zone);
int64_t MomentOf(int64_t local_us, const TimeZone* zone);

// Months first, with the day cut to the month's last, then days, then the time of day. Of a zone
// months and days are counted on its wall clock.
Result<int64_t> AddInterval(int64_t ts_us, const Interval& interval,
                            const TimeZone* zone = nullptr);
Result<int64_t> SubtractInterval(int64_t ts_us, const Interval& interval,
                                 const TimeZone* zone = nullptr);
// a - b in days and the rest of a day. kInvalidArgument for an infinite one.
Result<Interval> SubtractTimes(int64_t a_us, int64_t b_us);
// a - b in years, months and days as a calendar counts them.
Result<Interval> Age(int64_t a_us, int64_t b_us);

}  // namespace xtdb
