#pragma once

#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "vtab/connection.h"
#include "vtab/functions/function_arguments.h"
#include "vtab/functions/tag_selection.h"
#include "vtab/statement_snapshots.h"
#include "vtab/table.h"

namespace xtdb {

// One call of a table-valued function: the table it is about, what its statement sees, and which
// tags it is asked for.
//
// Ownership: keeps the container open and the statement's view alive; borrows the connection.
// Threads:   one connection's.
class FunctionCall {
 public:
  // kNotFound lists the tables there are.
  static Result<std::unique_ptr<FunctionCall>> Make(Connection& connection,
                                                    std::shared_ptr<StatementView> statement,
                                                    std::string table_name);

  // Asked for anew for every row: the transaction whose staging it names may have ended since.
  const ReadView& View() const;
  StorageEngine& engine() const { return session_->engine(); }
  const std::shared_ptr<ContainerSession>& session() const { return session_; }

  // The table itself, looked up anew: SQL that ran since may have ended the object.
  Result<Table*> FindTable() const { return connection_.FindTable(table_name_); }
  // Adds to what xtdb_last_query tells of the table.
  void AddToLastQuery(const PlanCounters& counters) const noexcept {
    last_query_->Add(statement_->serial(), counters);
  }

  int64_t now_us() const { return statement_->now_us(); }

  TagSelection tags;
  std::shared_ptr<const FunctionArguments> arguments;
  uint32_t columns_used = 0;  // bit i: output column i is read
  // What comparisons leave of the column `time`: rows outside of it are dropped in any case.
  int64_t time_min_us = kTsMin;
  int64_t time_max_us = kTsMax;

 private:
  FunctionCall(Connection& connection, std::shared_ptr<StatementView> statement,
               std::string table_name, std::shared_ptr<ContainerSession> session,
               const ReadView& first_view, std::shared_ptr<LastQuery> last_query)
      : connection_(connection),
        statement_(std::move(statement)),
        table_name_(std::move(table_name)),
        session_(std::move(session)),
        first_view_{.snapshot = first_view.snapshot},
        last_query_(std::move(last_query)) {}

  Connection& connection_;
  const std::shared_ptr<StatementView> statement_;
  const std::string table_name_;
  const std::shared_ptr<ContainerSession> session_;
  const ReadView first_view_;  // without staging
  const std::shared_ptr<LastQuery> last_query_;
};

}  // namespace xtdb
