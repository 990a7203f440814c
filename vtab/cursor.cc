#include "vtab/cursor.h"

#include <algorithm>
#include <cmath>

#include "vtab/connection.h"
#include "vtab/constraints.h"
#include "vtab/container_session.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/time_text.h"

namespace xtdb {

Cursor::~Cursor() { NoteCounters(); }

void Cursor::NoteCounters() {
  if (plan_ != nullptr) table_.last_query()->Add(lease_.view().serial(), plan_->counters());
  plan_.reset();
  batch_ = nullptr;
}

Status Cursor::Open() {
  XTDB_ASSIGN_OR_RETURN(session_, table_.Session());
  XTDB_RETURN_IF_ERROR(session_->CheckUsable());
  lease_ = table_.connection().snapshots().OpenCursor();
  XTDB_RETURN_IF_ERROR(session_->BeginReading(lease_.view().serial()));
  return lease_.view().ViewOf(session_).status();
}

Status Cursor::Filter(const char* plan_text, std::span<sqlite3_value*> arguments) {
  lease_.NoteRunning();
  NoteCounters();
  XTDB_RETURN_IF_ERROR(session_->CheckUsable());
  if (plan_text_ != plan_text) {
    std::optional<PushedPlan> pushed = PushedPlan::Parse(plan_text);
    if (!pushed) return Status::InvalidArgument("a plan of another version of xtdb");
    pushed_ = std::move(*pushed);
    plan_text_ = plan_text;
  }
  XTDB_ASSIGN_OR_RETURN(const ReadView view, lease_.view().ViewOf(session_));
  XTDB_ASSIGN_OR_RETURN(
      CompiledFilter filter,
      CompileFilter(table_.connection(), view, lease_.view().now_us(), pushed_, arguments));
  excluded_ts_ = std::move(filter.excluded_ts);
  times_.clear();
  next_time_ = 0;
  row_ = row_end_ = 0;
  if (filter.request.tags.empty()) {
    table_.last_query()->Add(lease_.view().serial(), {});
    return {};
  }
  if (filter.ts_list) {
    times_ = std::move(*filter.ts_list);
    request_ = std::move(filter.request);
    XTDB_RETURN_IF_ERROR(PlanNextTime());
  } else {
    XTDB_ASSIGN_OR_RETURN(plan_, Plan::Make(view, std::move(filter.request)));
  }
  XTDB_RETURN_IF_ERROR(NextBatch());
  if (batch_ == nullptr || excluded_ts_.empty()) return {};
  --row_;  // Advance counts up first
  return Next();
}

Status Cursor::PlanNextTime() {
  NoteCounters();
  request_.ts_from_us = request_.ts_to_us = times_[next_time_++];
  XTDB_ASSIGN_OR_RETURN(const ReadView view, lease_.view().ViewOf(session_));
  XTDB_ASSIGN_OR_RETURN(plan_, Plan::Make(view, request_));
  return {};
}

Status Cursor::NextBatch() {
  row_ = row_end_ = 0;
  batch_ = nullptr;
  XTDB_ASSIGN_OR_RETURN(batch_, plan_->Next());
  while (batch_ == nullptr && next_time_ < times_.size()) {
    XTDB_RETURN_IF_ERROR(PlanNextTime());
    XTDB_ASSIGN_OR_RETURN(batch_, plan_->Next());
  }
  if (batch_ == nullptr) return {};
  row_end_ = batch_->end - batch_->begin;
  lease_.view().Pin(batch_->tag);
  return {};
}

Status Cursor::Advance() {
  while (batch_ != nullptr) {
    if (row_ >= row_end_) {
      XTDB_RETURN_IF_ERROR(NextBatch());
      if (batch_ == nullptr) return {};
    }
    const int64_t ts = batch_->columns->ts_us[Index()];
    if (std::find(excluded_ts_.begin(), excluded_ts_.end(), ts) == excluded_ts_.end()) return {};
    ++row_;
  }
  return {};
}

Result<int64_t> Cursor::Rowid() const {
  return table_.connection().handles().HandleOf({batch_->tag->id, batch_->columns->ts_us[Index()]});
}

void Cursor::ResultValue(sqlite3_context* context, size_t index) const {
  const PointColumns& columns = *batch_->columns;
  if ((columns.flags[index] & kPointNull) != 0) return;
  const ValueBits bits = columns.bits[index];
  switch (columns.type) {
    case ValueType::kNone:
      return;
    case ValueType::kBool:
    case ValueType::kInt32:
    case ValueType::kInt64:
      if (IsFloat(batch_->tag->type)) {
        sqlite3_result_double(context, static_cast<double>(AsInt64(bits)));
      } else {
        sqlite3_result_int64(context, AsInt64(bits));
      }
      return;
    case ValueType::kFloat32:
    case ValueType::kFloat64: {
      const double value =
          columns.type == ValueType::kFloat64 ? AsDouble(bits) : static_cast<double>(AsFloat(bits));
      // A NaN that UPDATE does not touch stays the NaN it is: xUpdate then sees "no change", not a
      // NULL.
      if (std::isnan(value)) return;
      sqlite3_result_double(context, value);
      return;
    }
    case ValueType::kText: {
      const std::string_view text = columns.TextAt(index);
      sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      return;
    }
  }
}

Status Cursor::Column(sqlite3_context* context, int column) {
  const size_t index = Index();
  switch (column) {
    case kColumnValue:
      ResultValue(context, index);
      return {};
    case kColumnQuality:
      sqlite3_result_int(context, batch_->columns->quality[index]);
      return {};
    case kColumnTag:
    case kColumnTime:
    case kColumnTs:
    case kColumnTagId:
      break;
    default:
      return {};
  }
  // In an UPDATE that does not set them: only so can xUpdate tell which of time and ts was set.
  if (sqlite3_vtab_nochange(context) != 0) return {};
  const int64_t ts = batch_->columns->ts_us[index];
  if (column == kColumnTag) {
    // The lease keeps the name; a length would make SQLite copy it.
    sqlite3_result_text(context, batch_->tag->name.c_str(), -1, SQLITE_STATIC);
  } else if (column == kColumnTime) {
    char text[kTimeTextBytesMax];
    const size_t size = FormatTime(ts, text);
    sqlite3_result_text(context, text, static_cast<int>(size), SQLITE_TRANSIENT);
  } else if (column == kColumnTs) {
    sqlite3_result_int64(context, ts);
  } else {
    sqlite3_result_int64(context, batch_->tag->id);
  }
  return {};
}

}  // namespace xtdb
