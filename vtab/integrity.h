#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

// For PRAGMA integrity_check, which hosts from SQLite 3.44 on ask of virtual tables, too: the
// problems of the table's container, one a line, in `error`. That it cannot be opened is one of
// them, so that the other tables are still checked. quick_check only opens it.
int CheckIntegrity(sqlite3_vtab* vtab, const char* schema, const char* table, int flags,
                   char** error);

// `module` with CheckIntegrity, if a host of that version calls it; else `module` itself. Lives for
// ever.
const sqlite3_module* WithIntegrity(const sqlite3_module& module, int host_version);

}  // namespace xtdb
