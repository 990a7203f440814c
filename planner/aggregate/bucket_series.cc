#include "planner/aggregate/bucket_series.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "planner/view_sources.h"

namespace xtdb {
namespace {

double Between(const double a, const double b, double share) { return a + (b - a) * share; }

bool LooksAround(const SeriesRequest& request) {
  return request.buckets.wanted.weights || request.fill == Fill::kLocf ||
         request.fill == Fill::kLinear;
}

// By the width of the first bucket.
uint64_t RowsMax(const ReadView::Sources& sources, const SeriesRequest& request) {
  const BucketsRequest& buckets = request.buckets;
  if (buckets.buckets.is_whole()) return 1;
  int64_t first_us = kTsMax, last_us = kTsMin;
  for (const BlockRef& block : sources.blocks) {
    first_us = std::min(first_us, block.entry->ts_min_us);
    last_us = std::max(last_us, block.entry->ts_max_us);
  }
  for (const MemoryRun& run : sources.runs) {
    if (run.columns->empty()) continue;
    first_us = std::min(first_us, run.columns->ts_us.front());
    last_us = std::max(last_us, run.columns->ts_us.back());
  }
  const bool is_filled = request.fill != Fill::kNone;
  if (is_filled && request.has_start) first_us = buckets.ts_from_us;
  if (is_filled && request.has_stop) last_us = buckets.ts_to_us;
  first_us = std::max(first_us, buckets.ts_from_us);
  last_us = std::min(last_us, buckets.ts_to_us);
  if (first_us > last_us) return 0;
  const int64_t start_us = buckets.buckets.FloorOf(first_us);
  const int64_t width_us = buckets.buckets.NextOf(start_us) - start_us;
  return static_cast<uint64_t>((last_us - start_us) / width_us) + 1;
}

}  // namespace

SeriesRequest SeriesRequest::For(const TagDefinition& tag) const {
  SeriesRequest request = *this;
  if (is_as_tag_says && tag.interpolation != Interpolation::kUnset) {
    request.buckets.weighting.is_linear = tag.interpolation == Interpolation::kSloped;
  }
  return request;
}

void SeriesRequest::CutTo(int64_t min_us, int64_t max_us) {
  const Buckets& cut = buckets.buckets;
  if (cut.is_whole() || fill != Fill::kNone) return;
  if (min_us > kTsMin) {
    int64_t first_us = cut.FloorOf(min_us);
    if (first_us < min_us) first_us = cut.NextOf(first_us);
    is_cut_before = first_us > buckets.ts_from_us;
    buckets.ts_from_us = std::max(buckets.ts_from_us, first_us);
  }
  if (max_us < kTsMax) {
    const int64_t last_us = cut.NextOf(cut.FloorOf(max_us)) - 1;
    is_cut_behind = last_us < buckets.ts_to_us;
    buckets.ts_to_us = std::min(buckets.ts_to_us, last_us);
  }
}

BucketSeries::BucketSeries(const ReadView& view, TagPtr tag, ReadView::Sources sources,
                           const SeriesRequest& request, PlanCounters& counters)
    : view_(view.WithoutStaging()),
      tag_(tag),
      request_(request.For(*tag_)),
      looks_around_(LooksAround(request)),
      looks_outside_(looks_around_ && request.buckets.weighting.bounds != Bounds::kNone),
      points_max_(PointsMax(sources)),
      rows_max_(RowsMax(sources, request)),
      buckets_(view_, tag, std::move(sources), request_.buckets, counters) {
  if (looks_around_) values_.emplace(view, std::move(tag), request.buckets.accept, counters);
}

Result<std::unique_ptr<BucketSeries>> BucketSeries::Make(const ReadView& view, TagPtr tag,
                                                         const SeriesRequest& request,
                                                         PlanCounters& counters) {
  const BucketsRequest& buckets = request.buckets;
  XTDB_ASSIGN_OR_RETURN(ReadView::Sources sources, FindTagSources(view, tag->id, buckets.ts_from_us,
                                                                  buckets.ts_to_us, counters));
  return std::unique_ptr<BucketSeries>(
      new BucketSeries(view, std::move(tag), std::move(sources), request, counters));
}

// The value nearest to one end of [from, to].
Result<std::optional<BucketSeries::Edge>> BucketSeries::FindEdge(int64_t ts_from_us,
                                                                 int64_t ts_to_us,
                                                                 bool last) const {
  XTDB_ASSIGN_OR_RETURN(
      const std::optional<FoundPoint> found,
      last ? values_->Last(ts_from_us, ts_to_us) : values_->First(ts_from_us, ts_to_us));
  if (!found) return std::optional<Edge>();
  Edge edge;
  edge.sample.ts_us = found->point.ts_us;
  if (tag_->type == ValueType::kText) {
    const std::string& text = found->text;
    edge.carried.texts = std::make_shared<TextEnds>(TextEnds{text, text, text, text});
    return std::optional<Edge>(std::move(edge));
  }
  const ValueBits bits = found->point.bits;
  edge.sample.value = ToDouble(tag_->type, bits);
  edge.carried = {bits, bits, bits, bits, edge.sample.value, nullptr};
  return std::optional<Edge>(std::move(edge));
}

Status BucketSeries::Begin() {
  began_ = true;
  XTDB_RETURN_IF_ERROR(ReadAhead());
  const BucketsRequest& buckets = request_.buckets;
  const bool has_before = request_.has_start || request_.is_cut_before;
  if (looks_outside_ && has_before && buckets.ts_from_us > kTsMin) {
    const int64_t gap_us = buckets.weighting.gap_max_us;
    const int64_t last_us = buckets.ts_from_us - 1;
    const int64_t first_us = gap_us < last_us - kTsMin ? last_us - gap_us : kTsMin;
    XTDB_ASSIGN_OR_RETURN(const std::optional<Edge> edge, FindEdge(first_us, last_us, true));
    if (edge) {
      before_ = edge->sample;
      if (buckets.weighting.bounds == Bounds::kSimple) {
        XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> refused_us,
                              values_->FirstPoint(edge->sample.ts_us + 1, last_us));
        before_->ended_us = refused_us.value_or(kNever);
      }
      carrying_ = Neighbour{edge->sample.ts_us, edge->sample.ts_us, edge->carried};
    }
  }
  next_start_us_ = request_.has_start ? buckets.buckets.FloorOf(buckets.ts_from_us)
                   : queue_.empty()   ? kTsMax + 1
                                      : queue_.front().start_us;
  return Status();
}

