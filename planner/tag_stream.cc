#include "planner/tag_stream.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

// Shorter stretches are gathered in a batch: copying costs less there than one more batch.
constexpr size_t kStretchRowsMin = 32;
constexpr size_t kBatchRowsMax = kVectorPointsMax;
constexpr size_t kFewRows = kStretchRowsMin;  // at a time, where few are wanted

}  // namespace

TagStream::TagStream(TagPtr tag, std::vector<std::unique_ptr<PointSource>> sources,
                     const StreamOptions& options)
    : sources_(std::move(sources)) {
  context_ = {.ts_from_us = options.ts_from_us,
              .ts_to_us = options.ts_to_us,
              .descending = options.descending,
              .few_points = options.few_points,
              .type = tag->type,
              .filter = options.filter,
              .overlaps = &overlaps_,
              .counters = options.counters};
  if (context_.filter != nullptr && context_.filter->accepts_all()) context_.filter = nullptr;
  batch_.tag = std::move(tag);
  std::stable_sort(sources_.begin(), sources_.end(),
                   [](const auto& a, const auto& b) { return a->rank() < b->rank(); });
  for (size_t i = 0; i < sources_.size(); ++i) {
    sources_[i]->Start(context_, static_cast<uint32_t>(i));
  }
  if (context_.filter != nullptr) PruneByZoneMaps();
  for (size_t i = 0; i < sources_.size(); ++i) {
    PointSource* source = sources_[i].get();
    if (source == nullptr || source->exhausted()) continue;
    heap_.push_back(
        {KeyOf(source->next_ts(context_.descending)), static_cast<uint32_t>(i), source});
  }
  // Sorted is a heap too.
  std::sort(heap_.begin(), heap_.end(), [](const Node& a, const Node& b) { return a.Before(b); });
}

// Oldest first: what is pruned then no longer stands in the way of newer ones.
void TagStream::PruneByZoneMaps() {
  std::vector<OverlapIndex::Range> ranges;
  ranges.reserve(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    ranges.push_back(
        {sources_[i]->ts_min_us(), sources_[i]->ts_max_us(), static_cast<uint32_t>(i)});
  }
  overlaps_ = OverlapIndex(std::move(ranges));
  for (uint32_t age = 0; age < sources_.size(); ++age) {
    const PointSource& source = *sources_[age];
    const std::optional<ZoneMap> zone = source.zone_map();
    if (!zone.has_value() || source.exhausted() || context_.filter->CanMatch(*zone)) continue;
    if (overlaps_.OlderMeets(age, std::max(source.ts_min_us(), context_.ts_from_us),
                             std::min(source.ts_max_us(), context_.ts_to_us))) {
      continue;
    }
    overlaps_.Drop(age);
    sources_[age].reset();
    ++context_.counters->blocks_pruned;
  }
}

std::optional<int64_t> TagStream::bound() const {
  if (run_.size() > 0) {
    return run_.columns->ts_us[context_.descending ? run_.end - 1 : run_.begin];
  }
  if (heap_.empty()) return std::nullopt;
  return KeyOf(heap_.front().key);  // its own inverse
}

void TagStream::LetGo() {
  if (buffer_is_out_) {
    buffer_.Clear();
    buffer_.type = ValueType::kNone;
    buffer_is_out_ = false;
  }
  if (run_.size() > 0) return;
  for (const uint32_t age : drained_) sources_[age].reset();
  drained_.clear();
}

Result<const Batch*> TagStream::Next(std::optional<int64_t> until_us) {
  LetGo();
  while (true) {
    if (const Batch* batch = DrainRun(); batch != nullptr) return batch;
    if (heap_.empty()) break;
    if (SkipReplaced()) continue;
    PointSource& source = *heap_.front().source;
    if (source.has_rows()) {
      TakeRun();
      continue;
    }
    // What is there goes out before more is read: the caller may have enough.
    if (!buffer_.empty()) return EmitBuffer();
    if (until_us.has_value() && heap_.front().key > KeyOf(*until_us)) return nullptr;
    const Status status = source.Advance(context_);
    if (!status.ok()) {
      heap_.clear();
      return status;
    }
    UpdateTop();
  }
  return buffer_.empty() ? nullptr : EmitBuffer();
}

void TagStream::UpdateTop() {
  Node top = heap_.front();
  if (top.source->exhausted()) {
    drained_.push_back(top.age);
    top = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return;
  } else {
    top.key = KeyOf(top.source->next_ts(context_.descending));
  }
  size_t hole = 0;
  for (size_t child = 1; child < heap_.size(); child = 2 * hole + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].Before(heap_[child])) ++child;
    if (!heap_[child].Before(top)) break;
    heap_[hole] = heap_[child];
    hole = child;
  }
  heap_[hole] = top;
}

// Drops what the row taken last replaces: one row, or a source that has no other and need not be
// opened.
bool TagStream::SkipReplaced() {
  if (last_key_ != heap_.front().key) return false;
  PointSource& source = *heap_.front().source;
  if (source.has_rows()) {
    source.Take(1, context_.descending);
  } else {
    const int64_t end_us = context_.descending ? std::max(source.ts_min_us(), context_.ts_from_us)
                                               : std::min(source.ts_max_us(), context_.ts_to_us);
    if (KeyOf(end_us) > *last_key_) return false;
    source.Abandon();
  }
  UpdateTop();
  return true;
}

