#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/status.h"
#include "planner/wide/wide_rows.h"
#include "vtab/functions/function_call.h"
#include "vtab/functions/time_filter.h"
#include "vtab/interrupt_probe.h"
#include "vtab/sqlite_api.h"
#include "vtab/wide/wide_definition.h"

namespace xtdb {

// A wide table in one connection.
struct WideTable : sqlite3_vtab {
  WideTable(Connection& c, WideDefinition d)
      : sqlite3_vtab{}, connection(c), definition(std::move(d)) {}
  // SQLite does not take over every message.
  ~WideTable() { sqlite3_free(zErrMsg); }
  WideTable(const WideTable&) = delete;
  WideTable& operator=(const WideTable&) = delete;
  Connection& connection;
  const WideDefinition definition;
};

// Threads: one connection's.
class WideCursor : public sqlite3_vtab_cursor {
 public:
  explicit WideCursor(WideTable& table)
      : sqlite3_vtab_cursor{},
        table_(table),
        lease_(table.connection.snapshots().OpenCursor()),
        probe_(table.connection) {}
  ~WideCursor() { NoteCounters(); }
  WideCursor(const WideCursor&) = delete;
  WideCursor& operator=(const WideCursor&) = delete;

  Status Filter(const char* plan_text, std::span<sqlite3_value*> values);
  Status Next();
  bool AtEnd() const { return rows_ == nullptr; }
  void Column(sqlite3_context* context, int column) const;
  int64_t Rowid() const { return rows_->ts_us(); }

 private:
  void NoteCounters();
  Result<bool> SkipGap();

  WideTable& table_;
  StatementSnapshots::Lease lease_;
  InterruptProbe probe_;
  std::unique_ptr<FunctionCall> call_;
  PlanCounters counters_;
  TimeSet times_ = TimeSet::All();
  bool descending_ = false;
  bool has_row_ = false;
  std::unique_ptr<WideRows> rows_;  // null: at the end
};

}  // namespace xtdb
