#pragma once

// SQLite, called through the table of routines that the host hands over at load: the extension
// links no SQLite of its own. The table is set by sqlite3_xtdb_init, before anything else here can
// run.
#include <sqlite3ext.h>

extern "C" {
SQLITE_EXTENSION_INIT3
}
