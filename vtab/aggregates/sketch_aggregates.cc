#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/sketch/sketch_argument.h"

namespace xtdb {
namespace {

// Of percentile_agg, as in TimescaleDB Toolkit.
constexpr int64_t kUsualBuckets = 200;
constexpr double kUsualError = 0.001;
// Of approx_count_distinct: an error of 0.6 %.
constexpr int kUsualBits = 15;

// An argument that is the same in every row.
template <typename T>
Status TakeConstant(std::optional<T>& known, T given, const char* name) {
  if (known && *known != given) {
    return Status::InvalidArgument(std::string(name) + " must not change between rows");
  }
  known = given;
  return {};
}

// percentile_agg(x), and uddsketch(buckets, error, x).
class Quantiles {
 public:
  using Item = double;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (arguments.size() > 1) XTDB_RETURN_IF_ERROR(TakeBounds(arguments[0], arguments[1]));
    return NumberOf(arguments.back());
  }
  void Add(double value) {
    if (!sketch_) sketch_.emplace(buckets_.value_or(kUsualBuckets), error_.value_or(kUsualError));
    sketch_->Add(value);
  }
  void Clear() { sketch_.reset(); }
  Status Give(sqlite3_context* context) const {
    if (sketch_) SetSketch(context, sketch_->Encode());
    return {};
  }

 private:
  Status TakeBounds(sqlite3_value* buckets, sqlite3_value* error) {
    const int64_t wanted = sqlite3_value_int64(buckets);
    if (sqlite3_value_type(buckets) != SQLITE_INTEGER || wanted < QuantileSketch::kBucketsMin ||
        wanted > QuantileSketch::kBucketsMax) {
      return Status::InvalidArgument("the number of buckets is " + ShowValue(buckets) +
                                     "; write one from 8 to 65536: uddsketch(200, 0.001, x)");
    }
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> given, NumberOf(error));
    if (!given || *given < QuantileSketch::kErrorMin || *given >= 1) {
      return Status::InvalidArgument("the greatest error is " + ShowValue(error) +
                                     "; write a fraction such as 0.01, at least 1e-12");
    }
    XTDB_RETURN_IF_ERROR(TakeConstant(buckets_, wanted, "the number of buckets"));
    return TakeConstant(error_, *given, "the greatest error");
  }

  std::optional<int64_t> buckets_;
  std::optional<double> error_;
  std::optional<QuantileSketch> sketch_;
};

// Values that SQLite takes for equal have one hash: 1 and 1.0 are the same number.
uint64_t HashOf(sqlite3_value* value) {
  enum : XXH64_hash_t { kInteger = 1, kReal, kText, kBlob };
  const auto hash = [](const auto& bits, XXH64_hash_t seed) {
    return XXH64(&bits, sizeof(bits), seed);
  };
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return hash(sqlite3_value_int64(value), kInteger);
    case SQLITE_FLOAT: {
      const double real = sqlite3_value_double(value);
      const bool is_whole = real >= -0x1p63 && real < 0x1p63 && std::trunc(real) == real;
      return is_whole ? hash(static_cast<int64_t>(real), kInteger) : hash(real, kReal);
    }
    case SQLITE_TEXT: {
      const std::string_view text = TextOf(value);
      return XXH64(text.data(), text.size(), kText);
    }
    default: {
      const std::string_view blob = BlobOf(value);
      return XXH64(blob.data(), blob.size(), kBlob);
    }
  }
}

