#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "engine/base/calendar.h"
#include "planner/aggregate/sampler.h"
#include "vtab/functions/aggregate_arguments.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

constexpr OutputColumn kColumns[] = {{"tag", "TEXT"},      {"time", "TIMESTAMP"},
                                     {"value", "NUMERIC"}, {"quality", "BIGINT"},
                                     {"ts", "BIGINT"},     {"source_ts", "BIGINT"}};
constexpr const char* kAtArguments[] = {"tbl", "tags", "at", "mode", "max_gap", "accept"};
constexpr const char* kSampleArguments[] = {"tbl",   "tags", "start",   "stop",
                                            "width", "mode", "max_gap", "accept"};
constexpr size_t kQualityColumn = 3;
constexpr int kTimeColumns[] = {1, 4};
constexpr std::string_view kModes[] = {"step", "linear", "nearest", "exact"};

// A value at a time for each tag and time, by tag.
class Samples final : public RowSource {
 public:
  // Times from first_us on, width_us apart, before stop_us.
  struct Times {
    int64_t first_us = 0;
    int64_t stop_us = 0;
    int64_t width_us = 1;
    bool keeps_empty = false;  // a row also where there is no value
  };
  Samples(std::shared_ptr<const FunctionCall> call, const SampleRequest& request,
          const Times& times)
      : call_(std::move(call)),
        request_(request),
        times_(times),
        tags_(SelectTags(call_->View(), call_->tags)) {
    counters_.tags = tags_.size();
  }
  ~Samples() override { call_->AddToLastQuery(counters_); }

  Result<bool> Next(FunctionRow& row) override {
    while (true) {
      if (sampler_ && next_us_ >= times_.stop_us) sampler_.reset();
      if (!sampler_) {
        if (next_tag_ == tags_.size()) break;
        tag_ = tags_[next_tag_++];
        sampler_.emplace(call_->View(), tag_, request_, counters_);
        next_us_ = times_.first_us;
        continue;
      }
      const int64_t at_us = next_us_;
      next_us_ += times_.width_us;
      XTDB_ASSIGN_OR_RETURN(const std::optional<Sampled> sampled, sampler_->At(at_us));
      if (!sampled && !times_.keeps_empty) continue;
      Fill(at_us, sampled, row);
      return true;
    }
    return false;
  }

 private:
  void Fill(int64_t at_us, const std::optional<Sampled>& sampled, FunctionRow& row) {
    ++counters_.rows;
    row.key = RowKey(tag_->id, at_us);
    row.cells = MakeCells(tag_->name, TimeCell{at_us}, std::monostate(), std::monostate(), at_us,
                          std::monostate());
    if (!sampled) return;
    row.cells[2] = ValueCell(sampled->found, sampled->found.type);
    row.cells[3] = Count(sampled->found.point.quality);
    row.cells[5] = sampled->source_us;
  }

  const std::shared_ptr<const FunctionCall> call_;
  const SampleRequest request_;
  const Times times_;
  const std::vector<TagPtr> tags_;
  PlanCounters counters_;
  size_t next_tag_ = 0;
  TagPtr tag_;
  std::optional<Sampler> sampler_;  // of tag_
  int64_t next_us_ = 0;
};

Result<SampleRequest> RequestOf(const FunctionCall& call) {
  const FunctionArguments& arguments = *call.arguments;
  SampleRequest request;
  XTDB_ASSIGN_OR_RETURN(const size_t mode, arguments.Word("mode", kModes, 0));
  request.mode = static_cast<SampleMode>(mode);
  XTDB_ASSIGN_OR_RETURN(const std::optional<std::string> given, arguments.Text("mode"));
  request.is_as_tag_says = !given;
  request.tells_quality = (call.columns_used >> kQualityColumn & 1) != 0;
  XTDB_ASSIGN_OR_RETURN(request.accept, AcceptOf(arguments));
  XTDB_ASSIGN_OR_RETURN(request.gap_max_us, GapMaxOf(arguments));
  return request;
}

Result<std::unique_ptr<RowSource>> OpenAt(std::shared_ptr<const FunctionCall> call) {
  const FunctionArguments& arguments = *call->arguments;
  XTDB_ASSIGN_OR_RETURN(const SampleRequest request, RequestOf(*call));
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> at, arguments.Time("at", call->now_us()));
  if (!at) {
    return Status::InvalidArgument(
        "at what time? write xtdb_at('plant', tags, '2026-01-02 03:04')");
  }
  if (*at > kTsMax) return Status::InvalidArgument("at: timestamp out of range");
  const Samples::Times times{.first_us = *at, .stop_us = *at + 1};
  return std::unique_ptr<RowSource>(std::make_unique<Samples>(std::move(call), request, times));
}

Result<std::unique_ptr<RowSource>> OpenSample(std::shared_ptr<const FunctionCall> call) {
  const FunctionArguments& arguments = *call->arguments;
  XTDB_ASSIGN_OR_RETURN(const SampleRequest request, RequestOf(*call));
  XTDB_ASSIGN_OR_RETURN(const auto start, arguments.Time("start", call->now_us()));
  XTDB_ASSIGN_OR_RETURN(const auto stop, arguments.Time("stop", call->now_us()));
  XTDB_ASSIGN_OR_RETURN(const auto width, arguments.Span("width"));
  if (!start || !width) {
    return Status::InvalidArgument(
        "from when on, and how often? write xtdb_sample('plant', tags, '2026-01-01', "
        "'2026-01-02', '1 min')");
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t width_us, FixedLength("width", *width));
  Samples::Times times{.first_us = *start,
                       .stop_us = std::min(stop.value_or(call->now_us()), kTsMax + 1),
                       .width_us = width_us,
                       .keeps_empty = true};
  // Conditions on the time leave out what need not be looked for.
  if (call->time_min_us > times.first_us) {
    const int64_t steps = (call->time_min_us - times.first_us + width_us - 1) / width_us;
    times.first_us = std::min(times.first_us + steps * width_us, times.stop_us);
  }
  if (call->time_max_us < times.stop_us) times.stop_us = call->time_max_us + 1;
  return std::unique_ptr<RowSource>(std::make_unique<Samples>(std::move(call), request, times));
}

constexpr TableFunction kAt = {.name = "xtdb_at",
                               .columns = kColumns,
                               .arguments = kAtArguments,
                               .has_tag_column = true,
                               .by_tag = true,
                               .by_time = kTimeColumns,
                               .example = "xtdb_at('plant', tags, at)",
                               .open = OpenAt};
constexpr TableFunction kSample = {.name = "xtdb_sample",
                                   .columns = kColumns,
                                   .arguments = kSampleArguments,
                                   .has_tag_column = true,
                                   .by_tag = true,
                                   .by_time = kTimeColumns,
                                   .example = "xtdb_sample('plant', tags, start, stop, width)",
                                   .open = OpenSample};

}  // namespace

int RegisterSampleFunctions(sqlite3* db) {
  const int code = RegisterTableFunction(db, kAt);
  return code != SQLITE_OK ? code : RegisterTableFunction(db, kSample);
}

}  // namespace xtdb
