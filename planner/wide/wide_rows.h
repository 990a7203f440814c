#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "planner/aggregate/buckets.h"
#include "planner/wide/signal_reader.h"

namespace xtdb {

struct WideColumn {
  TagPtr tag;             // null: there is no such tag
  bool is_wanted = true;  // else its values are not looked for
};

struct WideRequest {
  std::vector<WideColumn> columns;
  // Rows at the starts of these, from the first value of all columns to the last; nothing: a row at
  // each time at which a column has a value.
  std::optional<Buckets> grid;
  SampleRequest sample;
  SignalRange range;
  uint64_t rows_max = UINT64_MAX;  // that are wanted, as far as is known
};

// The values of many tags at common times, a row for each time.
//
// Ownership: keeps the snapshot alive and copies what is staged; borrows `counters`.
// Threads:   one at a time.
class WideRows {
 public:
  // Of a grid it looks for the first and the last value.
  static Result<std::unique_ptr<WideRows>> Make(const ReadView& view, const WideRequest& request,
                                                PlanCounters& counters);
  virtual ~WideRows() = default;

  // False: there are no more rows.
  virtual Result<bool> Next() = 0;
  // The rows to come are none before this time (behind it, when descending), which is in the range.
  virtual Status SkipTo(int64_t ts_us) = 0;
  int64_t ts_us() const { return ts_us_; }
  // By column; nothing where it has none, or is not wanted.
  std::span<const std::optional<Sampled>> values() const { return values_; }

 protected:
  explicit WideRows(size_t columns) : values_(columns) {}
  int64_t ts_us_ = 0;
  std::vector<std::optional<Sampled>> values_;
};

}  // namespace xtdb
