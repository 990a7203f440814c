#include <span>

#include "vtab/scalars/scalar_arguments.h"
#include "vtab/scalars/scalar_body.h"
#include "vtab/scalars/scalars.h"
#include "vtab/scalars/text_cache.h"
#include "vtab/text/time_text.h"
#include "vtab/time/time_bucket.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value*>;

// An argument behind the time: SQLite does not tell overloads apart, so a text is an origin if it
// is a time, else an offset if it is an interval, else a time zone.
struct BucketModifier {
  enum class Kind : uint8_t { kOrigin, kOffset, kZone };
  Kind kind = Kind::kOrigin;
  int64_t origin_us = 0;
  Interval offset = {};
  const TimeZone* zone = nullptr;
};

Result<BucketModifier> ParseModifier(sqlite3_context* context, sqlite3_value* value) {
  const Result<TimeArgument> origin = TimeOf(context, value);
  if (origin.ok()) return BucketModifier{.origin_us = origin.value().us};
  if (sqlite3_value_type(value) != SQLITE_TEXT) return origin.status();
  const Result<Interval> offset = ParseInterval(TextOf(value));
  if (offset.ok()) {
    return BucketModifier{.kind = BucketModifier::Kind::kOffset, .offset = offset.value()};
  }
  const Result<const TimeZone*> zone = FindZone(TextOf(value));
  if (zone.ok()) return BucketModifier{.kind = BucketModifier::Kind::kZone, .zone = zone.value()};
  return Status::InvalidArgument(
      ShowValue(value) +
      " is no origin ('2000-01-03'), no offset ('6 hours') and no time zone ('Europe/Berlin')");
}

Result<BucketModifier> ModifierOf(sqlite3_context* context, sqlite3_value* value) {
  thread_local TextCache<BucketModifier> cache;
  if (sqlite3_value_type(value) != SQLITE_TEXT) return ParseModifier(context, value);
  const std::string_view text = TextOf(value);
  if (const BucketModifier* const known = cache.Find(text)) return *known;
  XTDB_ASSIGN_OR_RETURN(const BucketModifier modifier, ParseModifier(context, value));
  // What has no digit may be `now`, which is another moment in the next statement.
  const bool is_fixed = modifier.kind != BucketModifier::Kind::kOrigin ||
                        text.find_first_of("0123456789") != std::string_view::npos;
  if (is_fixed) cache.Insert(text, modifier);
  return modifier;
}

Status TakeModifier(const BucketModifier& modifier, sqlite3_value* value, TimeBucketSpec& spec) {
  bool is_second = false;
  switch (modifier.kind) {
    case BucketModifier::Kind::kOrigin:
      is_second = spec.origin_us.has_value();
      spec.origin_us = modifier.origin_us;
      break;
    case BucketModifier::Kind::kOffset:
      is_second = spec.offset.has_value();
      spec.offset = modifier.offset;
      break;
    case BucketModifier::Kind::kZone:
      is_second = spec.zone != nullptr;
      spec.zone = modifier.zone;
      break;
  }
  if (!is_second) return {};
  return Status::InvalidArgument("there are two of the kind of " + ShowValue(value) +
                                 "; write time_bucket(width, time, zone, origin, offset)");
}

Status RunIntegerBucket(sqlite3_context* context, Arguments arguments) {
  for (sqlite3_value* const argument : arguments) {
    if (sqlite3_value_type(argument) == SQLITE_INTEGER) continue;
    return Status::InvalidArgument("width is " + ShowValue(arguments[0]) + ", but " +
                                   ShowValue(argument) +
                                   " is no whole number; for times write the width's unit, too: '" +
                                   std::string(TextOf(arguments[0])) + " s'");
  }
  if (arguments.size() > 3) {
    return Status::InvalidArgument("of whole numbers write time_bucket(width, number, offset)");
  }
  const int64_t offset = arguments.size() > 2 ? sqlite3_value_int64(arguments[2]) : 0;
  XTDB_ASSIGN_OR_RETURN(
      const int64_t start,
      IntegerBucket(sqlite3_value_int64(arguments[0]), sqlite3_value_int64(arguments[1]), offset));
  sqlite3_result_int64(context, start);
  return {};
}

Status RunTimeBucket(sqlite3_context* context, Arguments arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_INTEGER) {
    return RunIntegerBucket(context, arguments);
  }
  TimeBucketSpec spec;
  const Result<Interval> width = IntervalOf(arguments[0]);
  if (!width.ok()) {
    const bool is_time = TimeOf(context, arguments[0]).ok();
    return is_time ? OtherWayRound(width.status(), "time_bucket('1 hour', time)") : width.status();
  }
  spec.width = width.value();
  XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, arguments[1]));
  for (sqlite3_value* const argument : arguments.subspan(2)) {
    if (sqlite3_value_type(argument) == SQLITE_NULL) continue;
    XTDB_ASSIGN_OR_RETURN(const BucketModifier modifier, ModifierOf(context, argument));
    XTDB_RETURN_IF_ERROR(TakeModifier(modifier, argument, spec));
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t start_us, TimeBucket(spec, time.us));
  SetTime(context, start_us, time.is_text);
  return {};
}

Status RunDateBin(sqlite3_context* context, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const Interval stride, IntervalOf(arguments[0]));
  XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(context, arguments[1]));
  XTDB_ASSIGN_OR_RETURN(const TimeArgument origin, TimeOf(context, arguments[2]));
  XTDB_ASSIGN_OR_RETURN(const int64_t start_us, DateBin(stride, time.us, origin.us));
  SetTime(context, start_us, time.is_text);
  return {};
}

constexpr Scalar kScalars[] = {{"time_bucket", 2, RunScalar<RunTimeBucket, 2>},
                               {"time_bucket", 3, RunScalar<RunTimeBucket, 2>},
                               {"time_bucket", 4, RunScalar<RunTimeBucket, 2>},
                               {"time_bucket", 5, RunScalar<RunTimeBucket, 2>},
                               {"date_bin", 3, RunScalar<RunDateBin>}};

}  // namespace

std::span<const Scalar> BucketScalars() { return kScalars; }

}  // namespace xtdb
