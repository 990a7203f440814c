#pragma once

#include <optional>

#include "engine/base/status.h"
#include "vtab/connection.h"
#include "vtab/sqlite_glue.h"

namespace xtdb {

// Whether sqlite3_interrupt was called, which SQLite tells its statements only.
//
// Ownership: borrows the connection.
// Threads:   the connection's.
class InterruptProbe {
 public:
  explicit InterruptProbe(Connection& connection) : connection_(connection) {}
  // kInterrupted: it was.
  Status Check();

 private:
  Connection& connection_;
  std::optional<SqlStatement> statement_;
};

}  // namespace xtdb
