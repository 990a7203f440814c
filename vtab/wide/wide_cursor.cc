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
  has_row_ = false;
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
  request.range.descending = descending_ = plan->descending;
  times_ = TimeSet::All();
  const ReadView view = call_->View();
  for (size_t i = 0; i < plan->times.size(); ++i) {
    XTDB_ASSIGN_OR_RETURN(const TimeSet times, TimesOf(table_.connection.db(), plan->times[i],
                                                       values[i], lease_.view().now_us(), &view));
    times_ = times_.Intersect(times);
  }
  if (times_.empty()) return {};
  request.range.ts_from_us = times_.min_us();
  request.range.ts_to_us = times_.max_us();
  request.rows_max = times_.size();
  for (size_t i = 0; i < definition.columns.size(); ++i) {
    const TagPtr tag = view.FindTag(definition.columns[i].tag);
    request.columns.push_back({tag, plan->is_read[i]});
    counters_.tags += tag != nullptr ? 1 : 0;
  }
  XTDB_ASSIGN_OR_RETURN(rows_, WideRows::Make(view, request, counters_));
  return Next();
}

// Beyond the gap of the comparisons behind the row, if there is one; false: nothing is beyond it.
Result<bool> WideCursor::SkipGap() {
  const int64_t beyond_us = rows_->ts_us() + (descending_ ? -1 : 1);
  const std::optional<int64_t> wanted_us =
      descending_ ? times_.Previous(beyond_us) : times_.Next(beyond_us);
  if (!wanted_us) return false;
  if (*wanted_us != beyond_us) XTDB_RETURN_IF_ERROR(rows_->SkipTo(*wanted_us));
  return true;
}

Status WideCursor::Next() {
  constexpr size_t kRowsPerProbe = 4096;
  lease_.NoteRunning();
  bool goes_on = true;
  if (has_row_) {
    XTDB_ASSIGN_OR_RETURN(goes_on, SkipGap());
  }
  for (size_t dropped = 1; goes_on; ++dropped) {
    if (dropped % kRowsPerProbe == 0) XTDB_RETURN_IF_ERROR(probe_.Check());
    XTDB_ASSIGN_OR_RETURN(has_row_, rows_->Next());
    if (!has_row_) break;
    if (times_.Contains(rows_->ts_us())) {
      ++counters_.rows;
      return {};
    }
    XTDB_ASSIGN_OR_RETURN(goes_on, SkipGap());
  }
  NoteCounters();
  return {};
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
