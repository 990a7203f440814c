#include "shell/mirror/rollup_width.h"

#include <algorithm>

#include "engine/base/calendar.h"
#include "vtab/text/interval_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr int32_t kMonthsMax = 10'000 * 12;
constexpr int64_t kDaysMax = 3'650'000;

std::string TableName(const std::string& text) {
  std::string name = "rollup_";
  for (const char c : text) {
    const bool is_word = IsLetter(c) || IsDigit(c);
    if (is_word) name += ToLower(c);
    if (!is_word && name.back() != '_') name += '_';
  }
  return name;
}

Result<Buckets> BucketsOf(const Interval& width, std::shared_ptr<const TimeZone> zone) {
  if (width.months != 0) {
    if (width.months < 0 || width.months > kMonthsMax || width.days != 0 || width.us != 0) {
      return Status::InvalidArgument("months stand alone, as '1 mon'");
    }
    return Buckets::Months(width.months, Buckets::kDefaultMonthOriginUs, std::move(zone));
  }
  int64_t width_us = 0;
  const bool overflows = width.days > kDaysMax || width.days < 0 ||
                         __builtin_add_overflow(width.days * kUsPerDay, width.us, &width_us);
  if (overflows || width_us < kUsPerSecond || width_us > kDaysMax * kUsPerDay) {
    return Status::InvalidArgument("a rollup is of a second at least, as '1h' or '15 min'");
  }
  return Buckets::Fixed(width_us, Buckets::kDefaultOriginUs, std::move(zone));
}

}  // namespace

Result<RollupWidth> ParseRollupWidth(const std::string& text, const std::string& zone_name) {
  const std::string trimmed(TrimBlanks(text));
  const bool has_unit = std::any_of(trimmed.begin(), trimmed.end(), IsLetter);
  if (!has_unit) {
    return Status::InvalidArgument(QuoteForMessage(text) + " has no unit; write '1h' or '15 min'");
  }
  XTDB_ASSIGN_OR_RETURN(const Interval width, ParseInterval(trimmed));
  std::shared_ptr<const TimeZone> zone;
  if (!zone_name.empty()) {
    XTDB_ASSIGN_OR_RETURN(zone, TimeZone::Load(zone_name));
  }
  XTDB_ASSIGN_OR_RETURN(Buckets buckets, BucketsOf(width, std::move(zone)));
  return RollupWidth{TableName(trimmed), trimmed, zone_name, std::move(buckets)};
}

}  // namespace xtdb