// Until a bucket with a value stands behind the first one, which lines and weights may need.
Status BucketSeries::ReadAhead() {
  while (!is_read_) {
    const bool is_enough =
        looks_around_ ? !valued_.empty() && valued_.back() > front_number_ : !queue_.empty();
    if (is_enough) return Status();
    XTDB_ASSIGN_OR_RETURN(std::optional<Bucket> bucket, buckets_.Next());
    is_read_ = !bucket.has_value();
    if (!bucket) break;
    if (bucket->tally.count != 0) valued_.push_back(front_number_ + queue_.size());
    queue_.push_back(std::move(*bucket));
  }
  return NeedsValueBehind() ? FindBehind() : Status();
}

Bucket BucketSeries::TakeBucket() {
  Bucket bucket = std::move(queue_.front());
  queue_.pop_front();
  if (!valued_.empty() && valued_.front() == front_number_) valued_.pop_front();
  ++front_number_;
  return bucket;
}

// A line leads to it; and a value is held up to it, where that is later than now.
bool BucketSeries::NeedsValueBehind() const {
  const BucketsRequest& buckets = request_.buckets;
  if (request_.fill == Fill::kLinear) return true;
  return buckets.wanted.weights && (buckets.weighting.is_linear || request_.is_cut_behind ||
                                    buckets.ts_to_us >= request_.now_us);
}

