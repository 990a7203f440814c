#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "planner/aggregate/aggregate_plan.h"
#include "vtab/functions/aggregate_arguments.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

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
                                      "timezone", "fill", "max_gap", "accept", "mode",  "bounds"};
// Of CREATE VIRTUAL TABLE ... USING xtdb_rollup(tbl, width, ...).
constexpr std::string_view kRollupKeys[] = {"tbl",  "width",   "tags",   "origin", "timezone",
                                            "fill", "max_gap", "accept", "mode",   "bounds"};
constexpr int kTimeColumns[] = {kAggTime, kAggTs};

constexpr double kUsPerSecondAsDouble = 1e6;

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

class AggregateRows final : public RowSource {
 public:
  AggregateRows(std::shared_ptr<const FunctionCall> call, SeriesRequest request)
      : call_(std::move(call)),
        starts_at_us_(request.has_start ? std::optional(request.buckets.ts_from_us) : std::nullopt),
        is_whole_(request.buckets.buckets.is_whole()),
        has_weights_(request.buckets.wanted.weights),
        plan_(SelectTags(call_->View(), call_->tags), std::move(request),
              call_->engine().options().threads, [call = call_] { return call->View(); }) {}
  ~AggregateRows() override { call_->AddToLastQuery(plan_.counters()); }

  Result<bool> Next(FunctionRow& row) override {
    XTDB_ASSIGN_OR_RETURN(std::optional<AggregateRow> next, plan_.Next());
    if (!next) return false;
    const Tally& tally = next->series.tally;
    row.key = RowKey(next->tag->id, next->series.start_us);
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

constexpr TableFunction kRollup = {.name = "xtdb_rollup",
                                   .columns = kColumns,
                                   .arguments = {},
                                   .has_tag_column = true,
                                   .by_tag = true,
                                   .by_time = kTimeColumns,
                                   .example = "",
                                   .open = Open};

// "key=argument", unless it begins with a key.
std::string WithKey(std::string_view key, std::string_view argument) {
  const std::string_view word = TrimBlanks(argument.substr(0, argument.find('=')));
  const bool has_key =
      word.size() < TrimBlanks(argument).size() && std::all_of(word.begin(), word.end(), IsLetter);
  return has_key ? std::string(argument) : std::string(key) + "=" + std::string(argument);
}

// arguments: of CREATE VIRTUAL TABLE, of which the first two may go without their key.
Result<std::shared_ptr<const FunctionArguments>> RollupArguments(
    sqlite3* db, const std::string& schema, std::span<const std::string_view> arguments) {
  const Status incomplete = Status::InvalidArgument(
      "xtdb_rollup: of which table, and how wide? write USING xtdb_rollup(plant, '1 hour')");
  if (arguments.size() < 2) return incomplete;
  const std::string table = WithKey("tbl", arguments[0]);
  const std::string width = WithKey("width", arguments[1]);
  std::vector<std::string_view> parts(arguments.begin(), arguments.end());
  parts[0] = table;
  parts[1] = width;
  XTDB_ASSIGN_OR_RETURN(const std::vector<ModuleArgument> options,
                        ParseOptions(parts, {kRollupKeys, "fill=locf"}));
  const auto result = std::make_shared<FunctionArguments>(kArguments);
  for (const ModuleArgument& option : options) {
    // The table beside it, wherever the database is attached.
    const bool is_local =
        option.key == "tbl" && schema != "temp" && option.value.find('.') == std::string::npos;
    XTDB_RETURN_IF_ERROR(
        result->SetText(db, option.key, is_local ? schema + "." + option.value : option.value));
  }
  if (!result->Has("tbl") || !result->Has("width")) return incomplete;
  XTDB_RETURN_IF_ERROR(CheckAggregateArguments(*result).WithContext("xtdb_rollup"));
  return std::shared_ptr<const FunctionArguments>(result);
}

// The table may be gone when the rollup is opened again, but is there when it is made.
template <bool is_new>
int ConnectRollup(sqlite3* db, void* /*aux*/, int argc, const char* const* argv, sqlite3_vtab** out,
                  char** error) {
  return CallFromSqlite(error, [&]() -> Status {
    const std::vector<std::string_view> arguments(argv + 3, argv + argc);
    XTDB_ASSIGN_OR_RETURN(std::shared_ptr<const FunctionArguments> fixed,
                          RollupArguments(db, argv[1], arguments));
    if (is_new) {
      const Status found = Connection::Of(db).FindTable(TextOf(fixed->value("tbl"))).status();
      XTDB_RETURN_IF_ERROR(found.WithContext("xtdb_rollup"));
    }
    return ConnectFixedCall(db, kRollup, std::move(fixed), out);
  });
}

}  // namespace

int RegisterAggregateFunction(sqlite3* db) {
  const int code = RegisterTableFunction(db, kAggregate);
  if (code != SQLITE_OK) return code;
  static const sqlite3_module kRollupModule =
      FixedCallModule(ConnectRollup<true>, ConnectRollup<false>);
  return sqlite3_create_module_v2(db, kRollup.name, &kRollupModule, nullptr, nullptr);
}

}  // namespace xtdb
