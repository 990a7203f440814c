#include "vtab/functions/function_call.h"

#include <utility>

namespace xtdb {

Result<std::unique_ptr<FunctionCall>> FunctionCall::Make(Connection& connection,
                                                         std::shared_ptr<StatementView> statement,
                                                         std::string table_name) {
  XTDB_ASSIGN_OR_RETURN(Table* const table, connection.FindTable(table_name));
  XTDB_RETURN_IF_ERROR(table->CheckOpenToFunctions());
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<ContainerSession> session, table->Session());
  XTDB_RETURN_IF_ERROR(session->CheckUsable());
  XTDB_RETURN_IF_ERROR(session->BeginReading(statement->serial()));
  XTDB_ASSIGN_OR_RETURN(const ReadView view, statement->ViewOf(session));
  return std::unique_ptr<FunctionCall>(new FunctionCall(connection, std::move(statement),
                                                        std::move(table_name), std::move(session),
                                                        view, table->last_query()));
}

// A rolled back CREATE makes its statement forget the view; the call goes on with what it began
// with.
const ReadView& FunctionCall::View() const {
  const ReadView* const known = statement_->Known(*session_);
  return known != nullptr ? *known : first_view_;
}

}  // namespace xtdb
