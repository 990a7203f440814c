#pragma once

#include <memory>
#include <string>

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
using SecondConnection = std::unique_ptr<sqlite3, CloseDatabase>;

// The file of the schema's database; empty if that is in memory or temporary.
std::string DatabaseFile(sqlite3* db, const std::string& schema);

// Another connection to the schema's database, through the same VFS: what is asked there takes no
// lock in the transaction of `db`. It waits for locks as long as `timeout_us` says.
Result<SecondConnection> OpenSecondConnection(sqlite3* db, const std::string& schema,
                                              int64_t timeout_us);

}  // namespace xtdb
