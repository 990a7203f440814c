#include "vtab/interrupt_probe.h"

namespace xtdb {

Status InterruptProbe::Check() {
  if (!statement_) {
    XTDB_ASSIGN_OR_RETURN(statement_, SqlStatement::Prepare(connection_.db(), "SELECT 1"));
  }
  const Connection::Nested nested(connection_, statement_->get());
  const Status stepped = statement_->Step().status();
  statement_->Reset();
  return stepped;
}

}  // namespace xtdb
