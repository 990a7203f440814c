#include "vtab/time/time_bucket.h"

#include "engine/base/calendar.h"
#include "planner/aggregate/buckets.h"

namespace xtdb {
namespace {

// Months, or days and time in microseconds; the other is 0.
struct Width {
  int32_t months = 0;
  int64_t us = 0;
};

Result<int64_t> MicrosOf(const Interval& interval) {
  int64_t us = 0;
  if (__builtin_mul_overflow(int64_t{interval.days}, kUsPerDay, &us) ||
      __builtin_add_overflow(us, interval.us, &us)) {
    return Status::InvalidArgument("interval out of range");
  }
  return us;
}

Result<Width> WidthOf(const Interval& width) {
  if (width.months != 0) {
    if (width.days != 0 || width.us != 0) {
      return Status::InvalidArgument("month intervals cannot have day or time component");
    }
    if (width.months < 0) return Status::InvalidArgument("period must be greater than 0");
    return Width{.months = width.months};
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t us, MicrosOf(width));
  if (us <= 0) return Status::InvalidArgument("period must be greater than 0");
  // So wide that an origin moved by it would leave the 64 bits.
  constexpr int64_t kWidthUsMax = 100'000 * 366 * kUsPerDay;
  if (us > kWidthUsMax) return Status::InvalidArgument("interval out of range");
  return Width{.us = us};
}

Buckets BucketsOf(const Width& width, std::optional<int64_t> origin_us) {
  if (width.months != 0) {
    return Buckets::Months(width.months, origin_us.value_or(Buckets::kDefaultMonthOriginUs));
  }
  return Buckets::Fixed(width.us, origin_us.value_or(Buckets::kDefaultOriginUs));
}

Result<int64_t> InRange(int64_t ts_us) {
  return IsTimestamp(ts_us) ? Result<int64_t>(ts_us) : TimestampOutOfRange();
}

}  // namespace

Result<int64_t> TimeBucket(const TimeBucketSpec& spec, int64_t ts_us) {
  XTDB_ASSIGN_OR_RETURN(const Width width, WidthOf(spec.width));
  if (IsInfinite(ts_us)) return ts_us;
  if (spec.origin_us && IsInfinite(*spec.origin_us)) {
    return Status::InvalidArgument("invalid origin value: infinity");
  }
  int64_t moved_us = ts_us;
  if (spec.offset) {
    XTDB_ASSIGN_OR_RETURN(moved_us, SubtractInterval(ts_us, *spec.offset));
  }
  std::optional<int64_t> origin_us = spec.origin_us;
  moved_us = LocalOf(moved_us, spec.zone);
  if (spec.zone != nullptr && origin_us) origin_us = spec.zone->LocalOf(*origin_us);
  XTDB_ASSIGN_OR_RETURN(int64_t start_us, InRange(BucketsOf(width, origin_us).FloorOf(moved_us)));
  start_us = MomentOf(start_us, spec.zone);
  if (spec.offset) {
    XTDB_ASSIGN_OR_RETURN(start_us, AddInterval(start_us, *spec.offset));
  }
  // The clock was put back behind it.
  while (spec.zone != nullptr && start_us > ts_us) {
    XTDB_ASSIGN_OR_RETURN(start_us, SubtractInterval(start_us, spec.width));
  }
  return start_us;
}

Result<int64_t> IntegerBucket(int64_t width, int64_t value, int64_t offset) {
  if (width <= 0) return Status::InvalidArgument("period must be greater than 0");
  int64_t moved = 0, start = 0;
  const int64_t shift = offset - FloorDivide(offset, width) * width;
  if (__builtin_sub_overflow(value, shift, &moved) ||
      __builtin_mul_overflow(FloorDivide(moved, width), width, &start) ||
      __builtin_add_overflow(start, shift, &start)) {
    return Status::InvalidArgument("timestamp out of range");
  }
  return start;
}

Result<int64_t> DateBin(const Interval& stride, int64_t ts_us, int64_t origin_us) {
  if (IsInfinite(ts_us)) return ts_us;
  if (IsInfinite(origin_us)) return Status::InvalidArgument("origin out of range");
  if (stride.months != 0) {
    return Status::InvalidArgument(
        "timestamps cannot be binned into intervals containing months or years");
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t stride_us, MicrosOf(stride));
  if (stride_us <= 0) return Status::InvalidArgument("stride must be greater than zero");
  int64_t behind_us = 0, start_us = 0;
  if (__builtin_sub_overflow(ts_us, origin_us, &behind_us) ||
      __builtin_mul_overflow(FloorDivide(behind_us, stride_us), stride_us, &start_us) ||
      __builtin_add_overflow(start_us, origin_us, &start_us)) {
    return Status::InvalidArgument("interval out of range");
  }
  return InRange(start_us);
}

}  // namespace xtdb