Status BucketSeries::FindBehind() {
  if (looked_behind_) return Status();
  looked_behind_ = true;
  const BucketsRequest& buckets = request_.buckets;
  const bool has_behind = request_.has_stop || request_.is_cut_behind;
  if (!looks_outside_ || !has_behind || buckets.ts_to_us >= kTsMax) return Status();
  XTDB_ASSIGN_OR_RETURN(behind_, FindEdge(buckets.ts_to_us + 1, kTsMax, false));
  if (buckets.weighting.bounds != Bounds::kSimple) return Status();
  const int64_t last_us = behind_ ? behind_->sample.ts_us - 1 : kTsMax;
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> refused_us,
                        values_->FirstPoint(buckets.ts_to_us + 1, last_us));
  refused_behind_us_ = refused_us.value_or(kNever);
  return Status();
}

Result<std::optional<SeriesRow>> BucketSeries::Next() {
  if (!began_) XTDB_RETURN_IF_ERROR(Begin());
  XTDB_RETURN_IF_ERROR(ReadAhead());
  const int64_t full_us = queue_.empty() ? kTsMax + 1 : queue_.front().start_us;
  if (request_.fill != Fill::kNone && FillsBefore(full_us)) {
    return std::optional<SeriesRow>(EmptyRow());
  }
  if (queue_.empty()) return std::optional<SeriesRow>();
  return std::optional<SeriesRow>(FullRow());
}

// Whether an empty bucket comes before the one that begins at `start_us`.
bool BucketSeries::FillsBefore(int64_t start_us) const {
  if (request_.buckets.buckets.is_whole() || next_start_us_ >= start_us) return false;
  if (!queue_.empty()) return true;
  if (!request_.has_stop || next_start_us_ > request_.buckets.ts_to_us) return false;
  // A tag without a point in the range has no rows, unless there is something to fill them with.
  return has_rows_ || FigureAt(next_start_us_).has_value();
}

SeriesRow BucketSeries::EmptyRow() {
  has_rows_ = true;
  SeriesRow row;
  row.start_us = next_start_us_;
  row.filled = FigureAt(row.start_us);
  row.area = AreaOf(row.start_us, row.tally);
  next_start_us_ = request_.buckets.buckets.NextOf(next_start_us_);
  return row;
}

std::optional<Carried> BucketSeries::FigureAt(int64_t start_us) const {
  if (!carrying_ || request_.fill == Fill::kNull) return std::nullopt;
  const int64_t gap_max_us = request_.buckets.weighting.gap_max_us;
  if (request_.fill == Fill::kLocf) {
    // A bucket that the range cuts begins where the range does.
    const int64_t at_us = std::max(start_us, request_.buckets.ts_from_us);
    if (at_us - carrying_->sample_us > gap_max_us) return std::nullopt;
    return carrying_->carried;
  }
  if (tag_->type == ValueType::kText) return std::nullopt;
  Neighbour next;
  if (!queue_.empty()) {
    const Bucket& bucket = queue_.front();
    if (bucket.tally.count == 0) return std::nullopt;
    next = {bucket.start_us, bucket.tally.first_ts_us, CarriedOf(bucket.tally)};
  } else if (behind_) {
    next = {behind_->sample.ts_us, behind_->sample.ts_us, behind_->carried};
  } else {
    return std::nullopt;
  }
  if (next.sample_us - carrying_->sample_us > gap_max_us) return std::nullopt;
  // A bucket that the range cuts begins, for the line, where the range does.
  return Interpolate(*carrying_, next, std::max(start_us, request_.buckets.ts_from_us));
}

ValueBits BucketSeries::FromLine(double value) const {
  if (tag_->type == ValueType::kFloat64) return FromDouble(value);
  if (tag_->type == ValueType::kFloat32) return FromFloat(static_cast<float>(value));
  // Beyond these a double is no int64.
  constexpr double kLeast = -9'223'372'036'854'775'808.0;
  constexpr double kGreatest = 9'223'372'036'854'774'784.0;
  return FromInt64(static_cast<int64_t>(std::clamp(std::round(value), kLeast, kGreatest)));
}

