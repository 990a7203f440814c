#pragma once

#include "vtab/sqlite_api.h"

// The entry point that SQLite looks for in xtdb.so. A program that links it hands it to
// sqlite3_auto_extension.
extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const sqlite3_api_routines* api);
