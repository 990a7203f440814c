#include "planner/aggregate/buckets.h"

#include <algorithm>
#include <optional>
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
  return zone_ == nullptr ? LocalFloorOf(ts_us) : ZoneFloorOf(ts_us);
}

int64_t Buckets::NextOf(int64_t start_us) const {
  if (kind_ == Kind::kWhole) return kTsMax + 1;
  return zone_ == nullptr ? LocalNextOf(start_us) : ZoneNextOf(start_us);
}

bool Buckets::BeginTwice(int64_t put_back_us) const {
  return kind_ == Kind::kFixed && width_ <= put_back_us;
}

int64_t Buckets::ZoneFloorOf(int64_t ts_us) const {
  const int64_t local_us = zone_->LocalOf(ts_us);
  const TimeZone::Moments moments = zone_->MomentsOf(LocalFloorOf(local_us));
  const bool is_last = moments.last_us <= ts_us && BeginTwice(moments.last_us - moments.first_us);
  const int64_t start_us = is_last ? moments.last_us : moments.first_us;
  const std::optional<TimeZone::Transition> change = zone_->LastTransition(ts_us);
  if (!change || local_us >= change->local_before_us) return start_us;
  // The clock was put back, and a bucket that begins later on it had begun before.
  const int64_t begun_us = change->local_before_us - LocalFloorOf(change->local_before_us - 1);
  return std::max(start_us, change->ts_us - begun_us);
}

int64_t Buckets::ZoneNextOf(int64_t start_us) const {
  const int64_t local_next_us = LocalNextOf(LocalFloorOf(zone_->LocalOf(start_us)));
  const TimeZone::Moments moments = zone_->MomentsOf(local_next_us);
  const int64_t next_us = moments.first_us > start_us ? moments.first_us : moments.last_us;
  const std::optional<TimeZone::Transition> change = zone_->NextTransition(start_us);
  if (!change || change->ts_us >= next_us) return next_us;
  if (!BeginTwice(change->local_before_us - change->local_after_us)) return next_us;
  const int64_t again_us = LocalNextOf(LocalFloorOf(change->local_after_us - 1));
  return std::min(next_us, change->ts_us + again_us - change->local_after_us);
}

}  // namespace xtdb
