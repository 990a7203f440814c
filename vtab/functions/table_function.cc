#include "vtab/functions/table_function.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "vtab/comparand.h"
#include "vtab/functions/function_index.h"
#include "vtab/functions/time_filter.h"
#include "vtab/functions/value_list.h"
#include "vtab/interrupt_probe.h"
#include "vtab/sqlite_glue.h"
#include "vtab/time_unit.h"

namespace xtdb {
namespace {

// The function in one connection.
struct FunctionTable : sqlite3_vtab {
  FunctionTable(Connection& c, const TableFunction& f,
                std::shared_ptr<const FunctionArguments> arguments)
      : sqlite3_vtab{}, connection(c), function(f), fixed(std::move(arguments)) {}
  // SQLite does not take over every message.
  ~FunctionTable() { sqlite3_free(zErrMsg); }
  FunctionTable(const FunctionTable&) = delete;
  FunctionTable& operator=(const FunctionTable&) = delete;
  Connection& connection;
  const TableFunction& function;
  const std::shared_ptr<const FunctionArguments> fixed;  // null: given by each call
};

std::string Schema(const TableFunction& function) {
  std::string columns;
  const auto add = [&](const char* name, const char* type) {
    columns += (columns.empty() ? "" : ", ") + std::string(name) + " " + type;
    // So that SQLite, too, compares times and not texts.
    if (std::string_view(type) == "TIMESTAMP") columns += " COLLATE XTDB_TIME";
  };
  for (const OutputColumn& column : function.columns) add(column.name, column.type);
  for (const char* const argument : function.arguments) add(argument, "TEXT HIDDEN");
  return "CREATE TABLE x(" + columns + ")";
}

class FunctionCursor : public sqlite3_vtab_cursor {
 public:
  explicit FunctionCursor(FunctionTable& table)
      : sqlite3_vtab_cursor{},
        table_(table),
        lease_(table.connection.snapshots().OpenCursor()),
        probe_(table.connection) {}

  Status Filter(int index, const char* text, std::span<sqlite3_value*> values);
  Status Next();
  bool at_end() const { return source_ == nullptr; }
  Status Column(sqlite3_context* context, int column);
  int64_t Rowid() const {
    return static_cast<int64_t>(call_hash_ + static_cast<uint64_t>(row_.key));
  }

 private:
  size_t TakeArguments(int index, std::span<sqlite3_value*> values);
  Status TakeTags(TagSelection& tags) const;
  Status TakeNames(sqlite3_value* value, bool is_list, TagSelection& tags) const;
  Status TakeTimeFilters(const char* text, std::span<sqlite3_value*> values);
  void NarrowTime(FunctionCall& call) const;
  Status CheckUnits(const FunctionCall& call) const;
  Result<const Cell*> CellAt(size_t column);
  Result<bool> Matches();