// How many of the source's rows come before `rival_key`; runs are often either whole or short.
size_t TagStream::RowsBefore(const PointSource& source, int64_t rival_key) const {
  const std::vector<int64_t>& ts_us = source.columns().ts_us;
  const size_t rows = source.end() - source.begin();
  const auto key_at = [&](size_t i) {
    return KeyOf(ts_us[context_.descending ? source.end() - 1 - i : source.begin() + i]);
  };
  if (key_at(rows - 1) < rival_key) return rows;
  size_t known = 0;  // rows known to come before
  size_t step = 1;
  while (known + step < rows && key_at(known + step - 1) < rival_key) {
    known += step;
    step *= 2;
  }
  size_t behind = std::min(known + step, rows);
  while (known < behind) {
    const size_t middle = known + (behind - known) / 2;
    if (key_at(middle) < rival_key)
      known = middle + 1;
    else
      behind = middle;
  }
  return known;
}

void TagStream::TakeRun() {
  PointSource& source = *heap_.front().source;
  size_t rows = source.end() - source.begin();
  if (heap_.size() > 1) {
    const bool third_first = heap_.size() > 2 && heap_[2].Before(heap_[1]);
    // Of the same ts only this row: it is the newest, the rival's is replaced.
    rows = std::max<size_t>(RowsBefore(source, heap_[third_first ? 2 : 1].key), 1);
  }
  rows = std::min(rows, context_.few_points ? kFewRows : kBatchRowsMax);
  run_.columns = &source.columns();
  run_.begin = context_.descending ? source.end() - rows : source.begin();
  run_.end = run_.begin + rows;
  last_key_ = KeyOf(run_.columns->ts_us[context_.descending ? run_.begin : run_.end - 1]);
  source.Take(rows, context_.descending);
  UpdateTop();
  PrepareMask();
}

void TagStream::PrepareMask() {
  const uint8_t* flags = run_.columns->flags.data();
  uint8_t any = 0;
  for (size_t row = run_.begin; row < run_.end; ++row) any |= flags[row];
  has_mask_ = context_.filter != nullptr || (any & kPointDeleted) != 0;
  if (!has_mask_) return;
  mask_begin_ = run_.begin;
  mask_.resize(run_.size());
  for (size_t row = run_.begin; row < run_.end; ++row) {
    mask_[row - run_.begin] = static_cast<uint8_t>((flags[row] & kPointDeleted) == 0);
  }
  if (context_.filter != nullptr) {
    context_.filter->Apply(*run_.columns, run_.begin, run_.end, mask_.data());
  }
}

size_t TagStream::NextStretch() {
  if (!has_mask_) return run_.size();
  const auto accepted = [&](size_t row) { return mask_[row - mask_begin_] != 0; };
  size_t rows = 0;
  if (context_.descending) {
    while (run_.size() > 0 && !accepted(run_.end - 1)) --run_.end;
    while (rows < run_.size() && accepted(run_.end - 1 - rows)) ++rows;
  } else {
    while (run_.size() > 0 && !accepted(run_.begin)) ++run_.begin;
    while (rows < run_.size() && accepted(run_.begin + rows)) ++rows;
  }
  return rows;
}

// No row is at hand that could join the stretch in one batch.
bool TagStream::IsAlone(size_t stretch) const {
  return buffer_.empty() && stretch == run_.size() &&
         (heap_.empty() || !heap_.front().source->has_rows());
}

bool TagStream::FitsBuffer() const {
  return buffer_.type == run_.columns->type || buffer_.type == ValueType::kNone ||
         run_.columns->type == ValueType::kNone;
}

// Hands out or buffers the run's rows; nullptr: the run is used up.
const Batch* TagStream::DrainRun() {
  while (run_.size() > 0) {
    const size_t stretch = NextStretch();
    if (stretch == 0) break;
    const bool copies = stretch < kStretchRowsMin && !IsAlone(stretch);
    if (!buffer_.empty() && (!copies || !FitsBuffer())) return EmitBuffer();
    if (!copies) return EmitStretch(stretch);
    Buffer(std::min(stretch, kBatchRowsMax - buffer_.size()));
    if (buffer_.size() == kBatchRowsMax) return EmitBuffer();
  }
  return nullptr;
}

void TagStream::Buffer(size_t rows) {
  if (buffer_.type == ValueType::kNone) buffer_.type = run_.columns->type;
  if (context_.descending) {
    for (size_t i = 0; i < rows; ++i) buffer_.AppendRow(*run_.columns, --run_.end);
  } else {
    buffer_.AppendRange(*run_.columns, run_.begin, run_.begin + rows);
    run_.begin += rows;
  }
}

const Batch* TagStream::EmitStretch(size_t rows) {
  batch_.columns = run_.columns;
  batch_.reversed = context_.descending;
  if (context_.descending) {
    batch_.end = run_.end;
    batch_.begin = run_.end -= rows;
  } else {
    batch_.begin = run_.begin;
    batch_.end = run_.begin += rows;
  }
  return &batch_;
}

const Batch* TagStream::EmitBuffer() {
  buffer_is_out_ = true;
  batch_.columns = &buffer_;
  batch_.begin = 0;
  batch_.end = buffer_.size();
  batch_.reversed = false;
  return &batch_;
}

}  // namespace xtdb
