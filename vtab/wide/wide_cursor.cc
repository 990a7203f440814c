#include "vtab/wide/wide_cursor.h"

#include <algorithm>
#include <utility>

#include "vtab/functions/row_source.h"
#include "vtab/text/time_text.h"
#include "vtab/wide/wide_plan.h"

namespace xtdb {

void WideCursor::NoteCounters() {
  if (call_ != nullptr) call_->AddToLastQuery(counters_);
  rows_.reset();
  call_.reset();
  counters_ = {};
}

Status WideCursor::Filter(const char* plan_text, std::span<sqlite3_value*> values) {
  lease_.NoteRunning();
  NoteCounters();
  const WideDefinition& definition = table_.definition;
  const std::optional<WidePlan> plan = WidePlan::Parse(plan_text, definition.columns.size());
  if (!plan) return Status::InvalidArgument("a plan of another version of xtdb");
  XTDB_ASSIGN_OR_RETURN(
      call_, FunctionCall::Make(table_.connection, lease_.shared_view(), definition.table));
  WideRequest request;
  request.grid = definition.grid;
  request.sample = definition.sample;
  request.range.descending = plan->descending;
  filters_.clear();
  for (const TimeTerm& term : plan->times) {
    XTDB_ASSIGN_OR_RETURN(TimeFilter filter,
                          TimeFilter::Make(table_.connection.db(), term, values[filters_.size()],
                                           lease_.view().now_us()));
    const TimeFilter::Range range = filter.range();
    request.range.ts_from_us = std::max(request.range.ts_from_us, range.min_us);
    request.range.ts_to_us = std::min(request.range.ts_to_us, range.max_us);
    filters_.push_back(std::move(filter));
  }
  if (request.range.ts_from_us > request.range.ts_to_us) return {};
  const ReadView view = call_->View();
  for (size_t i = 0; i < definition.columns.size(); ++i) {
    const TagPtr tag = view.FindTag(definition.columns[i].tag);
    request.columns.push_back({tag, plan->is_read[i]});
    counters_.tags += tag != nullptr ? 1 : 0;
  }
  XTDB_ASSIGN_OR_RETURN(rows_, WideRows::Make(view, request, counters_));
  return Next();
}

Status WideCursor::Next() {
  constexpr size_t kRowsPerProbe = 4096;
  lease_.NoteRunning();
  for (size_t dropped = 1;; ++dropped) {
    if (dropped % kRowsPerProbe == 0) XTDB_RETURN_IF_ERROR(probe_.Check());
    XTDB_ASSIGN_OR_RETURN(const bool has_row, rows_->Next());
    if (!has_row) {
      NoteCounters();
      return {};
    }
    const int64_t ts_us = rows_->ts_us();
    const auto matches = [ts_us](const TimeFilter& filter) { return filter.Matches(ts_us); };
    if (!std::all_of(filters_.begin(), filters_.end(), matches)) continue;
    ++counters_.rows;
    return {};
  }
}

void WideCursor::Column(sqlite3_context* context, int column) const {
  const auto tag = static_cast<size_t>(column) - 1;
  if (column == 0) {
    SetResult(context, TimeCell{rows_->ts_us()});
  } else if (tag == rows_->values().size()) {
    sqlite3_result_int64(context, rows_->ts_us());
  } else if (const std::optional<Sampled>& value = rows_->values()[tag]) {
    SetResult(context, ValueCell(value->found, value->found.type));
  }
}

}  // namespace xtdb
