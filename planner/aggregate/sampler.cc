#include "planner/aggregate/sampler.h"

#include <algorithm>
#include <utility>

#include "planner/aggregate/value_filter.h"

namespace xtdb {

Sampler::Sampler(TagPtr tag, const SampleRequest& request, PlanCounters& counters)
    : tag_(std::move(tag)),
      request_(request),
      filter_(ValueFilter(request.accept)),
      counters_(counters) {}

// before_: the last value at or before `ts_us`.
Status Sampler::FindBefore(const ReadView& view, int64_t ts_us) {
  if (ts_us >= before_from_us_ && ts_us <= before_to_us_) return Status();
  // What was looked through for the time before need not be again.
  const bool goes_on = before_from_us_ <= before_to_us_ && ts_us > before_to_us_;
  const PointSearch search = {.ts_from_us = goes_on ? before_to_us_ + 1 : kTsMin,
                              .ts_to_us = ts_us,
                              .last = true,
                              .filter = &filter_};
  XTDB_ASSIGN_OR_RETURN(std::optional<FoundPoint> found,
                        FindPointIn(view, tag_, search, counters_));
  if (found || !goes_on) before_ = std::move(found);
  before_from_us_ = before_ ? before_->point.ts_us : kTsMin;
  before_to_us_ = ts_us;
  // The first value behind is where it ends to be the one before.
  if (behind_ && behind_from_us_ <= ts_us && ts_us < behind_->point.ts_us) {
    before_to_us_ = behind_->point.ts_us - 1;
  }
  return Status();
}

// behind_: the first value at or behind `ts_us`.
Status Sampler::FindBehind(const ReadView& view, int64_t ts_us) {
  if (ts_us >= behind_from_us_ && ts_us <= behind_to_us_) return Status();
  const PointSearch search = {.ts_from_us = ts_us, .filter = &filter_};
  XTDB_ASSIGN_OR_RETURN(behind_, FindPointIn(view, tag_, search, counters_));
  behind_from_us_ = ts_us;
  behind_to_us_ = behind_ ? behind_->point.ts_us : kTsMax;
  return Status();
}

std::optional<Sampled> Sampler::Interpolate(int64_t ts_us) const {
  const Point& a = before_->point;
  const Point& b = behind_->point;
  if (b.ts_us - a.ts_us > request_.gap_max_us || tag_->type == ValueType::kText) {
    return std::nullopt;
  }
  const double share =
      static_cast<double>(ts_us - a.ts_us) / static_cast<double>(b.ts_us - a.ts_us);
  const double from = ToDouble(before_->type, a.bits), to = ToDouble(behind_->type, b.bits);
  Sampled sampled{*before_, a.ts_us};
  sampled.found.type = ValueType::kFloat64;
  sampled.found.point.bits = FromDouble(from + (to - from) * share);
  sampled.found.point.quality = std::min(a.quality, b.quality);
  return sampled;
}

Result<std::optional<Sampled>> Sampler::At(const ReadView& view, int64_t ts_us) {
  const bool looks_behind =
      request_.mode == SampleMode::kLinear || request_.mode == SampleMode::kNearest;
  if (looks_behind) XTDB_RETURN_IF_ERROR(FindBehind(view, ts_us));
  XTDB_RETURN_IF_ERROR(FindBefore(view, ts_us));
  const FoundPoint* nearest = before_ ? &*before_ : nullptr;
  const auto distance = [&](const FoundPoint& point) {
    return point.point.ts_us < ts_us ? ts_us - point.point.ts_us : point.point.ts_us - ts_us;
  };
  if (request_.mode == SampleMode::kNearest && behind_) {
    if (nearest == nullptr || distance(*behind_) < distance(*nearest)) nearest = &*behind_;
  }
  if (nearest == nullptr || distance(*nearest) > request_.gap_max_us) {
    if (request_.mode != SampleMode::kLinear || nearest == nullptr) return std::optional<Sampled>();
  }
  const bool is_there = nearest->point.ts_us == ts_us;
  if (request_.mode == SampleMode::kExact && !is_there) return std::optional<Sampled>();
  if (request_.mode == SampleMode::kLinear && !is_there) {
    if (!behind_) return std::optional<Sampled>();
    return Interpolate(ts_us);
  }
  return std::optional<Sampled>(Sampled{*nearest, nearest->point.ts_us});
}

}  // namespace xtdb
