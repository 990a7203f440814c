#include <algorithm>
#include <utility>

#include "planner/aggregate/aggregate_plan.h"
#include "planner/tag_summary.h"
#include "vtab/functions/aggregate_arguments.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

constexpr OutputColumn kColumns[] = {
    {"tag", "TEXT"},    {"time", "TIMESTAMP"}, {"first", "NUMERIC"}, {"min", "NUMERIC"},
    {"max", "NUMERIC"}, {"last", "NUMERIC"},   {"count", "BIGINT"},  {"ts", "BIGINT"}};
constexpr const char* kArguments[] = {"tbl", "tags", "start", "stop", "pixels", "accept"};
constexpr int kTimeColumns[] = {1, 7};
constexpr int64_t kPixelsMax = 100'000;

// What a line chart shows of a signal in a column of pixels: the line comes in at the first value,
// covers everything from the least to the greatest, and goes out at the last. See "M4: A
// Visualization-Oriented Time Series Data Aggregation" by Jugel and others, VLDB 2014.
class Plot final : public RowSource {
 public:
  Plot(std::shared_ptr<const FunctionCall> call, std::vector<TagPtr> tags, SeriesRequest request)
      : call_(std::move(call)),
        plan_(std::move(tags), std::move(request), call_->engine().options().threads,
              [call = call_] { return call->View(); }) {}
  ~Plot() override { call_->AddToLastQuery(plan_.counters()); }

  Result<bool> Next(FunctionRow& row) override {
    while (true) {
      XTDB_ASSIGN_OR_RETURN(const std::optional<AggregateRow> next, plan_.Next());
      if (!next) break;
      const Tally& tally = next->series.tally;
      if (tally.count == 0) continue;
      const ValueType type = next->tag->type;
      if (type == ValueType::kText) {
        return Status::TypeMismatch("tag '" + next->tag->name + "' is text, which has no line");
      }
      const int64_t start_us = next->series.start_us;
      row.key = RowKey(next->tag->id, start_us);
      row.cells = MakeCells(next->tag->name, TimeCell{start_us}, ValueCell(tally.first, type, type),
                            ValueCell(tally.min, type, type), ValueCell(tally.max, type, type),
                            ValueCell(tally.last, type, type), Count(tally.count), start_us);
      return true;
    }
    return false;
  }

 private:
  const std::shared_ptr<const FunctionCall> call_;
  AggregatePlan plan_;
};

// From the first point of any of the tags to the last.
Status FindRange(const FunctionCall& call, const std::vector<TagPtr>& tags, int64_t& first_us,
                 int64_t& stop_us) {
  int64_t least_us = kTsMax, greatest_us = kTsMin;
  for (const TagPtr& tag : tags) {
    XTDB_ASSIGN_OR_RETURN(const TagSummary summary, SummarizeTag(call.View(), tag, nullptr));
    if (summary.points == 0) continue;
    least_us = std::min(least_us, summary.first_ts_us);
    greatest_us = std::max(greatest_us, summary.last_ts_us);
  }
  first_us = least_us;
  stop_us = greatest_us + 1;
  return {};
}

Result<std::unique_ptr<RowSource>> Open(std::shared_ptr<const FunctionCall> call) {
  const FunctionArguments& arguments = *call->arguments;
  XTDB_ASSIGN_OR_RETURN(const auto start, arguments.Time("start", call->now_us()));
  XTDB_ASSIGN_OR_RETURN(const auto stop, arguments.Time("stop", call->now_us()));
  XTDB_ASSIGN_OR_RETURN(const auto pixels, arguments.Integer("pixels"));
  if (!pixels) {
    return Status::InvalidArgument(
        "how many pixels? write xtdb_plot('plant', tags, start, stop, 800)");
  }
  if (*pixels < 1 || *pixels > kPixelsMax) {
    return Status::InvalidArgument("pixels is " + std::to_string(*pixels) + "; write 1 to " +
                                   std::to_string(kPixelsMax));
  }
  SeriesRequest request;
  XTDB_ASSIGN_OR_RETURN(request.buckets.accept, AcceptOf(arguments));
  std::vector<TagPtr> tags = SelectTags(call->View(), call->tags);
  int64_t first_us = 0, stop_us = 0;
  if (!start || !stop) XTDB_RETURN_IF_ERROR(FindRange(*call, tags, first_us, stop_us));
  first_us = start.value_or(first_us);
  stop_us = stop.value_or(stop_us);
  if (first_us >= stop_us) tags.clear();
  request.has_start = request.has_stop = true;
  request.now_us = call->now_us();
  request.buckets.ts_from_us = first_us;
  request.buckets.ts_to_us = stop_us - 1;
  request.buckets.wanted = {.ends = true, .m2 = false, .weights = false};
  const int64_t width_us = std::max<int64_t>(1, (stop_us - first_us + *pixels - 1) / *pixels);
  request.buckets.buckets = Buckets::Fixed(width_us, first_us);
  request.CutTo(call->time_min_us, call->time_max_us);
  return std::unique_ptr<RowSource>(
      std::make_unique<Plot>(std::move(call), std::move(tags), std::move(request)));
}

constexpr TableFunction kPlot = {.name = "xtdb_plot",
                                 .columns = kColumns,
                                 .arguments = kArguments,
                                 .has_tag_column = true,
                                 .by_tag = true,
                                 .by_time = kTimeColumns,
                                 .example = "xtdb_plot('plant', tags, start, stop, pixels)",
                                 .open = Open};

}  // namespace

int RegisterPlotFunction(sqlite3* db) { return RegisterTableFunction(db, kPlot); }

}  // namespace xtdb
