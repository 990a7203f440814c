#include "vtab/time/timestamp.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

// Zones that were asked for. Never destroyed: functions may run while static objects go.
struct Zones {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> by_name;
  static Zones& Instance() {
    static Zones& zones = *new Zones;
    return zones;
  }
};

// A time in which a zone's clock was neither put forward nor back, and a day on either side of
// which it was not either.
struct ZoneStretch {
  const TimeZone* zone = nullptr;
  int64_t begin_us = 0;  // begin <= ts < end
  int64_t end_us = 0;
  int64_t offset_us = 0;  // east of Greenwich
  int64_t missed_us = kMinusInfinity;

  bool Has(const TimeZone* wanted, int64_t ts_us) const {
    return zone == wanted && begin_us <= ts_us && ts_us < end_us;
  }
  // Looks for the stretch about a time that it does not have, if times come in some order: others
  // would hardly use it.
  void Miss(const TimeZone* wanted, int64_t ts_us) {
    constexpr int64_t kNear = 60 * kUsPerDay;
    const bool is_near =
        zone == wanted && missed_us <= ts_us && ts_us - missed_us < kNear && ts_us > kTimestampMin;
    zone = wanted;
    missed_us = ts_us;
    begin_us = end_us = 0;
    if (!is_near) return;
    const std::optional<TimeZone::Transition> last = wanted->LastTransition(ts_us);
    const std::optional<TimeZone::Transition> next = wanted->NextTransition(ts_us);
    begin_us = (last ? last->ts_us : kTimestampMin) + kUsPerDay;
    end_us = (next ? next->ts_us : kTimestampMax) - kUsPerDay;
    offset_us = wanted->LocalOf(ts_us) - ts_us;
  }
};

thread_local ZoneStretch stretch;

// local_us: finite. Nothing: out of range.
bool AddMonths(int64_t months, int64_t& local_us) {
  const int64_t days = FloorDivide(local_us, kUsPerDay);
  const CivilDate date = CivilFromDays(days);
  const int64_t month = date.year * 12 + date.month - 1 + months;
  const int64_t year = FloorDivide(month, 12);
  const auto in_year = static_cast<int>(month - year * 12) + 1;
  const int day = std::min(date.day, DaysInMonth(year, in_year));
  int64_t moved_us = 0;
  if (__builtin_mul_overflow(DaysFromCivil(year, in_year, day), kUsPerDay, &moved_us)) return false;
  return !__builtin_add_overflow(moved_us, local_us - days * kUsPerDay, &local_us);
}

bool AddDays(int64_t days, int64_t& local_us) {
  int64_t us = 0;
  return !__builtin_mul_overflow(days, kUsPerDay, &us) &&
         !__builtin_add_overflow(local_us, us, &local_us);
}

struct Months64 {
  int64_t months;
  int64_t days;
  int64_t us;
};

Result<int64_t> Add(int64_t ts_us, const Months64& interval, const TimeZone* zone) {
  if (IsInfinite(ts_us)) return ts_us;
  if (interval.months != 0) {
    int64_t local_us = LocalOf(ts_us, zone);
    if (!AddMonths(interval.months, local_us) || !IsTimestamp(local_us)) {
      return TimestampOutOfRange();
    }
    ts_us = MomentOf(local_us, zone);
  }
  if (interval.days != 0) {
    int64_t local_us = LocalOf(ts_us, zone);
    if (!AddDays(interval.days, local_us) || !IsTimestamp(local_us)) return TimestampOutOfRange();
    ts_us = MomentOf(local_us, zone);
  }
  if (__builtin_add_overflow(ts_us, interval.us, &ts_us) || !IsTimestamp(ts_us)) {
    return TimestampOutOfRange();
  }
  return ts_us;
}

// A timestamp's fields; differences of them, too.
struct Fields {
  int64_t year, month, day, hour, minute, second, micro;
};