  FunctionTable& table_;
  StatementSnapshots::Lease lease_;
  InterruptProbe probe_;
  std::shared_ptr<const FunctionArguments> arguments_;
  // Of a column; what the comparisons let through.
  struct TimeFilter {
    size_t column;
    TimeSet times;
  };
  std::vector<TimeFilter> time_filters_;
  std::unique_ptr<RowSource> source_;  // null: at the end
  FunctionRow row_;
  uint64_t call_hash_ = 0;
};

Status FunctionCursor::TakeTags(TagSelection& tags) const {
  sqlite3_value* const value = arguments_->value("tags");
  if (value == nullptr) return {};
  if (sqlite3_value_type(value) == SQLITE_BLOB) {
    return Status::InvalidArgument("tags is " + ShowValue(value) +
                                   "; write a name or a pattern such as 'boiler.*'");
  }
  tags.none = sqlite3_value_type(value) == SQLITE_NULL;
  tags.pattern = TextOf(value);
  return {};
}

Status FunctionCursor::TakeNames(sqlite3_value* value, bool is_list, TagSelection& tags) const {
  std::vector<std::string>& names = tags.names.emplace();
  const auto take = [&](sqlite3_value* name) -> Status {
    const int type = sqlite3_value_type(name);  // a column of TEXT equals no NULL and no BLOB
    if (type != SQLITE_NULL && type != SQLITE_BLOB) names.emplace_back(TextOf(name));
    return {};
  };
  return is_list ? ForEachInList(table_.connection.db(), value, take) : take(value);
}

Status FunctionCursor::TakeTimeFilters(const char* text, std::span<sqlite3_value*> values) {
  time_filters_.clear();
  for (const TimeTerm& term : TimeTermsOf(table_.function, text)) {
    XTDB_ASSIGN_OR_RETURN(TimeSet times,
                          TimesOf(table_.connection.db(), term, values[time_filters_.size()],
                                  lease_.view().now_us()));
    time_filters_.push_back({term.column, std::move(times)});
  }
  return {};
}

// How many of `values` are arguments.
size_t FunctionCursor::TakeArguments(int index, std::span<sqlite3_value*> values) {
  arguments_ = table_.fixed;
  if (arguments_ != nullptr) return 0;
  size_t used = 0;
  const auto given = std::make_shared<FunctionArguments>(table_.function.arguments);
  for (size_t i = 0; i < table_.function.arguments.size(); ++i) {
    if ((index & (1 << i)) != 0) given->Set(i, values[used++]);
  }
  arguments_ = given;
  return used;
}

// index: as FunctionIndex packs it. values: the arguments that it names, in order, then the names,
// then the right sides of the comparisons of times that `text` names.
Status FunctionCursor::Filter(int index, const char* text, std::span<sqlite3_value*> values) {
  lease_.NoteRunning();
  source_.reset();
  size_t used = TakeArguments(index, values);
  sqlite3_value* const table_name = arguments_->value(0);
  if (table_name == nullptr) {
    return Status::InvalidArgument(std::string("which table? write ") + table_.function.example);
  }
  if (sqlite3_value_type(table_name) == SQLITE_NULL) return {};
  call_hash_ = arguments_->Hash();
  XTDB_ASSIGN_OR_RETURN(
      std::unique_ptr<FunctionCall> call,
      FunctionCall::Make(table_.connection, lease_.shared_view(), std::string(TextOf(table_name))));
  call->arguments = arguments_;
  call->columns_used = ColumnsOfFunctionIndex(index);
  XTDB_RETURN_IF_ERROR(TakeTags(call->tags));
  if ((index & kFunctionIndexNames) != 0) {
    XTDB_RETURN_IF_ERROR(
        TakeNames(values[used++], (index & kFunctionIndexNameList) != 0, call->tags));
  }
  XTDB_RETURN_IF_ERROR(TakeTimeFilters(text, values.subspan(used)));
  NarrowTime(*call);
  XTDB_RETURN_IF_ERROR(CheckUnits(*call));
  XTDB_ASSIGN_OR_RETURN(source_, table_.function.open(std::move(call)));
  return Next();
}

// Of the arguments that are times.
Status FunctionCursor::CheckUnits(const FunctionCall& call) const {
  for (const char* const name : {"start", "stop", "at"}) {
    if (!arguments_->Has(name)) continue;
    const Comparand given = NumericComparand(arguments_->value(name));
    if (given.kind != Comparand::Kind::kInteger) continue;
    XTDB_RETURN_IF_ERROR(CheckTimeUnit(call.View(), call.now_us(), name, given.integer));
  }
  return {};
}

// Filters drop rows; a source that knows the range need not make them.
void FunctionCursor::NarrowTime(FunctionCall& call) const {
  const std::span<const int> times = table_.function.by_time;
  for (const TimeFilter& filter : time_filters_) {
    if (std::find(times.begin(), times.end(), static_cast<int>(filter.column)) == times.end()) {
      continue;
    }
    call.time_min_us = std::max(call.time_min_us, filter.times.min_us());
    call.time_max_us = std::min(call.time_max_us, filter.times.max_us());
  }
}

Result<const Cell*> FunctionCursor::CellAt(size_t column) {
  if (std::holds_alternative<LateCell>(row_.cells[column])) {
    XTDB_RETURN_IF_ERROR(source_->Complete(row_));
  }
  return &row_.cells[column];
}

Result<bool> FunctionCursor::Matches() {
  for (const TimeFilter& filter : time_filters_) {
    XTDB_ASSIGN_OR_RETURN(const Cell* const cell, CellAt(filter.column));
    const auto* const time = std::get_if<TimeCell>(cell);
    const auto* const ts = std::get_if<int64_t>(cell);
    if (time == nullptr && ts == nullptr) return false;
    if (!filter.times.Contains(time != nullptr ? time->ts_us : *ts)) return false;
  }
  return true;
}

Status FunctionCursor::Next() {
  constexpr size_t kRowsPerProbe = 4096;
  lease_.NoteRunning();
  for (size_t dropped = 1;; ++dropped) {
    // SQLite looks between the rows that it gets.
    if (dropped % kRowsPerProbe == 0) XTDB_RETURN_IF_ERROR(probe_.Check());
    row_.cells.clear();
    row_.cells.resize(table_.function.columns.size());
    XTDB_ASSIGN_OR_RETURN(const bool has_row, source_->Next(row_));
    if (!has_row) {
      source_.reset();
      return {};
    }
    XTDB_ASSIGN_OR_RETURN(const bool matches, Matches());
    if (matches) return {};
  }
}

Status FunctionCursor::Column(sqlite3_context* context, int column) {
  const auto at = static_cast<size_t>(column);
  if (at >= row_.cells.size()) {
    const size_t number = at - row_.cells.size();
    sqlite3_value* const argument = arguments_->value(number);
    if (argument == nullptr) {
      const std::string name = table_.function.arguments[number];
      return Status::InvalidArgument(
          name + " is an argument, and was not given: it is set by WHERE " + name + " = or " +
          name + " IN behind the call, and not within an OR or the parentheses of the call");
    }
    sqlite3_result_value(context, argument);
    return {};
  }
  XTDB_ASSIGN_OR_RETURN(const Cell* const cell, CellAt(at));
  SetResult(context, *cell);
  return {};
}

FunctionCursor& CursorOf(sqlite3_vtab_cursor* cursor) {
  return static_cast<FunctionCursor&>(*cursor);
}

int Connect(sqlite3* db, void* aux, int /*argc*/, const char* const* /*argv*/, sqlite3_vtab** out,
            char** error) {
  return CallFromSqlite(error, [&] {
    return ConnectFixedCall(db, *static_cast<const TableFunction*>(aux), nullptr, out);
  });
}

int Disconnect(sqlite3_vtab* vtab) {
  delete static_cast<FunctionTable*>(vtab);
  return SQLITE_OK;
}

int BestIndex(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  auto& table = static_cast<FunctionTable&>(*vtab);
  bool possible = true;
  const int code = CallFromSqlite(vtab, [&]() -> Status {
    table.connection.snapshots().NotePrepare();
    XTDB_ASSIGN_OR_RETURN(possible, ChooseFunctionIndex(table.function, info));
    return {};
  });
  return code == SQLITE_OK && !possible ? SQLITE_CONSTRAINT : code;
}

int Open(sqlite3_vtab* vtab, sqlite3_vtab_cursor** out) {
  return CallFromSqlite(vtab, [&]() -> Status {
    *out = new FunctionCursor(static_cast<FunctionTable&>(*vtab));
    return {};
  });
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete &CursorOf(cursor);
  return SQLITE_OK;
}

const char* NameOf(const sqlite3_vtab_cursor* cursor) {
  return static_cast<FunctionTable*>(cursor->pVtab)->function.name;
}

int Filter(sqlite3_vtab_cursor* cursor, int index, const char* text, int argc,
           sqlite3_value** argv) {
  return CallFromSqlite(cursor->pVtab, [&] {
    return CursorOf(cursor)
        .Filter(index, text, {argv, static_cast<size_t>(argc)})
        .WithContext(NameOf(cursor));
  });
}

int Next(sqlite3_vtab_cursor* cursor) {
  return CallFromSqlite(cursor->pVtab,
                        [&] { return CursorOf(cursor).Next().WithContext(NameOf(cursor)); });
}

int Eof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor).at_end() ? 1 : 0; }

