#include <cmath>
#include <optional>
#include <utility>

#include "planner/aggregate/aggregate_plan.h"
#include "vtab/functions/aggregate_arguments.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

constexpr OutputColumn kColumns[kAggColumnCount] = {{"tag", "TEXT"},
                                                    {"time", "TIMESTAMP"},
                                                    {"ts", "BIGINT"},
                                                    {"count", "BIGINT"},
                                                    {"min", "NUMERIC"},
                                                    {"max", "NUMERIC"},
                                                    {"sum", "NUMERIC"},
                                                    {"avg", "DOUBLE PRECISION"},
                                                    {"first", "NUMERIC"},
                                                    {"last", "NUMERIC"},
                                                    {"first_ts", "BIGINT"},
                                                    {"last_ts", "BIGINT"},
                                                    {"stddev", "DOUBLE PRECISION"},
                                                    {"twa", "DOUBLE PRECISION"},
                                                    {"integral", "DOUBLE PRECISION"},
                                                    {"percent_good", "DOUBLE PRECISION"}};
constexpr const char* kArguments[] = {"tbl",      "tags", "start",   "stop",   "width", "origin",
                                      "timezone", "fill", "max_gap", "accept", "mode"};
constexpr int kTimeColumns[] = {kAggTime, kAggTs};

constexpr double kUsPerSecondAsDouble = 1e6;

// NaN, as of infinities that cancel each other, is NULL in SQL.
Cell RealCell(double real) {
  if (std::isnan(real)) return std::monostate();
  return real;
}

Result<Cell> SumCell(ValueType type, const Tally& tally) {
  if (IsFloat(type)) return RealCell(tally.real_sum.value());
  const auto sum = static_cast<int64_t>(tally.integer_sum);
  if (Int128{sum} != tally.integer_sum) return Status::InvalidArgument("integer overflow");
  return Cell(sum);
}

Cell StddevCell(const Tally& tally) {
  if (tally.count < 2) return std::monostate();
  return RealCell(std::sqrt(tally.m2 / static_cast<double>(tally.count - 1)));
}

// Rows come by tag and time; a bucket of one tag is a row.
int64_t KeyOf(TagId tag, int64_t start_us) {
  constexpr uint64_t kOdd = 0x9E37'79B9'7F4A'7C15;
  return static_cast<int64_t>(static_cast<uint64_t>(start_us) * kOdd + tag * (kOdd << 20 | 1));
}

class AggregateRows final : public RowSource {
 public:
  AggregateRows(std::shared_ptr<const FunctionCall> call, SeriesRequest request)
      : call_(std::move(call)),
        starts_at_us_(request.has_start ? std::optional(request.buckets.ts_from_us) : std::nullopt),
        is_whole_(request.buckets.buckets.is_whole()),
        has_weights_(request.buckets.wanted.weights),
        plan_(SelectTags(call_->View(), call_->tags), std::move(request),
              call_->engine().options().threads, [call = call_] { return call->View(); }) {}

  Result<bool> Next(FunctionRow& row) override {
    XTDB_ASSIGN_OR_RETURN(std::optional<AggregateRow> next, plan_.Next());
    if (!next) {
      call_->AddToLastQuery(plan_.counters());
      return false;
    }
    const Tally& tally = next->series.tally;
    row.key = KeyOf(next->tag->id, next->series.start_us);
    row.cells[kAggTag] = next->tag->name;
    SetTime(next->series, row.cells);
    row.cells[kAggCount] = Count(tally.count);
    if (tally.points != 0) {
      row.cells[kAggPercentGood] =
          100.0 * static_cast<double>(tally.good) / static_cast<double>(tally.points);
    }
    if (tally.count != 0) XTDB_RETURN_IF_ERROR(SetFigures(*next, row.cells));
    if (next->series.filled) SetFilled(next->tag->type, *next->series.filled, row.cells);
    SetArea(next->tag->type, next->series.area, row.cells);
    return true;
  }

