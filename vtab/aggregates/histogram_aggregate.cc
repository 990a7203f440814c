#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"

namespace xtdb {
namespace {

constexpr int64_t kBucketsMax = 100'000;

// histogram(value, min, max, n): counts below min, of n equal parts, and from max on, as
// TimescaleDB's (src/histogram.c), but for NULL, which does not count.
class Histogram {
 public:
  using Item = double;

  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> value, NumberOf(arguments[0]));
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> min, NumberOf(arguments[1]));
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> max, NumberOf(arguments[2]));
    if (!value || !min || !max || sqlite3_value_type(arguments[3]) == SQLITE_NULL) {
      return std::optional<Item>();
    }
    XTDB_ASSIGN_OR_RETURN(const std::optional<Number> buckets, ExactNumberOf(arguments[3]));
    if (!buckets->is_integer || buckets->integer < 1 || buckets->integer > kBucketsMax) {
      return Status::InvalidArgument("the number of buckets is " + ShowValue(arguments[3]) +
                                     "; write a whole one from 1 to " +
                                     std::to_string(kBucketsMax));
    }
    XTDB_RETURN_IF_ERROR(TakeBounds(*min, *max, buckets->integer));
    return value;
  }

  void Add(double value) {
    ++counts_[SlotOf(value)];
    has_rows_ = true;
  }
  void Clear() {
    counts_.assign(counts_.size(), 0);
    has_rows_ = false;
  }

  Status Give(sqlite3_context* context) const {
    if (!has_rows_) return {};
    std::string json = "[";
    for (const int64_t count : counts_) {
      json += (json.size() > 1 ? "," : "") + std::to_string(count);
    }
    json += "]";
    sqlite3_result_text64(context, json.data(), json.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return {};
  }

 private:
  Status TakeBounds(double min, double max, int64_t buckets) {
    if (!counts_.empty()) {
      const bool is_same =
          min == min_ && max == max_ && static_cast<size_t>(buckets) + 2 == counts_.size();
      if (is_same) return {};
      return Status::InvalidArgument("bounds and number of buckets must not change between rows");
    }
    if (min > max) return Status::InvalidArgument("lower bound cannot exceed upper bound");
    if (min == max) return Status::InvalidArgument("lower bound cannot equal upper bound");
    if (!std::isfinite(min) || !std::isfinite(max)) {
      return Status::InvalidArgument("lower and upper bounds must be finite");
    }
    min_ = min;
    max_ = max;
    counts_.assign(static_cast<size_t>(buckets) + 2, 0);
    return {};
  }

  // PostgreSQL's width_bucket.
  size_t SlotOf(double value) const {
    if (value < min_) return 0;
    if (value >= max_) return counts_.size() - 1;
    const auto buckets = static_cast<double>(counts_.size() - 2);
    // In halves, since the whole may be more than a double holds; otherwise that changes nothing.
    const double share = (value / 2 - min_ / 2) / (max_ / 2 - min_ / 2);
    const auto slot = static_cast<size_t>(buckets * share) + 1;
    return std::min(slot, counts_.size() - 2);
  }

  double min_ = 0;
  double max_ = 0;
  std::vector<int64_t> counts_;  // empty: no bounds yet
  bool has_rows_ = false;
};

constexpr AggregateFunction kFunctions[] = {MakeAggregate<Histogram>("histogram", 4)};

}  // namespace

std::span<const AggregateFunction> HistogramAggregates() { return kFunctions; }

}  // namespace xtdb
