#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "vtab/text/interval_text.h"
#include "vtab/time/picture_scanner.h"

namespace xtdb {

// A template of PostgreSQL's to_char and to_timestamp, such as
// 'FMDay, DD Mon YYYY HH24:MI:SS.MS "Uhr"': what it makes of times and which times it finds in
// texts, as src/backend/utils/adt/formatting.c does. Names are English. Threads: any (immutable).
class DatePicture {
 public:
  explicit DatePicture(std::string_view text) : nodes_(ScanPicture(text)) {}

  // The timestamp on the clock of UTC. Appends to `out`.
  //   ts_us: finite
  void Write(int64_t ts_us, std::string& out) const;
  // kInvalidArgument where a pattern needs a calendar: "invalid format specification for an
  // interval value".
  Status Write(const Interval& interval, std::string& out) const;

  // The time that `text` shows; UTC, unless the template has TZH. What it does not ask for is 0
  // hours, the first of January and the year 1 BC.
  // kInvalidArgument with PostgreSQL's words: no number or name where one is asked for, a field out
  // of range, two fields that contradict each other, a pattern that only to_char knows.
  Result<int64_t> Read(std::string_view text) const;

  struct Moment;

 private:
  Status WriteMoment(const Moment& moment, std::string& out) const;

  const std::vector<PictureNode> nodes_;
};

}  // namespace xtdb
