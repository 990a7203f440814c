#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "planner/plan.h"
#include "vtab/pushed_plan.h"
#include "vtab/sqlite_api.h"
#include "vtab/statement_snapshots.h"

namespace xtdb {

class Table;
class ContainerSession;

// A scan of a table. Works on batches of the planner: a row is an index into one, and only the
// columns that SQLite asks for are converted.
//
// Threads: one connection's.
class Cursor : public sqlite3_vtab_cursor {
 public:
  explicit Cursor(Table& table) : sqlite3_vtab_cursor{}, table_(table) {}
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  // Takes the statement's snapshot.
  Status Open();
  Status Filter(const char* plan_text, std::span<sqlite3_value*> arguments);
  Status Next() {
    lease_.NoteRunning();
    if (++row_ < row_end_ && excluded_ts_.empty()) [[likely]]
      return {};
    return Advance();
  }
  bool AtEnd() const { return batch_ == nullptr; }
  Status Column(sqlite3_context* context, int column);
  Result<int64_t> Rowid() const;

 private:
  Status Advance();
  Status NextBatch();
  Status PlanNextTime();
  size_t Index() const { return batch_->reversed ? batch_->end - 1 - row_ : batch_->begin + row_; }
  void ResultValue(sqlite3_context* context, size_t index) const;
  void NoteCounters();

  Table& table_;
  std::shared_ptr<ContainerSession> session_;
  StatementSnapshots::Lease lease_;
  std::string plan_text_;
  PushedPlan pushed_;
  std::unique_ptr<Plan> plan_;
  std::vector<int64_t> excluded_ts_;
  // time IN (...): one plan after the other.
  std::vector<int64_t> times_;
  size_t next_time_ = 0;
  Request request_;               // of the next time
  const Batch* batch_ = nullptr;  // null: at the end
  size_t row_ = 0;                // within the batch, in order of output
  size_t row_end_ = 0;
};

}  // namespace xtdb
