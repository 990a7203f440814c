#include "planner/aggregate/aggregate_plan.h"

#include <algorithm>
#include <utility>

#include "engine/base/parallel.h"

namespace xtdb {
namespace {

// Fewer points are decoded before another thread would have begun.
constexpr uint64_t kParallelPointsMin = 256 * 1024;
// Tags that are begun at a time: enough for threads that take unequally long.
constexpr size_t kTagsPerThread = 4;
// Of a tag with more rows none are made ahead: they would fill memory.
constexpr uint64_t kRowsAheadMax = 10'000;

}  // namespace

AggregatePlan::AggregatePlan(std::vector<TagPtr> tags, SeriesRequest request, size_t threads,
                             std::function<ReadView()> view)
    : tags_(std::move(tags)),
      request_(std::move(request)),
      threads_(threads),
      view_(std::move(view)) {
  counters_.tags = tags_.size();
}

Result<std::optional<AggregateRow>> AggregatePlan::Next() {
  while (true) {
    if (begun_.empty()) {
      if (next_tag_ == tags_.size()) return std::optional<AggregateRow>();
      XTDB_RETURN_IF_ERROR(BeginTags());
    }
    TagWork& work = *begun_.front();
    std::optional<SeriesRow> row;
    if (!work.rows.empty()) {
      row = std::move(work.rows.front());
      work.rows.pop_front();
    } else if (work.series != nullptr) {
      XTDB_ASSIGN_OR_RETURN(row, work.series->Next());
    }
    if (row) {
      ++counters_.rows;
      return std::optional<AggregateRow>(AggregateRow{work.tag, std::move(*row)});
    }
    counters_.Add(work.counters);
    begun_.pop_front();
  }
}

PlanCounters AggregatePlan::counters() const {
  PlanCounters counters = counters_;
  for (const std::unique_ptr<TagWork>& work : begun_) counters.Add(work->counters);
  return counters;
}

// One tag, or as many as are worth it to begin at once.
Status AggregatePlan::BeginTags() {
  const ReadView view = view_();
  const size_t most = threads_ > 1 ? threads_ * kTagsPerThread : 1;
  uint64_t points = 0;
  while (next_tag_ < tags_.size() && begun_.size() < most) {
    auto work = std::make_unique<TagWork>();
    work->tag = tags_[next_tag_];
    XTDB_ASSIGN_OR_RETURN(work->series,
                          BucketSeries::Make(view, work->tag, request_, work->counters));
    points += work->series->points_max();
    begun_.push_back(std::move(work));
    ++next_tag_;
  }
  if (begun_.size() == 1 || points < kParallelPointsMin) return Status();
  return MakeRowsAhead();
}

Status AggregatePlan::MakeRowsAhead() {
  return ParallelFor(begun_.size(), threads_, [this](size_t i) -> Status {
    TagWork& work = *begun_[i];
    if (work.series->rows_max() > kRowsAheadMax) return Status();
    while (true) {
      XTDB_ASSIGN_OR_RETURN(std::optional<SeriesRow> row, work.series->Next());
      if (!row) break;
      work.rows.push_back(std::move(*row));
    }
    work.series = nullptr;
    return Status();
  });
}

}  // namespace xtdb