Fields FieldsOf(int64_t ts_us) {
  const int64_t days = FloorDivide(ts_us, kUsPerDay);
  const CivilDate date = CivilFromDays(days);
  const int64_t us = ts_us - days * kUsPerDay;
  return {date.year,
          date.month,
          date.day,
          us / kUsPerHour,
          us / kUsPerMinute % 60,
          us / kUsPerSecond % 60,
          us % kUsPerSecond};
}

// While `low` is negative it borrows from `high`.
void Borrow(int64_t& low, int64_t base, int64_t& high) {
  for (; low < 0; low += base) --high;
}

}  // namespace

int64_t LocalOf(int64_t ts_us, const TimeZone* zone) {
  if (zone == nullptr) return ts_us;
  if (stretch.Has(zone, ts_us)) return ts_us + stretch.offset_us;
  stretch.Miss(zone, ts_us);
  return zone->LocalOf(ts_us);
}

// A day is more than any offset, so what is in the stretch is not near a change of the clock.
int64_t MomentOf(int64_t local_us, const TimeZone* zone) {
  if (zone == nullptr) return local_us;
  const int64_t ts_us = local_us - stretch.offset_us;
  return stretch.Has(zone, ts_us) ? ts_us : zone->MomentOf(local_us);
}

Status TimestampOutOfRange() { return Status::InvalidArgument("timestamp out of range"); }

Result<const TimeZone*> FindZone(std::string_view name) {
  Zones& zones = Zones::Instance();
  const std::lock_guard lock(zones.mutex);
  const auto known = zones.by_name.find(name);
  if (known != zones.by_name.end()) return known->second.get();
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<const TimeZone> zone, TimeZone::Load(name));
  return zones.by_name.emplace(name, std::move(zone)).first->second.get();
}

Result<int64_t> AddInterval(int64_t ts_us, const Interval& interval, const TimeZone* zone) {
  return Add(ts_us, {interval.months, interval.days, interval.us}, zone);
}

Result<int64_t> SubtractInterval(int64_t ts_us, const Interval& interval, const TimeZone* zone) {
  int64_t us = 0;
  if (__builtin_sub_overflow(int64_t{0}, interval.us, &us)) return TimestampOutOfRange();
  return Add(ts_us, {-int64_t{interval.months}, -int64_t{interval.days}, us}, zone);
}

Result<Interval> SubtractTimes(int64_t a_us, int64_t b_us) {
  if (IsInfinite(a_us) || IsInfinite(b_us)) {
    return Status::InvalidArgument("cannot subtract infinite timestamps");
  }
  int64_t us = 0;
  if (__builtin_sub_overflow(a_us, b_us, &us)) {
    return Status::InvalidArgument("interval out of range");
  }
  return Interval{.days = static_cast<int32_t>(us / kUsPerDay), .us = us % kUsPerDay};
}

Result<Interval> Age(int64_t a_us, int64_t b_us) {
  if (IsInfinite(a_us) || IsInfinite(b_us)) return TimestampOutOfRange();
  const Fields a = FieldsOf(a_us);
  const Fields b = FieldsOf(b_us);
  const bool is_negative = a_us < b_us;
  const int64_t sign = is_negative ? -1 : 1;
  Fields d = {sign * (a.year - b.year),  sign * (a.month - b.month),   sign * (a.day - b.day),
              sign * (a.hour - b.hour),  sign * (a.minute - b.minute), sign * (a.second - b.second),
              sign * (a.micro - b.micro)};
  Borrow(d.micro, kUsPerSecond, d.second);
  Borrow(d.second, 60, d.minute);
  Borrow(d.minute, 60, d.hour);
  Borrow(d.hour, 24, d.day);
  // Days are those of the month in which the earlier one lies.
  const Fields& earlier = is_negative ? a : b;
  Borrow(d.day, DaysInMonth(earlier.year, static_cast<int>(earlier.month)), d.month);
  Borrow(d.month, 12, d.year);
  const int64_t us =
      d.hour * kUsPerHour + d.minute * kUsPerMinute + d.second * kUsPerSecond + d.micro;
  return Interval{static_cast<int32_t>(sign * (d.year * 12 + d.month)),
                  static_cast<int32_t>(sign * d.day), sign * us};
}

}  // namespace xtdb
