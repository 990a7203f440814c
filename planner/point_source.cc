#include "planner/point_source.h"

#include <algorithm>
#include <utility>

namespace xtdb {

OverlapIndex::OverlapIndex(std::vector<Range> ranges)
    : ranges_(std::move(ranges)), dropped_(ranges_.size(), false) {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.ts_min_us < b.ts_min_us; });
  latest_ts_us_.reserve(ranges_.size());
  for (const Range& range : ranges_) {
    latest_ts_us_.push_back(
        latest_ts_us_.empty() ? range.ts_max_us : std::max(latest_ts_us_.back(), range.ts_max_us));
  }
}

bool OverlapIndex::OlderMeets(uint32_t age, int64_t ts_min_us, int64_t ts_max_us) const {
  const auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), ts_max_us,
                       [](int64_t ts, const Range& range) { return ts < range.ts_min_us; });
  for (size_t i = static_cast<size_t>(behind - ranges_.begin()); i-- > 0;) {
    if (latest_ts_us_[i] < ts_min_us) return false;
    const Range& range = ranges_[i];
    if (range.age < age && range.ts_max_us >= ts_min_us && !dropped_[range.age]) return true;
  }
  return false;
}

void PointSource::Start(const SourceContext& context, uint32_t age) {
  age_ = age;
  if (!MeetsRange(context)) return SetExhausted();
  SetPending(context.descending ? std::min(ts_max_us_, context.ts_to_us)
                                : std::max(ts_min_us_, FromUs(context)));
}

void PointSource::SetRows(const PointColumns& columns, size_t begin, size_t end,
                          const SourceContext& context) {
  const auto first = columns.ts_us.begin() + static_cast<ptrdiff_t>(begin);
  const auto last = columns.ts_us.begin() + static_cast<ptrdiff_t>(end);
  columns_ = &columns;
  begin_ = begin;
  end_ = end;
  if (begin == end) return;
  const int64_t from_us = FromUs(context);
  if (*first < from_us) {
    begin_ += static_cast<size_t>(std::lower_bound(first, last, from_us) - first);
  }
  if (*(last - 1) > context.ts_to_us) {
    end_ -= static_cast<size_t>(last - std::upper_bound(first, last, context.ts_to_us));
  }
  if (begin_ > end_) begin_ = end_;
}

RunSource::RunSource(MemoryRun run)
    : PointSource(run.columns->ts_us.front(), run.columns->ts_us.back(), run.rank),
      run_(std::move(run)) {}

Status RunSource::Advance(const SourceContext& context) {
  SetExhausted();
  SetRows(*run_.columns, 0, run_.columns->size(), context);
  if (context.type == ValueType::kFloat64 && IsInteger(run_.columns->type)) {
    widened_.type = run_.columns->type;
    widened_.AppendRange(*run_.columns, begin(), end());
    WidenToFloat64(widened_);
    SetRows(widened_, 0, widened_.size(), context);
  }
  return Status();
}

bool VectorSource::CanSkip(const VectorEntry& entry, const SourceContext& context) const {
  if (IsOutside(entry, context)) return true;
  return context.filter != nullptr && table_.has_statistics &&
         !context.filter->CanMatch(ZoneMapOf(entry, table_.type)) &&
         !context.overlaps->OlderMeets(age(), std::max(entry.ts_min_us, FromUs(context)),
                                       std::min(entry.ts_max_us, context.ts_to_us));
}

void VectorSource::PlanVectors(const SourceContext& context) {
  for (size_t i = 0; i < table_.vectors.size(); ++i) {
    if (!CanSkip(table_.vectors[i], context)) wanted_.push_back(static_cast<uint16_t>(i));
  }
  context.counters->vectors_pruned += table_.vectors.size() - wanted_.size();
  if (!context.descending) std::reverse(wanted_.begin(), wanted_.end());
}

void VectorSource::SetNext(const SourceContext& context) {
  if (wanted_.empty()) return;
  const VectorEntry& next = table_.vectors[wanted_.back()];
  SetPending(context.descending ? std::min(next.ts_max_us, context.ts_to_us)
                                : std::max(next.ts_min_us, FromUs(context)));
}

// Less than a few of its vectors lie in the range, or only the first rows are wanted.
bool VectorSource::IsForFewPoints(const SourceContext& context) const {
  constexpr int64_t kShare = 8;
  const int64_t wanted_us = std::min(ts_max_us(), context.ts_to_us) - FromUs(context);
  return context.few_points || wanted_us < (ts_max_us() - ts_min_us()) / kShare;
}

Result<std::shared_ptr<const PointColumns>> VectorSource::DecodeShared(size_t index,
                                                                       ValueType type) {
  const auto rows = std::make_shared<PointColumns>();
  rows->type = type;
  XTDB_RETURN_IF_ERROR(Decode(index, *rows));
  return std::shared_ptr<const PointColumns>(rows);
}

Status VectorSource::DecodeNext(size_t index, const SourceContext& context) {
  const bool widens = context.type == ValueType::kFloat64 && IsInteger(table_.type);
  if (use_ == BlockUse::kFewPoints && !widens) {
    XTDB_ASSIGN_OR_RETURN(shared_, DecodeShared(index, table_.type));
    SetRows(*shared_, 0, shared_->size(), context);
    return Status();
  }
  decoded_.Clear();
  decoded_.type = table_.type;
  XTDB_RETURN_IF_ERROR(Decode(index, decoded_));
  if (widens) WidenToFloat64(decoded_);
  SetRows(decoded_, 0, decoded_.size(), context);
  return Status();
}

Status VectorSource::Advance(const SourceContext& context) {
  SetExhausted();
  if (!MeetsRange(context)) return Status();
  if (!opened_) {
    use_ = IsForFewPoints(context) ? BlockUse::kFewPoints : BlockUse::kScan;
    XTDB_ASSIGN_OR_RETURN(table_, Open(use_));
    opened_ = true;
    PlanVectors(context);
    SetNext(context);
    return Status();
  }
  while (!wanted_.empty() && IsOutside(table_.vectors[wanted_.back()], context)) {
    wanted_.pop_back();
    ++context.counters->vectors_pruned;
  }
  if (wanted_.empty()) return Status();
  const size_t index = wanted_.back();
  wanted_.pop_back();
  XTDB_RETURN_IF_ERROR(DecodeNext(index, context));
  ++context.counters->vectors_decoded;
  SetNext(context);
  return Status();
}

}  // namespace xtdb
