#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/status.h"
#include "vtab/text/interval_text.h"
#include "vtab/time/timestamp.h"

namespace xtdb {

// How time_bucket cuts: as TimescaleDB's (src/time_bucket.c).
struct TimeBucketSpec {
  Interval width;
  std::optional<int64_t> origin_us;
  std::optional<Interval> offset;  // by which all buckets begin later
  const TimeZone* zone = nullptr;  // null: UTC; else its wall clock is cut
};

// kInvalidArgument, with TimescaleDB's words: "period must be greater than 0", "month intervals
// cannot have day or time component", "timestamp out of range". An infinite one is its own bucket.
Result<int64_t> TimeBucket(const TimeBucketSpec& spec, int64_t ts_us);
// Of whole numbers: floor((value - offset) / width) * width + offset.
Result<int64_t> IntegerBucket(int64_t width, int64_t value, int64_t offset);

// PostgreSQL's date_bin.
Result<int64_t> DateBin(const Interval& stride, int64_t ts_us, int64_t origin_us);

}  // namespace xtdb
