#include "vtab/extension.h"

#include "vtab/register.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  if (sqlite3_libversion_number() < xtdb::kSqliteVersionMin) {
    if (error != nullptr) {
      *error = sqlite3_mprintf("xtdb needs SQLite 3.40 or later; this is %s", sqlite3_libversion());
    }
    return SQLITE_ERROR;
  }
  const int code = xtdb::RegisterXtdb(db, error);
  // Threads and open containers may outlive the connection that loaded us.
  return code == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : code;
}
