#pragma once

#include "vtab/sqlite_api.h"

namespace xtdb {

// The functions of each source file, registered with `db`. Return an SQLite code.
int RegisterTagFunctions(sqlite3* db);          // xtdb_tags, xtdb_last
int RegisterStorageFunctions(sqlite3* db);      // xtdb_chunks, xtdb_blocks
int RegisterStatusFunctions(sqlite3* db);       // xtdb_stats, xtdb_events, xtdb_last_query
int RegisterWritingFunctions(sqlite3* db);      // xtdb_append, xtdb_define_tag
int RegisterMaintenanceFunctions(sqlite3* db);  // xtdb_flush, ..._seal, _check, _backup
int RegisterVersionFunction(sqlite3* db);       // xtdb_version
int RegisterAggregateFunction(sqlite3* db);     // xtdb_aggregate
int RegisterVectorsFunction(sqlite3* db);       // xtdb_vectors
int RegisterSampleFunctions(sqlite3* db);       // xtdb_at, xtdb_sample
int RegisterPlotFunction(sqlite3* db);          // xtdb_plot
int RegisterSeriesFunction(sqlite3* db);        // ts_series

// Flags of scalar functions. Those that change anything may not be called from a view or trigger,
// whose author need not be the one who runs it, and are called each time that they stand in a
// statement.
inline constexpr int kReadingFunction = SQLITE_UTF8 | SQLITE_INNOCUOUS;
inline constexpr int kChangingFunction = SQLITE_UTF8 | SQLITE_DIRECTONLY;

}  // namespace xtdb
