#include "vtab/second_connection.h"

#include <new>

#include "vtab/sqlite_glue.h"

namespace xtdb {

std::string DatabaseFile(sqlite3* db, const std::string& schema) {
  const char* const file = sqlite3_db_filename(db, schema.c_str());
  return file == nullptr ? "" : file;
}

Result<SecondConnection> OpenSecondConnection(sqlite3* db, const std::string& schema,
                                              int64_t timeout_us) {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(db, schema.c_str(), SQLITE_FCNTL_VFS_POINTER, &vfs);
  sqlite3* opened = nullptr;
  // What the caller may only read must not be recovered, or get a -shm beside it, for our sake.
  const int access =
      sqlite3_db_readonly(db, schema.c_str()) == 1 ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int code = sqlite3_open_v2(DatabaseFile(db, schema).c_str(), &opened, access,
                                   vfs == nullptr ? nullptr : vfs->zName);
  SecondConnection own(opened);
  if (own == nullptr) throw std::bad_alloc();
  if (code != SQLITE_OK) return StatusFromSqlite(own.get(), code);
  // The schema may be a stranger's.
  sqlite3_db_config(own.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(own.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_busy_timeout(own.get(), static_cast<int>(timeout_us / 1000));
  return own;
}

}  // namespace xtdb
