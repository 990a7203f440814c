#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

inline constexpr size_t kTimeTextBytesMax = 32;

// The point in time, in microseconds since 1970 UTC, that `text` names. Blanks around it are
// skipped, letters may be of either case, and a text without a zone is UTC whatever the process's
// TZ is:
//   2024-01-02  2024-01-02 03:04  2024-01-02 03:04:05  2024-01-02T03:04:05.123456Z
//   2024-01-02 03:04:05,5 +02:00  +02  +0200  -3:30  +02:30:15  UTC  GMT
//   20240102T030405Z  2024/01/02  2024-1-2 3:04:05  now  epoch
// Digits of a fraction from the seventh on are rounded half up. 24:00:00 and a second 60 belong to
// the next day and minute, as in PostgreSQL.
//   now_us: what `now` means; the caller takes it once for a statement.
// kInvalidArgument, quoting the text: not understood (shows the forms, or the function that takes
// it: of an interval, or of what ParseTimestamp reads); a date that does not exist;
// outside 0001-01-01 .. 9999-12-31, infinities and BC (names the range); a bare number
// (NumberAsTime).
Result<int64_t> ParseTime(std::string_view text, int64_t now_us);

// A timestamp as PostgreSQL's functions take it: also what no point may carry.
//   0044-03-15 12:00 BC   12345-01-01   infinity   -infinity   today   tomorrow   yesterday
//   2024-07-01 12:00 Europe/Berlin
// kInfinity and kMinusInfinity (timestamp.h); otherwise in kTimestampMin .. kTimestampMax. A name
// of a zone is one of the IANA database. kInvalidArgument as ParseTime says.
Result<int64_t> ParseTimestamp(std::string_view text, int64_t now_us);

// The error for a number where a time text belongs: seconds, milliseconds and Julian days cannot be
// told apart, so it names the ways to write each.
Status NumberAsTime(std::string_view number);

// Writes `YYYY-MM-DD HH:MM:SS.mmm`, or six digits where there are microseconds that are no whole
// milliseconds, in UTC, without a terminating zero, and returns the length. Any ts_us has a text;
// outside kTsMin .. kTsMax it is PostgreSQL's (`12345-01-01 00:00:00.000`, `0044-03-15 ... BC`),
// which ParseTime refuses.
//   out: [kTimeTextBytesMax]
size_t FormatTime(int64_t ts_us, char* out);
std::string FormatTime(int64_t ts_us);

}  // namespace xtdb
