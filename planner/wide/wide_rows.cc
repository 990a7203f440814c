#include "planner/wide/wide_rows.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

// A row at each time of any column.
class UnionRows final : public WideRows {
 public:
  explicit UnionRows(const WideRequest& request)
      : WideRows(request.columns.size()), request_(request) {}

  Status Begin(const ReadView& view, PlanCounters& counters) {
    readers_.resize(request_.columns.size());
    for (size_t i = 0; i < readers_.size(); ++i) {
      const TagPtr& tag = request_.columns[i].tag;
      if (tag == nullptr) continue;
      XTDB_ASSIGN_OR_RETURN(
          readers_[i], SignalReader::Make(view, tag, request_.sample, request_.range, counters));
    }
    return Status();
  }

  Result<bool> Next() override {
    std::optional<int64_t> next_us;
    for (const std::unique_ptr<SignalReader>& reader : readers_) {
      if (reader == nullptr) continue;
      XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> time_us, reader->NextTime());
      if (time_us && (!next_us || Comes(*time_us, *next_us))) next_us = time_us;
    }
    if (!next_us) return false;
    ts_us_ = *next_us;
    // Also of columns that nobody reads, which have to go on.
    for (size_t i = 0; i < readers_.size(); ++i) {
      if (readers_[i] == nullptr) continue;
      XTDB_ASSIGN_OR_RETURN(values_[i], readers_[i]->At(ts_us_));
    }
    return true;
  }

  Status SkipTo(int64_t ts_us) override {
    for (const std::unique_ptr<SignalReader>& reader : readers_) {
      if (reader != nullptr) XTDB_RETURN_IF_ERROR(reader->SkipTo(ts_us));
    }
    return Status();
  }

 private:
  bool Comes(int64_t a_us, int64_t b_us) const {
    return request_.range.descending ? a_us > b_us : a_us < b_us;
  }

  const WideRequest request_;
  std::vector<std::unique_ptr<SignalReader>> readers_;
};

class GridRows final : public WideRows {
 public:
  explicit GridRows(const WideRequest& request)
      : WideRows(request.columns.size()), request_(request), grid_(*request.grid) {}

  Status Begin(const ReadView& view, PlanCounters& counters) {
    XTDB_RETURN_IF_ERROR(FindEnds(view, counters));
    if (first_us_ > last_us_) return Status();
    next_us_ = request_.range.descending ? last_us_ : first_us_;
    signals_.resize(request_.columns.size());
    for (size_t i = 0; i < signals_.size(); ++i) {
      const WideColumn& column = request_.columns[i];
      if (column.tag == nullptr || !column.is_wanted) continue;
      XTDB_RETURN_IF_ERROR(BeginSignal(view, column.tag, counters, signals_[i]));
    }
    return Status();
  }

  Result<bool> Next() override {
    if (first_us_ > last_us_) return false;
    ts_us_ = next_us_;
    for (size_t i = 0; i < signals_.size(); ++i) {
      Signal& signal = signals_[i];
      if (signal.reader != nullptr) {
        XTDB_ASSIGN_OR_RETURN(values_[i], signal.reader->At(ts_us_));
      } else if (signal.sampler) {
        XTDB_ASSIGN_OR_RETURN(values_[i], signal.sampler->At(ts_us_));
      }
    }
    GoOn();
    return true;
  }

  Status SkipTo(int64_t ts_us) override {
    if (request_.range.descending) {
      last_us_ = std::min(last_us_, ts_us);
      if (first_us_ <= last_us_) next_us_ = grid_.FloorOf(last_us_);
    } else if (ts_us > first_us_) {
      const int64_t start_us = grid_.FloorOf(ts_us);
      first_us_ = next_us_ = start_us < ts_us ? grid_.NextOf(start_us) : start_us;
    }
    if (first_us_ > last_us_) return Status();
    for (const Signal& signal : signals_) {
      if (signal.reader != nullptr) XTDB_RETURN_IF_ERROR(signal.reader->SkipTo(next_us_));
    }
    return Status();
  }

 private:
  // One of the two: all of its points read once, or each row looked for.
  struct Signal {
    std::unique_ptr<SignalReader> reader;
    std::optional<Sampler> sampler;
  };

  // What a look-up costs, in points that are read one after the other.
  static constexpr uint64_t kPointsPerLookUp = 4096;

  // first_us_, last_us_: of the rows.
  Status FindEnds(const ReadView& view, PlanCounters& counters) {
    int64_t first_us = kTsMax, last_us = kTsMin;
    for (const WideColumn& column : request_.columns) {
      if (column.tag == nullptr) continue;
      const ValueFinder values(view, column.tag, request_.sample.accept, counters);
      XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> first, values.First(kTsMin));
      XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> last, values.Last(kTsMin, kTsMax));
      if (!first || !last) continue;
      first_us = std::min(first_us, first->point.ts_us);
      last_us = std::max(last_us, last->point.ts_us);
    }
    first_us = std::max(first_us, request_.range.ts_from_us);
    last_us = std::min(last_us, request_.range.ts_to_us);
    if (first_us > last_us) return Status();
    first_us_ = grid_.FloorOf(first_us);
    if (first_us_ < first_us) first_us_ = grid_.NextOf(first_us_);
    last_us_ = grid_.FloorOf(last_us);
    return Status();
  }

  Status BeginSignal(const ReadView& view, const TagPtr& tag, PlanCounters& counters,
                     Signal& signal) {
    const SignalRange range{first_us_, last_us_, request_.range.descending};
    XTDB_ASSIGN_OR_RETURN(signal.reader,
                          SignalReader::Make(view, tag, request_.sample, range, counters));
    const auto step_us = static_cast<uint64_t>(grid_.NextOf(first_us_) - first_us_);
    const uint64_t rows = static_cast<uint64_t>(last_us_ - first_us_) / step_us + 1;
    const uint64_t wanted = std::min(rows, request_.rows_max);
    if (signal.reader->points_max() / wanted < kPointsPerLookUp) return Status();
    signal.reader.reset();
    signal.sampler.emplace(view, tag, request_.sample, counters);
    return Status();
  }

  void GoOn() {
    if (request_.range.descending) {
      last_us_ = next_us_ - 1;
      if (first_us_ <= last_us_) next_us_ = grid_.FloorOf(last_us_);
    } else {
      first_us_ = next_us_ = grid_.NextOf(next_us_);
    }
  }

  const WideRequest request_;
  const Buckets grid_;
  int64_t first_us_ = 1;  // of the rows to come
  int64_t last_us_ = 0;
  int64_t next_us_ = 0;
  std::vector<Signal> signals_;
};

template <typename Rows>
Result<std::unique_ptr<WideRows>> Begun(const ReadView& view, const WideRequest& request,
                                        PlanCounters& counters) {
  auto rows = std::make_unique<Rows>(request);
  XTDB_RETURN_IF_ERROR(rows->Begin(view, counters));
  return std::unique_ptr<WideRows>(std::move(rows));
}

}  // namespace

Result<std::unique_ptr<WideRows>> WideRows::Make(const ReadView& view, const WideRequest& request,
                                                 PlanCounters& counters) {
  return request.grid ? Begun<GridRows>(view, request, counters)
                      : Begun<UnionRows>(view, request, counters);
}

}  // namespace xtdb
