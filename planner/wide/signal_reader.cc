#include "planner/wide/signal_reader.h"

#include <utility>

#include "planner/view_sources.h"

namespace xtdb {

Result<std::unique_ptr<SignalReader>> SignalReader::Make(const ReadView& view, TagPtr tag,
                                                         const SampleRequest& request,
                                                         const SignalRange& range,
                                                         PlanCounters& counters) {
  ValueFinder values(view, tag, request.accept, counters);
  XTDB_ASSIGN_OR_RETURN(
      ReadView::Sources sources,
      FindTagSources(values.view(), tag->id, range.ts_from_us, range.ts_to_us, counters));
  if (values.staged()) sources.runs.push_back(*values.staged());
  return std::unique_ptr<SignalReader>(
      new SignalReader(std::move(values), std::move(tag), sources, request, range, counters));
}

SignalReader::SignalReader(ValueFinder values, TagPtr tag, const ReadView::Sources& sources,
                           const SampleRequest& request, const SignalRange& range,
                           PlanCounters& counters)
    : request_(request),
      range_(range),
      values_(std::move(values)),
      points_max_(PointsMax(sources)),
      stream_(tag, MakePointSources(values_.view(), tag->id, sources, counters),
              {.ts_from_us = range.ts_from_us,
               .ts_to_us = range.ts_to_us,
               .descending = range.descending,
               .filter = &values_.filter(),
               .counters = &counters}) {}

Status SignalReader::NextBatch() {
  began_ = true;
  next_ = 0;
  XTDB_ASSIGN_OR_RETURN(batch_, stream_.Next());
  return Status();
}

// Beyond the values up to that time, and that at it, or not.
Status SignalReader::PassUpTo(int64_t ts_us, bool with_itself) {
  const auto is_passed = [&](int64_t time_us) {
    return time_us == ts_us ? with_itself : IsBeyond(ts_us, time_us);
  };
  if (!began_) XTDB_RETURN_IF_ERROR(NextBatch());
  while (batch_ != nullptr && is_passed(TimeAt(next_))) {
    const size_t size = batch_->end - batch_->begin;
    size_t end = size;
    for (++next_; next_ < end;) {
      const size_t middle = next_ + (end - next_) / 2;
      if (is_passed(TimeAt(middle))) {
        next_ = middle + 1;
      } else {
        end = middle;
      }
    }
    following_.reset();
    // Between what is still there of a part that was skipped and the range are others.
    if (IsInRange(TimeAt(next_ - 1))) prior_ = FoundPoint::At(*batch_->columns, Index(next_ - 1));
    if (next_ == size) XTDB_RETURN_IF_ERROR(NextBatch());
  }
  return Status();
}

Status SignalReader::SkipTo(int64_t ts_us) {
  if (!began_) XTDB_RETURN_IF_ERROR(NextBatch());
  if (batch_ == nullptr) return Status();
  if (const size_t size = batch_->end - batch_->begin; IsBeyond(ts_us, TimeAt(size - 1))) {
    (range_.descending ? range_.ts_to_us : range_.ts_from_us) = ts_us;
    stream_.SkipTo(ts_us);
    prior_.reset();
    looked_prior_ = false;
    following_.reset();
    XTDB_RETURN_IF_ERROR(NextBatch());
  }
  return PassUpTo(ts_us, false);
}

Result<std::optional<int64_t>> SignalReader::NextTime() {
  if (!began_) XTDB_RETURN_IF_ERROR(NextBatch());
  if (at_us_) XTDB_RETURN_IF_ERROR(PassUpTo(*at_us_, true));
  if (batch_ == nullptr) return std::optional<int64_t>();
  return std::optional<int64_t>(TimeAt(next_));
}

// The last value before the range.
Result<std::optional<FoundPoint>> SignalReader::FindBefore() const {
  if (range_.ts_from_us <= kTsMin) return std::optional<FoundPoint>();
  const int64_t last_us = range_.ts_from_us - 1;
  const bool is_open = request_.gap_max_us >= last_us - kTsMin;
  return values_.Last(is_open ? kTsMin : last_us - request_.gap_max_us, last_us);
}

// The first one behind it.
Result<std::optional<FoundPoint>> SignalReader::FindBehind() const {
  if (range_.ts_to_us >= kTsMax) return std::optional<FoundPoint>();
  const int64_t first_us = range_.ts_to_us + 1;
  const bool is_open = request_.gap_max_us >= kTsMax - first_us;
  return values_.First(first_us, is_open ? kTsMax : first_us + request_.gap_max_us);
}

// What comes, in the reader's direction, before the values that it has not passed.
Result<const FoundPoint*> SignalReader::Prior() {
  if (!prior_ && !std::exchange(looked_prior_, true)) {
    XTDB_ASSIGN_OR_RETURN(prior_, range_.descending ? FindBehind() : FindBefore());
  }
  return prior_ ? &*prior_ : nullptr;
}

// The first of those, and of all beyond the range.
Result<const FoundPoint*> SignalReader::Following() {
  if (batch_ != nullptr && !following_) {
    following_ = FoundPoint::At(*batch_->columns, Index(next_));
  } else if (batch_ == nullptr && !std::exchange(looked_beyond_, true)) {
    XTDB_ASSIGN_OR_RETURN(following_, range_.descending ? FindBefore() : FindBehind());
  }
  return following_ ? &*following_ : nullptr;
}

Result<std::optional<Sampled>> SignalReader::At(int64_t ts_us) {
  at_us_ = ts_us;
  // What is at the time itself counts as before it.
  XTDB_RETURN_IF_ERROR(PassUpTo(ts_us, !range_.descending));
  const bool looks_behind = LooksBehind(request_.mode);
  const FoundPoint* before = nullptr;
  const FoundPoint* behind = nullptr;
  if (range_.descending) {
    XTDB_ASSIGN_OR_RETURN(before, Following());
    if (looks_behind) {
      XTDB_ASSIGN_OR_RETURN(behind, Prior());
    }
  } else {
    XTDB_ASSIGN_OR_RETURN(before, Prior());
    if (looks_behind) {
      XTDB_ASSIGN_OR_RETURN(behind, Following());
    }
  }
  return SampleBetween(request_, before, behind, ts_us);
}

}  // namespace xtdb
