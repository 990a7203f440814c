#include "vtab/chart/time_axis.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

constexpr int64_t kMondayUs = 4 * kUsPerDay;  // 1970-01-05
constexpr int64_t kUsPerYear = 31'556'952 * kUsPerSecond;

// A distance between ticks: of months if there are any.
struct Step {
  int64_t us = 0;
  int months = 0;
  // About, of months.
  int64_t length_us() const { return months == 0 ? us : kUsPerYear / 12 * months; }
  bool is_of_years() const { return months >= 12; }
  bool is_of_days() const { return months > 0 || us >= kUsPerDay; }
};

constexpr int64_t kMs = kUsPerMillisecond, kSecond = kUsPerSecond, kMinute = kUsPerMinute,
                  kHour = kUsPerHour, kDay = kUsPerDay;
constexpr Step kSteps[] = {
    {1},        {2},           {5},           {10},           {20},           {50},
    {100},      {200},         {500},         {kMs},          {2 * kMs},      {5 * kMs},
    {10 * kMs}, {20 * kMs},    {50 * kMs},    {100 * kMs},    {200 * kMs},    {500 * kMs},
    {kSecond},  {2 * kSecond}, {5 * kSecond}, {10 * kSecond}, {15 * kSecond}, {30 * kSecond},
    {kMinute},  {2 * kMinute}, {5 * kMinute}, {10 * kMinute}, {15 * kMinute}, {30 * kMinute},
    {kHour},    {2 * kHour},   {3 * kHour},   {6 * kHour},    {12 * kHour},   {kDay},
    {2 * kDay}, {7 * kDay},    {14 * kDay},   {0, 1},         {0, 3},         {0, 6},
    {0, 12},    {0, 24},       {0, 60},       {0, 120},       {0, 240},       {0, 600},
    {0, 1'200}, {0, 2'400},    {0, 6'000},    {0, 12'000},    {0, 24'000},    {0, 60'000}};

int64_t MonthNumberOf(int64_t ts_us) {
  const CivilDate date = CivilFromDays(FloorDivide(ts_us, kUsPerDay));
  return date.year * 12 + date.month - 1;
}

int64_t StartOfMonth(int64_t number) {
  const int64_t year = FloorDivide(number, 12);
  return DaysFromCivil(year, static_cast<int>(number - year * 12) + 1, 1) * kUsPerDay;
}

// The first tick at or behind `ts_us`.
int64_t TickFrom(const Step& step, int64_t ts_us) {
  if (step.months > 0) {
    const int64_t begun = FloorDivide(MonthNumberOf(ts_us), step.months) * step.months;
    const int64_t start_us = StartOfMonth(begun);
    return start_us == ts_us ? start_us : StartOfMonth(begun + step.months);
  }
  const int64_t origin_us = step.us % (7 * kDay) == 0 ? kMondayUs : 0;
  return FloorDivide(ts_us - origin_us + step.us - 1, step.us) * step.us + origin_us;
}

std::string Format(const char* format, auto... arguments) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), format, arguments...);
  return {text, static_cast<size_t>(size)};
}

std::string YearText(const CivilDate& date) {
  return Format("%04lld", static_cast<long long>(date.year));
}

// How many digits behind the second's point a step needs.
int FractionDigits(const Step& step) {
  int digits = 6;
  for (int64_t us = step.us; digits > 0 && us % 10 == 0; us /= 10) --digits;
  return digits;
}

std::string ClockText(const Step& step, int64_t us_of_day) {
  const auto seconds = static_cast<int>(us_of_day / kSecond);
  std::string text = Format("%02d:%02d", seconds / 3600, seconds / 60 % 60);
  if (step.us >= kMinute) return text;
  text += Format(":%02d", seconds % 60);
  const int digits = FractionDigits(step);
  if (digits == 0) return text;
  const std::string micros = Format("%06d", static_cast<int>(us_of_day % kSecond));
  return text + "." + micros.substr(0, static_cast<size_t>(digits));
}

TimeAxis::Tick MakeTick(const Step& step, int64_t ts_us) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t day = FloorDivide(ts_us, kUsPerDay);
  const CivilDate date = CivilFromDays(day);
  if (step.is_of_years()) return {ts_us, YearText(date), ""};
  const std::string month = kMonths[date.month - 1];
  if (step.months > 0) return {ts_us, month, YearText(date)};
  if (step.is_of_days()) return {ts_us, month + Format(" %02d", date.day), YearText(date)};
  return {ts_us, ClockText(step, ts_us - day * kUsPerDay),
          YearText(date) + Format("-%02d-%02d", date.month, date.day)};
}

bool HasRoom(const Step& step, int64_t from_us, int64_t to_us, int columns) {
  const TimeAxis::Tick tick = MakeTick(step, from_us);
  const size_t needed = std::max(tick.label.size() + 2, tick.date.size() + 1);
  const double room =
      static_cast<double>(step.length_us()) / static_cast<double>(to_us - from_us) * columns;
  return room >= static_cast<double>(needed);
}

}  // namespace

TimeAxis::TimeAxis(int64_t from_us, int64_t to_us, int columns) {
  const Step* step = std::begin(kSteps);
  while (step + 1 != std::end(kSteps) && !HasRoom(*step, from_us, to_us, columns)) ++step;
  // On a short axis there may be none of a step that is long enough; of the next shorter one the
  // first is shown.
  while (step != std::begin(kSteps) && TickFrom(*step, from_us) > to_us) --step;
  const bool has_room = HasRoom(*step, from_us, to_us, columns);
  std::string date;
  for (int64_t ts_us = TickFrom(*step, from_us); ts_us <= to_us;
       ts_us = TickFrom(*step, ts_us + 1)) {
    Tick tick = MakeTick(*step, ts_us);
    if (tick.date == date) {
      tick.date.clear();
    } else {
      date = tick.date;
    }
    ticks_.push_back(std::move(tick));
    if (!has_room) break;
  }
}

}  // namespace xtdb
