#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

// CREATE VIRTUAL TABLE ... USING xtdb_wide(...): a read-only table with a column for each of some
// tags, and a row for each of their common times. Returns an SQLite code.
int RegisterWideModule(sqlite3* db);

}  // namespace xtdb
