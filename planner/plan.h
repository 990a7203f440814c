#pragma once

#include <memory>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/read_view.h"
#include "planner/predicate.h"
#include "planner/request.h"

namespace xtdb {

// Rows of one tag, in the order asked for: rows [begin, end) of `columns`, from end - 1 down to
// begin if `reversed`. Every row in the range belongs to the batch.
struct Batch {
  TagPtr tag;
  // No tombstones in the batch. Of the tag's type: integers written before the tag widened are
  // float64 here. kNone: every row is NULL.
  const PointColumns* columns = nullptr;
  size_t begin = 0;
  size_t end = 0;
  bool reversed = false;
};

// A request made into an order of work over chunks, blocks and memory, and its execution, lazily: a
// block is read when the merge reaches its first time, a vector decoded when a row of it is due.
//
// Ownership: keeps the snapshot alive; copies what it needs of staging when made.
// Threads:   one at a time.
class Plan {
 public:
  // Does not read yet. Chunks are pruned by time, blocks found by (tag, time) and pruned by zone
  // maps, where nothing older of the tag overlaps (else an older point would come back), when their
  // tag is due.
  static Result<std::unique_ptr<Plan>> Make(const ReadView& view, Request request);
  virtual ~Plan() = default;

  // The next batch of at least one row, or nullptr at the end; valid until the next call. Every row
  // is live, the newest of its (tag, ts), in the time range, and satisfies all predicates; offset
  // and limit are applied. On error (kCorruption, kIoError) the plan is over.
  virtual Result<const Batch*> Next() = 0;
  virtual const PlanCounters& counters() const = 0;
};

// The point of (tag, ts) in the view, if there is a live one.
struct FoundPoint {
  Point point;
  ValueType type = ValueType::kNone;
  std::string text;  // point.text points here, also in a copy

  static FoundPoint At(const PointColumns& columns, size_t row);
  FoundPoint() = default;
  FoundPoint(const FoundPoint& other);
  FoundPoint(FoundPoint&& other) noexcept;
  FoundPoint& operator=(FoundPoint other) noexcept;
  ~FoundPoint() = default;
};
// Which point is looked for: the first one in [ts_from, ts_to] that the filter accepts, or the
// last.
struct PointSearch {
  int64_t ts_from_us = kTsMin;
  int64_t ts_to_us = kTsMax;
  bool last = false;
  const RowFilter* filter = nullptr;  // null: any
  const MemoryRun* staged = nullptr;  // of a view that has no staging any more
};
Result<std::optional<FoundPoint>> FindPointIn(const ReadView& view, const TagPtr& tag,
                                              const PointSearch& search, PlanCounters& counters);
Result<std::optional<FoundPoint>> FindPoint(const ReadView& view, const TagPtr& tag, int64_t ts_us,
                                            PlanCounters* counters = nullptr);
// The newest live point at or before `ts_us`.
Result<std::optional<FoundPoint>> FindLastPoint(const ReadView& view, const TagPtr& tag,
                                                int64_t ts_us, PlanCounters* counters = nullptr);

}  // namespace xtdb
