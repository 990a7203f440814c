#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/types.h"

namespace xtdb {

// The wall clock of a time zone. Threads: any (immutable).
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  // Microseconds since 1970-01-01 00:00:00 on that clock.
  virtual int64_t LocalOf(int64_t ts_us) const = 0;
  // The other way round. A local time that comes twice is taken the second time (standard time),
  // one that is left out as if the clock had not been put forward: as PostgreSQL does.
  virtual int64_t UtcOf(int64_t local_us) const = 0;
};

// How time is cut into buckets, each from its start up to the next start: as TimescaleDB's
// time_bucket cuts it. Threads: any (immutable).
class Buckets {
 public:
  // 2000-01-03, a Monday; of months 2000-01-01.
  static constexpr int64_t kDefaultOriginUs = 946'857'600'000'000;
  static constexpr int64_t kDefaultMonthOriginUs = 946'684'800'000'000;

  // One bucket of everything.
  static Buckets Whole() { return Buckets(Kind::kWhole, 1, 0, nullptr); }
  // width_us: > 0, at most all of time. Of a zone, origin_us is on its wall clock.
  static Buckets Fixed(int64_t width_us, int64_t origin_us = kDefaultOriginUs,
                       std::shared_ptr<const TimeZone> zone = nullptr);
  // months: > 0, at most those of 10,000 years. Of the origin year and month count. A bucket begins
  // with a month.
  static Buckets Months(int32_t months, int64_t origin_us = kDefaultMonthOriginUs,
                        std::shared_ptr<const TimeZone> zone = nullptr);

  bool is_whole() const { return kind_ == Kind::kWhole; }
  // The start of the bucket in which `ts_us` lies; kTsMin if there is only one.
  int64_t FloorOf(int64_t ts_us) const;
  // The start of the bucket behind the one that begins at `start_us`; behind kTsMax if there is
  // none.
  int64_t NextOf(int64_t start_us) const;

 private:
  enum class Kind : uint8_t { kWhole, kFixed, kMonths };
  Buckets(Kind kind, int64_t width, int64_t shift, std::shared_ptr<const TimeZone> zone)
      : kind_(kind), width_(width), shift_(shift), zone_(std::move(zone)) {}
  int64_t LocalFloorOf(int64_t local_us) const;
  int64_t LocalNextOf(int64_t start_us) const;

  Kind kind_;
  int64_t width_;                         // microseconds, or months
  int64_t shift_;                         // a bucket's start, modulo width_, in the same unit
  std::shared_ptr<const TimeZone> zone_;  // null: UTC
};

}  // namespace xtdb
