#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "planner/aggregate/bucket_series.h"

namespace xtdb {

struct AggregateRow {
  TagPtr tag;
  SeriesRow series;
};

// The buckets of many tags, by tag and time. Where there is much to decode, tags are worked on side
// by side, some ahead of the caller.
//
// Threads: one at a time; it may use others until a call returns.
class AggregatePlan {
 public:
  // tags:   in the order of the rows
  // view:   asked for in the caller's thread, when tags are begun
  AggregatePlan(std::vector<TagPtr> tags, SeriesRequest request, size_t threads,
                std::function<ReadView()> view);

  // The next row; nothing at the end, or after an error.
  Result<std::optional<AggregateRow>> Next();
  PlanCounters counters() const;  // so far

 private:
  struct TagWork {
    TagPtr tag;
    PlanCounters counters;
    std::unique_ptr<BucketSeries> series;
    std::deque<SeriesRow> rows;  // made ahead; all of the series' unless it is still there
  };
  Status BeginTags();
  Status MakeRowsAhead();

  const std::vector<TagPtr> tags_;
  const SeriesRequest request_;
  const size_t threads_;
  const std::function<ReadView()> view_;
  size_t next_tag_ = 0;
  std::deque<std::unique_ptr<TagWork>> begun_;
  PlanCounters counters_;
};

}  // namespace xtdb
