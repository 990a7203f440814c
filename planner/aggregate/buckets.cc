#include "planner/aggregate/buckets.h"

#include <algorithm>
#include <utility>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

// Of year 0, January.
int64_t MonthNumber(int64_t ts_us) {
  const CivilDate date = CivilFromDays(FloorDivide(ts_us, kUsPerDay));
  return date.year * 12 + date.month - 1;
}

int64_t StartOfMonth(int64_t number) {
  const int64_t year = FloorDivide(number, 12);
  return DaysFromCivil(year, static_cast<int>(number - year * 12) + 1, 1) * kUsPerDay;
}

int64_t FloorTo(int64_t value, int64_t width, int64_t shift) {
  return FloorDivide(value - shift, width) * width + shift;
}

int64_t Modulo(int64_t value, int64_t width) { return value - FloorDivide(value, width) * width; }

}  // namespace

Buckets Buckets::Fixed(int64_t width_us, int64_t origin_us, std::shared_ptr<const TimeZone> zone) {
  return {Kind::kFixed, width_us, Modulo(origin_us, width_us), std::move(zone)};
}

Buckets Buckets::Months(int32_t months, int64_t origin_us, std::shared_ptr<const TimeZone> zone) {
  return {Kind::kMonths, months, Modulo(MonthNumber(origin_us), months), std::move(zone)};
}

int64_t Buckets::LocalFloorOf(int64_t local_us) const {
  if (kind_ == Kind::kFixed) return FloorTo(local_us, width_, shift_);
  return StartOfMonth(FloorTo(MonthNumber(local_us), width_, shift_));
}

int64_t Buckets::LocalNextOf(int64_t start_us) const {
  if (kind_ == Kind::kFixed) return start_us + width_;
  return StartOfMonth(MonthNumber(start_us) + width_);
}

int64_t Buckets::FloorOf(int64_t ts_us) const {
  if (kind_ == Kind::kWhole) return kTsMin;
  if (zone_ == nullptr) return LocalFloorOf(ts_us);
  int64_t start_us = zone_->UtcOf(LocalFloorOf(zone_->LocalOf(ts_us)));
  // In the first of two equal autumn hours the start was taken the second time.
  while (start_us > ts_us) start_us -= kind_ == Kind::kFixed ? width_ : kUsPerHour;
  return start_us;
}

int64_t Buckets::NextOf(int64_t start_us) const {
  if (kind_ == Kind::kWhole) return kTsMax + 1;
  if (zone_ == nullptr) return LocalNextOf(start_us);
  int64_t next_us = zone_->UtcOf(LocalNextOf(LocalFloorOf(zone_->LocalOf(start_us))));
  if (next_us <= start_us) next_us = LocalNextOf(start_us);
  // What lies between belongs to another bucket where the clock is put back.
  for (int64_t before = FloorOf(next_us - 1); before > start_us; before = FloorOf(next_us - 1)) {
    next_us = before;
  }
  return next_us;
}

}  // namespace xtdb