int Column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  CallFromFunction(context, [&] {
    return CursorOf(cursor).Column(context, column).WithContext(NameOf(cursor));
  });
  return SQLITE_OK;
}

int Rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
  *rowid = CursorOf(cursor).Rowid();
  return SQLITE_OK;
}

int Rename(sqlite3_vtab* /*vtab*/, const char* /*name*/) { return SQLITE_OK; }

constexpr sqlite3_module MakeModule(ConnectFn create, ConnectFn connect) {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xCreate = create;
  module.xConnect = connect;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xDestroy = create == nullptr ? nullptr : Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = Eof;
  module.xColumn = Column;
  module.xRowid = Rowid;
  module.xRename = Rename;
  return module;
}
// Without xCreate: the function's name is the table, and CREATE VIRTUAL TABLE cannot use it.
constexpr sqlite3_module kModule = MakeModule(nullptr, Connect);

// What SELECT xtdb_last('plant') is told, which SQLite would call "no such function".
void SayThatItGivesRows(sqlite3_context* context, int /*count*/, sqlite3_value** /*arguments*/) {
  const auto& function = *static_cast<const TableFunction*>(sqlite3_user_data(context));
  const std::string message =
      std::string(function.name) + " gives rows; write SELECT * FROM " + function.example;
  sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

}  // namespace

int RegisterTableFunction(sqlite3* db, const TableFunction& function) {
  const int code = sqlite3_create_function_v2(db, function.name, -1, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                                              const_cast<TableFunction*>(&function),
                                              SayThatItGivesRows, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_module_v2(db, function.name, &kModule,
                                  const_cast<TableFunction*>(&function), nullptr);
}

sqlite3_module FixedCallModule(ConnectFn create, ConnectFn connect) {
  return MakeModule(create, connect);
}

Status ConnectFixedCall(sqlite3* db, const TableFunction& function,
                        std::shared_ptr<const FunctionArguments> arguments, sqlite3_vtab** out) {
  const int code = sqlite3_declare_vtab(db, Schema(function).c_str());
  if (code != SQLITE_OK) return StatusFromSqlite(db, code);
  XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS)));
  *out = new FunctionTable(Connection::Of(db), function, std::move(arguments));
  return {};
}

}  // namespace xtdb
