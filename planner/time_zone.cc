#include "planner/time_zone.h"

#include <absl/time/time.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

constexpr size_t kNameBytesMax = 64;

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The library opens the file of that name, and would follow any path.
bool IsName(std::string_view name) {
  const auto is_allowed = [](char c) {
    const char upper = Upper(c);
    return (upper >= 'A' && upper <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

// europe/berlin: Europe/Berlin.
std::string AsWords(std::string_view name) {
  std::string words;
  bool is_first = true;
  for (const char c : name) {
    words += is_first ? Upper(c) : Lower(c);
    is_first = c == '/' || c == '_' || c == '-';
  }
  return words;
}

std::string AsCapitals(std::string_view name) {
  std::string capitals(name);
  std::transform(name.begin(), name.end(), capitals.begin(), Upper);
  return capitals;
}

// INT64_MAX for what is later than that.
int64_t WithFraction(absl::Time whole_second, int64_t fraction_us) {
  int64_t ts_us = 0;
  const bool is_later =
      __builtin_add_overflow(absl::ToUnixMicros(whole_second), fraction_us, &ts_us);
  return is_later ? std::numeric_limits<int64_t>::max() : ts_us;
}

int64_t LocalUs(absl::CivilSecond time) { return (time - absl::CivilSecond()) * kUsPerSecond; }

}  // namespace

struct TimeZone::Rules {
  Transition TransitionOf(const absl::TimeZone::CivilTransition& change, int64_t later_us) const {
    const absl::TimeZone::TimeInfo info = zone.At(std::min(change.from, change.to));
    return {absl::ToUnixMicros(info.trans) + later_us, LocalUs(change.from) + later_us,
            LocalUs(change.to) + later_us};
  }

  absl::TimeZone zone;
};

TimeZone::TimeZone(std::unique_ptr<const Rules> rules) : rules_(std::move(rules)) {}

TimeZone::~TimeZone() = default;

Result<std::shared_ptr<const TimeZone>> TimeZone::Load(std::string_view name) {
  // "localtime" means another zone on each machine.
  if (IsName(name) && AsCapitals(name) != "LOCALTIME") {
    for (const std::string& spelling : {std::string(name), AsWords(name), AsCapitals(name)}) {
      auto rules = std::make_unique<Rules>();
      if (!absl::LoadTimeZone(spelling, &rules->zone)) continue;
      return std::shared_ptr<const TimeZone>(new TimeZone(std::move(rules)));
    }
  }
  return Status::InvalidArgument("time zone \"" + std::string(name) +
                                 "\" not recognized; write a name of the IANA database, such as "
                                 "'Europe/Berlin' (this machine has those in /usr/share/zoneinfo)");
}

int64_t TimeZone::LocalOf(int64_t ts_us) const {
  return ts_us + int64_t{rules_->zone.At(absl::FromUnixMicros(ts_us)).offset} * kUsPerSecond;
}

TimeZone::Moments TimeZone::MomentsOf(int64_t local_us) const {
  const int64_t seconds = FloorDivide(local_us, kUsPerSecond);
  const int64_t fraction_us = local_us - seconds * kUsPerSecond;
  const absl::TimeZone::TimeInfo info = rules_->zone.At(absl::CivilSecond() + seconds);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    const int64_t change_us = absl::ToUnixMicros(info.trans);
    return {change_us, change_us};
  }
  return {WithFraction(info.pre, fraction_us), WithFraction(info.post, fraction_us)};
}

int64_t TimeZone::MomentOf(int64_t local_us) const {
  const int64_t seconds = FloorDivide(local_us, kUsPerSecond);
  const absl::TimeZone::TimeInfo info = rules_->zone.At(absl::CivilSecond() + seconds);
  const bool is_left_out = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  const int64_t fraction_us = local_us - seconds * kUsPerSecond;
  return WithFraction(is_left_out ? info.pre : info.post, fraction_us);
}

// Of times later than the library lists transitions the rules are those of four hundred years
// before, after which the calendar repeats itself, weekdays included.
int64_t TimeZone::ListedOf(int64_t ts_us, int64_t& cycles_us) {
  constexpr int64_t kCycleUs = int64_t{146'097} * kUsPerDay;
  const int64_t last_us = DaysFromCivil(2437, 1, 1) * kUsPerDay;
  cycles_us = 0;
  if (ts_us > last_us) cycles_us = ((ts_us - last_us - 1) / kCycleUs + 1) * kCycleUs;
  return ts_us - cycles_us;
}

std::optional<TimeZone::Transition> TimeZone::LastTransition(int64_t ts_us) const {
  int64_t cycles_us = 0;
  // The library looks before a whole second.
  const int64_t second = FloorDivide(ListedOf(ts_us, cycles_us), kUsPerSecond) + 1;
  absl::TimeZone::CivilTransition change;
  if (!rules_->zone.PrevTransition(absl::FromUnixSeconds(second), &change)) return std::nullopt;
  return rules_->TransitionOf(change, cycles_us);
}

std::optional<TimeZone::Transition> TimeZone::NextTransition(int64_t ts_us) const {
  int64_t cycles_us = 0;
  const int64_t second = FloorDivide(ListedOf(ts_us, cycles_us), kUsPerSecond);
  absl::TimeZone::CivilTransition change;
  if (!rules_->zone.NextTransition(absl::FromUnixSeconds(second), &change)) return std::nullopt;
  return rules_->TransitionOf(change, cycles_us);
}

}  // namespace xtdb
