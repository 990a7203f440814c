#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

// Registers scalar, aggregate and table-valued functions with `db`, whose Connection exists
// already. Returns an SQLite code.
int RegisterFunctions(sqlite3* db);

}  // namespace xtdb
