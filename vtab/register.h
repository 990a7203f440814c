#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

inline constexpr int kSqliteVersionMin = 3'040'000;

// Registers the module `xtdb` and all functions with `db`; again for a connection that has them is
// a no-op. The table of routines must be set. Returns an SQLite code and, on failure, a message in
// *error.
int RegisterXtdb(sqlite3* db, char** error);

}  // namespace xtdb
