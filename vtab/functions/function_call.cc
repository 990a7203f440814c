#include "vtab/functions/function_call.h"

#include <utility>

namespace xtdb {

Result<std::unique_ptr<FunctionCall>> FunctionCall::Make(Connection& connection,
                                                         std::shared_ptr<StatementView> statement,
                                                         std::string table_name) {
  XTDB_ASSIGN_OR_RETURN(Table* const table, connection.FindTable(table_name));
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<ContainerSession> session, table->Session());
  XTDB_RETURN_IF_ERROR(session->CheckUsable());
  XTDB_RETURN_IF_ERROR(session->BeginReading(statement->serial()));
  return std::unique_ptr<FunctionCall>(new FunctionCall(connection, std::move(statement),
                                                        std::move(table_name), std::move(session)));
}

void FunctionCall::AddToLastQuery(const PlanCounters& counters) const {
  const Result<Table*> table = FindTable();
  if (table.ok()) table.value()->AddToLastQuery(statement_->serial(), counters);
}

}  // namespace xtdb
