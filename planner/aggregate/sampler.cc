#include "planner/aggregate/sampler.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

// A double, and the lower quality of the two.
Sampled OnLine(const FoundPoint& before, const FoundPoint& behind, int64_t ts_us) {
  const Point& a = before.point;
  const Point& b = behind.point;
  const double share =
      static_cast<double>(ts_us - a.ts_us) / static_cast<double>(b.ts_us - a.ts_us);
  const double from = ToDouble(before.type, a.bits), to = ToDouble(behind.type, b.bits);
  Sampled sampled{before, a.ts_us};
  sampled.found.type = ValueType::kFloat64;
  sampled.found.point.bits = FromDouble(from + (to - from) * share);
  sampled.found.point.quality = std::min(a.quality, b.quality);
  return sampled;
}

const FoundPoint* Nearer(const FoundPoint* before, const FoundPoint* behind, int64_t ts_us) {
  if (before == nullptr || behind == nullptr) return before != nullptr ? before : behind;
  return behind->point.ts_us - ts_us < ts_us - before->point.ts_us ? behind : before;
}

}  // namespace

std::optional<Sampled> SampleBetween(const SampleRequest& request, const FoundPoint* before,
                                     const FoundPoint* behind, int64_t ts_us) {
  const bool is_there = before != nullptr && before->point.ts_us == ts_us;
  if (request.mode == SampleMode::kLinear && !is_there) {
    if (before == nullptr || behind == nullptr || before->type == ValueType::kText) return {};
    if (behind->point.ts_us - before->point.ts_us > request.gap_max_us) return {};
    return OnLine(*before, *behind, ts_us);
  }
  if (request.mode == SampleMode::kExact && !is_there) return {};
  const bool is_nearest = request.mode == SampleMode::kNearest;
  const FoundPoint* const found = is_nearest ? Nearer(before, behind, ts_us) : before;
  if (found == nullptr) return {};
  if (std::abs(found->point.ts_us - ts_us) > request.gap_max_us) return {};
  return Sampled{*found, found->point.ts_us};
}

namespace {

SampleRequest For(const TagDefinition& tag, SampleRequest request) {
  if (!request.is_as_tag_says) return request;
  const bool is_sloped =
      tag.interpolation == Interpolation::kSloped && tag.type != ValueType::kText;
  request.mode = is_sloped ? SampleMode::kLinear : SampleMode::kStep;
  return request;
}

}  // namespace

Sampler::Sampler(const ReadView& view, TagPtr tag, const SampleRequest& request,
                 PlanCounters& counters)
    : request_(For(*tag, request)), values_(view, std::move(tag), request.accept, counters) {}

// before_: the last value at or before `ts_us`.
Status Sampler::FindBefore(int64_t ts_us) {
  if (ts_us >= before_from_us_ && ts_us <= before_to_us_) return Status();
  // What was looked through for the time before need not be again.
  const bool goes_on = before_from_us_ <= before_to_us_ && ts_us > before_to_us_;
  XTDB_ASSIGN_OR_RETURN(std::optional<FoundPoint> found,
                        values_.Last(goes_on ? before_to_us_ + 1 : kTsMin, ts_us));
  if (found || !goes_on) {
    before_ = std::move(found);
    knows_next_ = false;
  }
  before_from_us_ = before_ ? before_->point.ts_us : kTsMin;
  before_to_us_ = ts_us;
  // The first value behind is where it ends to be the one before.
  if (behind_ && behind_from_us_ <= ts_us && ts_us < behind_->point.ts_us) {
    before_to_us_ = behind_->point.ts_us - 1;
  }
  return Status();
}

// behind_: the first value at or behind `ts_us`.
Status Sampler::FindBehind(int64_t ts_us) {
  if (ts_us >= behind_from_us_ && ts_us <= behind_to_us_) return Status();
  XTDB_ASSIGN_OR_RETURN(behind_, values_.First(ts_us));
  behind_from_us_ = ts_us;
  behind_to_us_ = behind_ ? behind_->point.ts_us : kTsMax;
  return Status();
}

// Of a value that is no point at `ts_us`.
Status Sampler::JudgeQuality(int64_t ts_us, Sampled& sampled) {
  if (!knows_next_) {
    knows_next_ = true;
    XTDB_ASSIGN_OR_RETURN(next_us_, values_.FirstPoint(before_->point.ts_us + 1));
  }
  const bool is_line = request_.mode == SampleMode::kLinear && behind_.has_value();
  // Whether something lies between, or nothing comes any more.
  const bool is_doubtful =
      is_line ? next_us_ && *next_us_ < behind_->point.ts_us : !next_us_ || *next_us_ <= ts_us;
  Quality& quality = sampled.found.point.quality;
  const bool is_lower = is_line && quality < kQualityGood;
  if ((is_doubtful || is_lower) && quality >= kQualityUncertain) quality = kQualitySubNormal;
  return Status();
}

Result<std::optional<Sampled>> Sampler::At(int64_t ts_us) {
  if (LooksBehind(request_.mode)) XTDB_RETURN_IF_ERROR(FindBehind(ts_us));
  XTDB_RETURN_IF_ERROR(FindBefore(ts_us));
  std::optional<Sampled> sampled =
      SampleBetween(request_, before_ ? &*before_ : nullptr, behind_ ? &*behind_ : nullptr, ts_us);
  const bool is_last = request_.mode == SampleMode::kLinear && before_ && !behind_ &&
                       before_->type != ValueType::kText;
  if (!sampled && is_last && ts_us - before_->point.ts_us <= request_.gap_max_us) {
    sampled = Sampled{*before_, before_->point.ts_us};
  }
  const bool is_drawn = request_.mode == SampleMode::kStep || request_.mode == SampleMode::kLinear;
  if (request_.tells_quality && is_drawn && sampled && before_->point.ts_us != ts_us) {
    XTDB_RETURN_IF_ERROR(JudgeQuality(ts_us, *sampled));
  }
  return sampled;
}

}  // namespace xtdb
