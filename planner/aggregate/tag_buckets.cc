#include "planner/aggregate/tag_buckets.h"

#include <algorithm>
#include <utility>

#include "planner/view_sources.h"

namespace xtdb {

TagBuckets::TagBuckets(const ReadView& view, TagPtr tag, ReadView::Sources sources,
                       const BucketsRequest& request, PlanCounters& counters)
    : view_(view),
      tag_(std::move(tag)),
      sources_(std::move(sources)),
      request_(request),
      counters_(counters),
      tallier_(tag_->type, request.accept, request.weighting, request.wanted) {}

Result<std::optional<Bucket>> TagBuckets::Next() {
  while (ready_.empty()) {
    const bool is_over = began_ && block_ == nullptr && stream_ == nullptr && rest_.empty();
    if (is_over) return std::exchange(open_, std::nullopt);
    XTDB_RETURN_IF_ERROR(Advance());
  }
  std::optional<Bucket> bucket = std::move(ready_.front());
  ready_.pop_front();
  return bucket;
}

Status TagBuckets::Advance() {
  if (!began_) {
    began_ = true;
    XTDB_ASSIGN_OR_RETURN(parts_, PartsByTime(view_, tag_->id, sources_, counters_));
    rest_ = parts_;
    return Status();
  }
  if (block_ != nullptr) return ReadVector();
  if (stream_ != nullptr) return ReadBatch();
  return BeginParts();
}

Status TagBuckets::BeginParts() {
  const std::span<const TagPart> touching = TouchingParts(rest_);
  rest_ = rest_.subspan(touching.size());
  const TagPart& part = touching.front();
  if (touching.size() == 1 && part.block != nullptr && !part.has_deleted) return BeginPart(part);
  StreamOptions options;
  options.ts_from_us = request_.ts_from_us;
  options.ts_to_us = request_.ts_to_us;
  options.counters = &counters_;
  stream_ = std::make_unique<TagStream>(
      tag_, MakePointSources(view_, tag_->id, SourcesOf(touching), counters_), options);
  return Status();
}

// A block that nothing else of the tag meets, without tombstones and hidden points.
Status TagBuckets::BeginPart(const TagPart& part) {
  if (part.ts_max_us < request_.ts_from_us || part.ts_min_us > request_.ts_to_us) return Status();
  if (IsInRange(part.ts_min_us, part.ts_max_us) && IsInOneBucket(part.ts_min_us, part.ts_max_us)) {
    if (std::optional<Tally> tally = tallier_.OfBlock(*part.block->entry)) {
      ++counters_.blocks_from_statistics;
      Add(part.ts_min_us, std::move(*tally));
      return Status();
    }
  }
  block_ = part.mixed;
  if (block_ == nullptr) {
    XTDB_ASSIGN_OR_RETURN(block_, view_.Load(*part.block));
    ++counters_.blocks_read;
  }
  table_ = block_->TableOf(tag_->id);
  next_vector_ = 0;
  return Status();
}

Status TagBuckets::ReadVector() {
  if (next_vector_ == table_.vectors.size()) {
    block_ = nullptr;
    return Status();
  }
  const size_t index = next_vector_++;
  const VectorEntry& vector = table_.vectors[index];
  if (vector.ts_max_us < request_.ts_from_us || vector.ts_min_us > request_.ts_to_us) {
    ++counters_.vectors_pruned;
    return Status();
  }
  if (table_.has_statistics && IsInRange(vector.ts_min_us, vector.ts_max_us) &&
      IsInOneBucket(vector.ts_min_us, vector.ts_max_us)) {
    if (std::optional<Tally> tally = tallier_.OfVector(vector, table_.type)) {
      ++counters_.vectors_from_statistics;
      Add(vector.ts_min_us, std::move(*tally));
      return Status();
    }
  }
  decoded_.Clear();
  decoded_.type = table_.type;
  XTDB_RETURN_IF_ERROR(block_->DecodeVectorAt(table_.first_vector + index, decoded_));
  ++counters_.vectors_decoded;
  if (tag_->type == ValueType::kFloat64 && IsInteger(decoded_.type)) WidenToFloat64(decoded_);
  const auto& ts_us = decoded_.ts_us;
  const auto begin = std::lower_bound(ts_us.begin(), ts_us.end(), request_.ts_from_us);
  const auto end = std::upper_bound(begin, ts_us.end(), request_.ts_to_us);
  AddRows(decoded_, static_cast<size_t>(begin - ts_us.begin()),
          static_cast<size_t>(end - ts_us.begin()));
  return Status();
}

Status TagBuckets::ReadBatch() {
  XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream_->Next());
  if (batch == nullptr) {
    stream_ = nullptr;
    return Status();
  }
  AddRows(*batch->columns, batch->begin, batch->end);
  return Status();
}

void TagBuckets::AddRows(const PointColumns& columns, size_t begin, size_t end) {
  const auto last = columns.ts_us.begin() + static_cast<ptrdiff_t>(end);
  while (begin < end) {
    const int64_t ts_us = columns.ts_us[begin];
    EnterBucketOf(ts_us);
    const auto behind = std::lower_bound(columns.ts_us.begin() + static_cast<ptrdiff_t>(begin),
                                         last, bucket_end_us_);
    const auto stop = static_cast<size_t>(behind - columns.ts_us.begin());
    Add(ts_us, tallier_.OfRows(columns, begin, stop));
    begin = stop;
  }
}

// The tally's points lie in the bucket of `ts_us`.
void TagBuckets::Add(int64_t ts_us, Tally tally) {
  EnterBucketOf(ts_us);
  if (open_ && open_->start_us == bucket_start_us_) {
    tallier_.Append(open_->tally, std::move(tally));
    return;
  }
  if (open_) ready_.push_back(std::move(*open_));
  open_ = Bucket{bucket_start_us_, std::move(tally)};
}

bool TagBuckets::IsInRange(int64_t ts_min_us, int64_t ts_max_us) const {
  return ts_min_us >= request_.ts_from_us && ts_max_us <= request_.ts_to_us;
}

bool TagBuckets::IsInOneBucket(int64_t ts_min_us, int64_t ts_max_us) {
  EnterBucketOf(ts_min_us);
  return ts_max_us < bucket_end_us_;
}

void TagBuckets::EnterBucketOf(int64_t ts_us) {
  if (ts_us >= bucket_start_us_ && ts_us < bucket_end_us_) return;
  bucket_start_us_ = request_.buckets.FloorOf(ts_us);
  bucket_end_us_ = request_.buckets.NextOf(bucket_start_us_);
  // Else the points of the bucket would never come to an end.
  XTDB_CHECK(bucket_start_us_ <= ts_us && ts_us < bucket_end_us_);
}

}  // namespace xtdb