// approx_count_distinct(x) and hyperloglog(buckets, x).
template <bool gives_sketch>
class Distinct {
 public:
  using Item = uint64_t;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (arguments.size() > 1) XTDB_RETURN_IF_ERROR(TakeBuckets(arguments[0]));
    if (sqlite3_value_type(arguments.back()) == SQLITE_NULL) return std::optional<Item>();
    return std::optional(HashOf(arguments.back()));
  }
  void Add(uint64_t hash) {
    if (!sketch_) sketch_.emplace(bits_.value_or(kUsualBits));
    sketch_->Add(hash);
  }
  void Clear() { sketch_.reset(); }
  Status Give(sqlite3_context* context) const {
    if (gives_sketch) {
      if (sketch_) SetSketch(context, sketch_->Encode());
    } else {
      sqlite3_result_int64(context, sketch_ ? std::llround(sketch_->Estimate()) : 0);
    }
    return {};
  }

 private:
  Status TakeBuckets(sqlite3_value* value) {
    const int64_t buckets = sqlite3_value_int64(value);
    constexpr int64_t kMin = int64_t{1} << DistinctSketch::kBitsMin;
    constexpr int64_t kMax = int64_t{1} << DistinctSketch::kBitsMax;
    if (sqlite3_value_type(value) != SQLITE_INTEGER || buckets < kMin || buckets > kMax) {
      return Status::InvalidArgument("the number of buckets is " + ShowValue(value) +
                                     "; write one from 16 to 262144: hyperloglog(4096, x) has an "
                                     "error of 1.6 %");
    }
    return TakeConstant(bits_, static_cast<int>(std::bit_width(static_cast<uint64_t>(buckets - 1))),
                        "the number of buckets");
  }

  std::optional<int> bits_;
  std::optional<DistinctSketch> sketch_;
};

// A sketch as it was given: smaller than it is when it is taken apart.
struct GivenSketch {
  std::string bytes;
  size_t HeapBytes() const { return bytes.capacity(); }
};

// rollup(sketch): one of all of them. Those of times are merged in the order of time.
class Rollup {
 public:
  using Item = GivenSketch;
  static Result<std::optional<Item>> Read(AggregateArguments arguments) {
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return std::optional<Item>();
    XTDB_RETURN_IF_ERROR(SketchOf(arguments[0]).status());
    return std::optional(GivenSketch{std::string(BlobOf(arguments[0]))});
  }
  void Add(const GivenSketch& given) {
    Result<AnySketch> sketch = ParseSketch(given.bytes);
    if (!sketch.ok() || !status_.ok()) {
      if (status_.ok()) status_ = sketch.status();
    } else if (sketches_.empty() || HasTime(sketch.value())) {
      sketches_.push_back(std::move(sketch).value());
    } else {
      status_ = Merge(sketches_.front(), sketch.value());
    }
  }
  void Clear() {
    sketches_.clear();
    status_ = {};
  }
  Status Give(sqlite3_context* context) const {
    XTDB_RETURN_IF_ERROR(status_);
    if (sketches_.empty()) return {};
    std::vector<AnySketch> sorted = sketches_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const AnySketch& a, const AnySketch& b) {
      return FirstTime(a) < FirstTime(b);
    });
    for (size_t i = 1; i < sorted.size(); ++i) {
      XTDB_RETURN_IF_ERROR(Merge(sorted.front(), sorted[i]));
    }
    SetSketch(context, Encode(sorted.front()));
    return {};
  }

 private:
  static bool HasTime(const AnySketch& sketch) {
    return std::holds_alternative<CounterSummary>(sketch) ||
           std::holds_alternative<TimeWeight>(sketch);
  }
  static int64_t FirstTime(const AnySketch& sketch) {
    if (const auto* const counter = std::get_if<CounterSummary>(&sketch)) {
      return counter->first().ts_us;
    }
    const auto* const weight = std::get_if<TimeWeight>(&sketch);
    return weight != nullptr ? weight->first().ts_us : 0;
  }
  static Status Merge(AnySketch& all, const AnySketch& next) {
    return std::visit(
        [&](auto& held) -> Status {
          const auto* const other = std::get_if<std::decay_t<decltype(held)>>(&next);
          if (other != nullptr) return held.Merge(*other);
          return Status::InvalidArgument("a sketch of " + std::string(MakerOf(KindOf(next))) +
                                         " cannot be merged with one of " +
                                         std::string(MakerOf(KindOf(all))));
        },
        all);
  }

  std::vector<AnySketch> sketches_;
  Status status_;
};

constexpr AggregateFunction kFunctions[] = {
    MakeAggregate<Quantiles>("percentile_agg", 1), MakeAggregate<Quantiles>("uddsketch", 3),
    MakeAggregate<Distinct<false>>("approx_count_distinct", 1),
    MakeAggregate<Distinct<true>>("hyperloglog", 2), MakeAggregate<Rollup>("rollup", 1)};

}  // namespace

std::span<const AggregateFunction> SketchAggregates() { return kFunctions; }

}  // namespace xtdb