 private:
  // One bucket of everything begins where the range does, else with its first value.
  void SetTime(const SeriesRow& series, Cells& cells) const {
    int64_t start_us = series.start_us;
    if (is_whole_) {
      if (!starts_at_us_ && series.tally.count == 0) return;
      start_us = starts_at_us_.value_or(series.tally.first_ts_us);
    }
    cells[kAggTs] = start_us;
    if (start_us >= kTsMin && start_us <= kTsMax) cells[kAggTime] = TimeCell{start_us};
  }

  Status SetFigures(const AggregateRow& row, Cells& cells) const {
    const Tally& tally = row.series.tally;
    const ValueType type = row.tag->type;
    cells[kAggFirstTs] = tally.first_ts_us;
    cells[kAggLastTs] = tally.last_ts_us;
    if (type == ValueType::kText) {
      if (tally.texts != nullptr) SetTexts(*tally.texts, cells);
      return {};
    }
    cells[kAggMin] = ValueCell(tally.min, type, type);
    cells[kAggMax] = ValueCell(tally.max, type, type);
    cells[kAggFirst] = ValueCell(tally.first, type, type);
    cells[kAggLast] = ValueCell(tally.last, type, type);
    cells[kAggAvg] = RealCell(MeanOf(type, tally));
    cells[kAggStddev] = StddevCell(tally);
    if ((call_->columns_used >> kAggSum & 1) == 0) return {};
    XTDB_ASSIGN_OR_RETURN(cells[kAggSum], SumCell(type, tally));
    return {};
  }

  static void SetTexts(const TextEnds& texts, Cells& cells) {
    cells[kAggMin] = texts.min;
    cells[kAggMax] = texts.max;
    cells[kAggFirst] = texts.first;
    cells[kAggLast] = texts.last;
  }

  static void SetFilled(ValueType type, const Carried& filled, Cells& cells) {
    if (filled.texts != nullptr) return SetTexts(*filled.texts, cells);
    cells[kAggMin] = ValueCell(filled.min, type, type);
    cells[kAggMax] = ValueCell(filled.max, type, type);
    cells[kAggFirst] = ValueCell(filled.first, type, type);
    cells[kAggLast] = ValueCell(filled.last, type, type);
    cells[kAggAvg] = RealCell(filled.avg);
  }

  void SetArea(ValueType type, const Area& area, Cells& cells) const {
    if (!has_weights_ || type == ValueType::kText || area.covered_us == 0) return;
    const double integral = area.integral.value();
    cells[kAggIntegral] = RealCell(integral);
    cells[kAggTwa] =
        RealCell(integral / (static_cast<double>(area.covered_us) / kUsPerSecondAsDouble));
  }

  const std::shared_ptr<const FunctionCall> call_;
  const std::optional<int64_t> starts_at_us_;
  const bool is_whole_;
  const bool has_weights_;
  AggregatePlan plan_;
};

class NoRows final : public RowSource {
 public:
  Result<bool> Next(FunctionRow& /*row*/) override { return false; }
};

Result<std::unique_ptr<RowSource>> Open(std::shared_ptr<const FunctionCall> call) {
  XTDB_ASSIGN_OR_RETURN(std::optional<SeriesRequest> request, SeriesRequestOf(*call));
  if (!request) return std::unique_ptr<RowSource>(std::make_unique<NoRows>());
  return std::unique_ptr<RowSource>(
      std::make_unique<AggregateRows>(std::move(call), std::move(*request)));
}

constexpr TableFunction kAggregate = {
    .name = "xtdb_aggregate",
    .columns = kColumns,
    .arguments = kArguments,
    .has_tag_column = true,
    .by_tag = true,
    .by_time = kTimeColumns,
    .example = "xtdb_aggregate('plant', tags, start, stop, width)",
    .open = Open};

}  // namespace

int RegisterAggregateFunction(sqlite3* db) { return RegisterTableFunction(db, kAggregate); }

}  // namespace xtdb
