#include "vtab/time_unit.h"

#include <algorithm>
#include <string>

#include "engine/base/calendar.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// Who means seconds means a time from here on, and not much later than now.
constexpr int64_t kLeastUs = DaysFromCivil(1990, 1, 1) * kUsPerDay;
constexpr int64_t kAheadUs = 3650 * kUsPerDay;
// All that is meant so lies before it.
constexpr int64_t kLookedThroughUs = 366 * kUsPerDay;

bool IsLikely(int64_t number, int64_t us_per_unit, int64_t now_us) {
  return number >= kLeastUs / us_per_unit && number <= (now_us + kAheadUs) / us_per_unit;
}

// False as well where there is no point at all.
bool AreAllLater(const ReadView& view) {
  bool has_points = false;
  for (const TagPtr& tag : view.AllTags()) {
    ReadView::Sources sources;
    if (!view.FindSources(tag->id, kTsMin, kLookedThroughUs, sources).ok()) return false;
    if (!sources.blocks.empty() || !sources.runs.empty()) return false;
    has_points = has_points || view.LatestTsMax(tag->id) > kLookedThroughUs;
    if (has_points || view.staging == nullptr) continue;
    // The transaction's own.
    const bool is_read = view.FindSources(tag->id, kLookedThroughUs, kTsMax, sources).ok();
    has_points = is_read && !sources.runs.empty();
  }
  return has_points;
}

}  // namespace

Status CheckTimeUnit(const ReadView& view, int64_t now_us, std::string_view name, int64_t number) {
  const bool is_seconds = IsLikely(number, kUsPerSecond, now_us);
  if (!is_seconds && !IsLikely(number, kUsPerMillisecond, now_us)) return {};
  if (!AreAllLater(view)) return {};
  const std::string shown = std::to_string(number);
  return Status::InvalidArgument(
      std::string(name) + " is microseconds, as which " + shown + " is " + FormatTime(number) +
      ", before all points; for " + (is_seconds ? "seconds" : "milliseconds") + " write " + shown +
      (is_seconds ? " * 1000000" : " * 1000") + ", or a text such as '2026-01-02 03:04'");
}

Status CheckTimeUnit(const ReadView& view, int64_t now_us, std::string_view name,
                     const Comparand& comparand) {
  if (comparand.kind == Comparand::Kind::kInteger) {
    return CheckTimeUnit(view, now_us, name, comparand.integer);
  }
  if (comparand.kind != Comparand::Kind::kReal) return {};
  return CheckTimeUnit(view, now_us, name,
                       static_cast<int64_t>(std::clamp(comparand.real, -9e18, 9e18)));
}

}  // namespace xtdb
