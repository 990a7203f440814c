#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

// The methods of CREATE VIRTUAL TABLE ... USING xtdb. The client data of the module is the
// Connection.
extern const sqlite3_module kXtdbModule;

}  // namespace xtdb
