#include "planner/time_merge.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace xtdb {
namespace {

size_t RowCount(const Batch& batch) { return batch.end - batch.begin; }

}  // namespace

TimeMerge::TimeMerge(std::vector<std::unique_ptr<TagStream>> streams, bool descending)
    : descending_(descending), streams_(std::move(streams)), in_hand_(streams_.size()) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    const std::optional<int64_t> bound = streams_[i]->bound();
    if (bound.has_value()) heap_.push_back({KeyOf(*bound), static_cast<uint32_t>(i)});
  }
  std::sort(heap_.begin(), heap_.end(), [](const Node& a, const Node& b) { return a.Before(b); });
}

int64_t TimeMerge::KeyAt(const Batch& batch, size_t row) const {
  return KeyOf(batch.columns->ts_us[batch.reversed ? batch.end - 1 - row : batch.begin + row]);
}

void TimeMerge::Sink(Node top) {
  size_t hole = 0;
  for (size_t child = 1; child < heap_.size(); child = 2 * hole + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].Before(heap_[child])) ++child;
    if (!heap_[child].Before(top)) break;
    heap_[hole] = heap_[child];
    hole = child;
  }
  heap_[hole] = top;
}

void TimeMerge::RemoveTop() {
  streams_[heap_.front().index].reset();
  const Node last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) Sink(last);
}

Status TimeMerge::ReadOn() {
  Node top = heap_.front();
  TagStream& stream = *streams_[top.index];
  std::optional<int64_t> until_us;
  if (heap_.size() > 1) {
    const bool third_first = heap_.size() > 2 && heap_[2].Before(heap_[1]);
    until_us = KeyOf(heap_[third_first ? 2 : 1].key);
  }
  XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream.Next(until_us));
  if (batch != nullptr) {
    in_hand_[top.index] = *batch;
    top.key = KeyAt(*batch, 0);
  } else {
    const std::optional<int64_t> bound = stream.bound();
    if (!bound.has_value()) {
      RemoveTop();
      return Status();
    }
    top.key = KeyOf(*bound);
  }
  Sink(top);
  return Status();
}

size_t TimeMerge::RowsBefore(const Batch& batch, const Node& self, const Node& rival) const {
  const auto before = [&](size_t row) { return Node{KeyAt(batch, row), self.index}.Before(rival); };
  const size_t rows = RowCount(batch);
  if (before(rows - 1)) return rows;
  size_t known = 0;
  size_t step = 1;
  while (known + step < rows && before(known + step - 1)) {
    known += step;
    step *= 2;
  }
  size_t behind = std::min(known + step, rows);
  while (known < behind) {
    const size_t middle = known + (behind - known) / 2;
    if (before(middle))
      known = middle + 1;
    else
      behind = middle;
  }
  return known;
}

Result<const Batch*> TimeMerge::Next() {
  while (!heap_.empty() && RowCount(in_hand_[heap_.front().index]) == 0) {
    const Status status = ReadOn();
    if (!status.ok()) {
      heap_.clear();
      return status;
    }
  }
  if (heap_.empty()) return nullptr;
  Node top = heap_.front();
  Batch& batch = in_hand_[top.index];
  size_t rows = RowCount(batch);
  if (heap_.size() > 1) {
    const bool third_first = heap_.size() > 2 && heap_[2].Before(heap_[1]);
    rows = RowsBefore(batch, top, heap_[third_first ? 2 : 1]);
  }
  out_ = batch;
  if (batch.reversed) {
    out_.begin = batch.end - rows;
    batch.end = out_.begin;
  } else {
    out_.end = batch.begin + rows;
    batch.begin = out_.end;
  }
  if (RowCount(batch) > 0) {
    top.key = KeyAt(batch, 0);
  } else {
    // A bound before the last row handed out is late: the stream has nothing more up to there.
    const std::optional<int64_t> bound = streams_[top.index]->bound();
    if (bound.has_value())
      top.key = std::max(top.key, KeyOf(*bound));
    else
      top.key = KeyAt(out_, rows - 1);
  }
  Sink(top);
  return &out_;
}

}  // namespace xtdb
