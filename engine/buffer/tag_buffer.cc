#include "engine/buffer/tag_buffer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/status.h"
#include "engine/codec/codec_kernels.h"

namespace xtdb {

namespace {

constexpr size_t kFirstCapacityRows = 16;

size_t RowsAt(const PointColumns& columns, int64_t ts_from, size_t rows) {
  const auto begin = columns.ts_us.begin();
  return static_cast<size_t>(
      std::lower_bound(begin, begin + static_cast<ptrdiff_t>(rows), ts_from) - begin);
}

}  // namespace

bool SnapshotSet::MayHaveAny(LSN first, LSN end) const {
  const auto found = std::lower_bound(live.begin(), live.end(), first);
  return coming_from < end || (found != live.end() && *found < end);
}

TagBuffer::TagBuffer() : last_ts_(std::numeric_limits<int64_t>::min()) {}

void TagBuffer::MakeRoom(Segment& segment, const PointColumns& rows) {
  if (segment.marks.size() == segment.marks.capacity()) {
    segment.marks.reserve(2 * segment.marks.size() + 1);
  }
  segment.columns.text_heap.reserve(segment.columns.text_heap.size() + rows.text_heap.size());
}

// What may throw comes before what changes the counts.
void TagBuffer::Prepare(const PointColumns& rows) {
  if (TailTakes(rows)) {
    Segment& tail = *segments_.back();
    MakeRoom(tail, rows);
    bytes_ += tail.columns.MemoryBytes() - tail.bytes;
    tail.bytes = tail.columns.MemoryBytes();
    return;
  }
  // Capacities grow with the tag's traffic, so that a slow tag takes little.
  const size_t grown = std::min(kSegmentRows, std::max(kFirstCapacityRows, row_count_));
  auto segment = std::make_shared<Segment>();
  segment->columns.type = rows.type;
  segment->columns.Reserve(std::max(grown, rows.size()));
  MakeRoom(*segment, rows);
  segment->bytes = segment->columns.MemoryBytes();
  AddSegment(std::move(segment));
}

void TagBuffer::PrepareTake(const PointColumns& rows) {
  if (!BecomesSegment(rows)) return Prepare(rows);
  auto segment = std::make_shared<Segment>();
  segment->columns.type = rows.type;
  segment->marks.reserve(1);
  segment->bytes = rows.MemoryBytes();
  AddSegment(std::move(segment));
}

// Memory beyond what the rows need would be lost to the budget.
bool TagBuffer::BecomesSegment(const PointColumns& rows) {
  const size_t capacity = rows.ts_us.capacity();
  return rows.size() >= kSegmentRows && capacity - rows.size() <= rows.size() / 4;
}

void TagBuffer::AddSegment(std::shared_ptr<Segment> segment) {
  segments_.push_back(std::move(segment));
  bytes_ += segments_.back()->bytes;
}

void TagBuffer::Unprepare() noexcept {
  if (segments_.empty() || !segments_.back()->columns.empty()) return;
  bytes_ -= segments_.back()->bytes;
  segments_.pop_back();
}

bool TagBuffer::TailTakes(const PointColumns& rows) const {
  if (segments_.empty()) return false;
  const PointColumns& tail = segments_.back()->columns;
  return tail.type == rows.type && tail.size() < kSegmentRows &&
         tail.size() + rows.size() <= tail.ts_us.capacity() &&
         tail.text_heap.size() < kSegmentTextBytes;
}

void TagBuffer::Append(const PointColumns& rows, LSN lsn, LSN first_frame_lsn) noexcept {
  PointColumns& columns = segments_.back()->columns;
  const size_t begin = columns.size();
  columns.AppendRange(rows, 0, rows.size());
  NoteAppended(begin, lsn, first_frame_lsn);
}

void TagBuffer::Take(PointColumns&& rows, LSN lsn, LSN first_frame_lsn) noexcept {
  if (!BecomesSegment(rows)) return Append(rows, lsn, first_frame_lsn);
  segments_.back()->columns = std::move(rows);
  NoteAppended(0, lsn, first_frame_lsn);
}

void TagBuffer::NoteAppended(size_t begin, LSN lsn, LSN first_frame_lsn) noexcept {
  Segment& tail = *segments_.back();
  const std::span<const int64_t> ts_us = tail.columns.ts_us;
  const std::span<const int64_t> added = ts_us.subspan(begin);
  const bool rises = Kernels().is_rising(added.data(), added.size());
  const auto [least, greatest] =
      rises ? std::pair(added.front(), added.back())
            : std::pair(*std::ranges::min_element(added), *std::ranges::max_element(added));
  tail.increasing = tail.increasing && rises && (begin == 0 || ts_us[begin - 1] < added.front());
  tail.ts_min = begin == 0 ? least : std::min(tail.ts_min, least);
  tail.ts_max = begin == 0 ? greatest : std::max(tail.ts_max, greatest);
  tail.marks.push_back({lsn, static_cast<uint32_t>(ts_us.size())});
  last_ts_ = std::max(last_ts_, tail.ts_max);
  row_count_ += added.size();
  first_frame_lsn_ = std::min(first_frame_lsn_, first_frame_lsn);
}

void TagBuffer::RunsOf(const std::vector<std::shared_ptr<Segment>>& segments, LSN lsn,
                       int64_t ts_from, int64_t ts_to, std::vector<MemoryRun>& out) {
  for (const std::shared_ptr<Segment>& segment : segments) {
    if (segment->marks.empty() || segment->marks.front().lsn > lsn) break;
    if (segment->ts_max < ts_from || segment->ts_min > ts_to) continue;
    const auto first_later =
        std::upper_bound(segment->marks.begin(), segment->marks.end(), lsn,
                         [](LSN at, const CommitMark& mark) { return at < mark.lsn; });
    const size_t rows = std::prev(first_later)->end_row;
    auto run = std::make_shared<PointColumns>();
    run->type = segment->columns.type;
    if (segment->increasing) {
      const size_t begin = RowsAt(segment->columns, ts_from, rows);
      const size_t end = ts_to == std::numeric_limits<int64_t>::max()
                             ? rows
                             : RowsAt(segment->columns, ts_to + 1, rows);
      run->AppendRange(segment->columns, begin, std::max(begin, end));
    } else {
      for (size_t row = 0; row < rows; ++row) {
        const int64_t ts_us = segment->columns.ts_us[row];
        if (ts_us >= ts_from && ts_us <= ts_to) run->AppendRow(segment->columns, row);
      }
      *run = SortedUnique(std::move(*run));
    }
    if (!run->empty()) out.push_back({std::move(run), segment->marks.front().lsn});
  }
}

void TagBuffer::RunsAt(LSN lsn, int64_t ts_from, int64_t ts_to, std::vector<MemoryRun>& out) const {
  for (const Retired& retired : retired_) {
    if (retired.flush_lsn > lsn) RunsOf(retired.segments, lsn, ts_from, ts_to, out);
  }
  RunsOf(segments_, lsn, ts_from, ts_to, out);
}

PointColumns TagBuffer::Collect(ValueType type) const {
  PointColumns all;
  all.type = type;
  all.Reserve(row_count_);
  for (const std::shared_ptr<Segment>& segment : segments_) {
    const PointColumns& columns = segment->columns;
    if (columns.type == type || columns.type == ValueType::kNone) {
      all.AppendRange(columns, 0, columns.size());
      continue;
    }
    PointColumns widened = columns;
    WidenToFloat64(widened);
    all.AppendRange(widened, 0, widened.size());
  }
  return SortedUnique(std::move(all));
}

void TagBuffer::Retire(LSN flush_lsn) {
  if (row_count_ == 0) return;
  // Without memory the rows stay where they are.
  if (retired_.size() == retired_.capacity()) retired_.reserve(2 * retired_.size() + 1);
  const LSN first_lsn = segments_.front()->marks.front().lsn;
  retired_.push_back({first_lsn, flush_lsn, std::move(segments_)});
  segments_.clear();
  row_count_ = 0;
  bytes_ = 0;
  first_frame_lsn_ = kMaxLsn;
}

void TagBuffer::Reclaim(const SnapshotSet& snapshots) {
  std::erase_if(retired_, [&](const Retired& retired) {
    return !snapshots.MayHaveAny(retired.first_lsn, retired.flush_lsn);
  });
}

size_t TagBuffer::retired_bytes() const {
  size_t bytes = 0;
  for (const Retired& retired : retired_) {
    for (const auto& segment : retired.segments) bytes += segment->columns.MemoryBytes();
  }
  return bytes;
}

}  // namespace xtdb