Carried BucketSeries::Interpolate(const Neighbour& a, const Neighbour& b, int64_t at_us) const {
  const double share = b.at_us == a.at_us ? 0
                                          : static_cast<double>(at_us - a.at_us) /
                                                static_cast<double>(b.at_us - a.at_us);
  const auto between = [&](ValueBits left, ValueBits right) {
    if (left == right) return left;  // exact, also where doubles are not
    return FromLine(Between(ToDouble(tag_->type, left), ToDouble(tag_->type, right), share));
  };
  Carried line;
  line.min = between(a.carried.min, b.carried.min);
  line.max = between(a.carried.max, b.carried.max);
  line.first = between(a.carried.first, b.carried.first);
  line.last = between(a.carried.last, b.carried.last);
  line.avg = Between(a.carried.avg, b.carried.avg, share);
  return line;
}

Carried BucketSeries::CarriedOf(const Tally& tally) const {
  if (tag_->type == ValueType::kText) {
    Carried carried;
    carried.texts = std::make_shared<TextEnds>(*tally.texts);
    return carried;
  }
  return {tally.min, tally.max, tally.first, tally.last, MeanOf(tag_->type, tally), nullptr};
}

SeriesRow BucketSeries::FullRow() {
  Bucket bucket = TakeBucket();
  has_rows_ = true;
  SeriesRow row;
  row.start_us = bucket.start_us;
  row.area = AreaOf(bucket.start_us, bucket.tally);
  row.tally = std::move(bucket.tally);
  carrying_.reset();
  if (row.tally.count == 0 && before_) {
    before_->ended_us = std::min(before_->ended_us, row.tally.refused_before_us);
  }
  if (row.tally.count != 0 && looks_around_) {
    before_ = LastOf(tag_->type, row.tally);
    if (request_.fill != Fill::kNone) {
      carrying_ = Neighbour{row.start_us, row.tally.last_ts_us, CarriedOf(row.tally)};
    }
  }
  next_start_us_ = request_.buckets.buckets.NextOf(row.start_us);
  return row;
}

// Behind the bucket that is due, as far as it is known.
BucketSeries::Behind BucketSeries::FindBehindBucket() const {
  Behind behind;
  // Of the points before the next value that are not accepted the first counts: if there is one in
  // these buckets, then in the first of them.
  if (!queue_.empty()) behind.refused_us = queue_.front().tally.refused_before_us;
  if (!valued_.empty()) {
    const Bucket& bucket = queue_[static_cast<size_t>(valued_.front() - front_number_)];
    behind.sample = FirstOf(tag_->type, bucket.tally);
    return behind;
  }
  behind.refused_us = std::min(behind.refused_us, refused_behind_us_);
  if (behind_) behind.sample = behind_->sample;
  return behind;
}

Area BucketSeries::AreaOf(int64_t start_us, const Tally& tally) const {
  Area area;
  if (!request_.buckets.wanted.weights || tag_->type == ValueType::kText) return area;
  const BucketsRequest& buckets = request_.buckets;
  const Weighting& weighting = buckets.weighting;
  if (weighting.bounds == Bounds::kNone) return tally.inner;
  const int64_t begin_us = std::max(start_us, buckets.ts_from_us);
  int64_t end_us = std::min(buckets.buckets.NextOf(start_us), buckets.ts_to_us + 1);
  std::optional<Sample> last = before_;
  if (last) last->ended_us = std::min(last->ended_us, tally.refused_before_us);
  if (tally.count != 0) {
    const Sample first = FirstOf(tag_->type, tally);
    if (last) area.Add(AreaBetween(weighting, *last, first, begin_us, first.ts_us));
    area.Add(tally.inner);
    last = LastOf(tag_->type, tally);
  }
  if (!last) return area;
  const Behind behind = FindBehindBucket();
  last->ended_us = std::min(last->ended_us, behind.refused_us);
  if (!behind.sample) {
    end_us = std::min(end_us, request_.has_stop ? request_.now_us : last->ts_us);
  }
  area.Add(AreaBetween(weighting, *last, behind.sample, begin_us, end_us));
  return area;
}

}  // namespace xtdb
