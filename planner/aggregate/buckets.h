#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/types.h"
#include "planner/time_zone.h"

namespace xtdb {

// How time is cut into buckets, each from its start up to the next start: as TimescaleDB's
// time_bucket cuts it. Of a zone a bucket begins when the wall clock shows its start, or is put
// past it; once more if the clock is put back by at least a bucket: an autumn hour that comes twice
// is two buckets, a day with such an hour is one. Threads: any (immutable).
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
  // Where the clock is put back by so much.
  bool BeginTwice(int64_t put_back_us) const;
  int64_t ZoneFloorOf(int64_t ts_us) const;
  int64_t ZoneNextOf(int64_t start_us) const;

  Kind kind_;
  int64_t width_;                         // microseconds, or months
  int64_t shift_;                         // a bucket's start, modulo width_, in the same unit
  std::shared_ptr<const TimeZone> zone_;  // null: UTC
};

}  // namespace xtdb
