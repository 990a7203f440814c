#include "vtab/register.h"

#include <memory>

#include "engine/base/cleanup.h"
#include "vtab/connection.h"
#include "vtab/functions/register.h"
#include "vtab/integrity.h"
#include "vtab/module.h"
#include "vtab/scalars/scalars.h"
#include "vtab/sqlite_glue.h"
#include "vtab/time_collation.h"
#include "vtab/wide/wide_module.h"

namespace xtdb {

int RegisterXtdb(sqlite3* db, char** error) {
  if (Connection::Find(db) != nullptr) return SQLITE_OK;
  char* ignored = nullptr;
  return CallFromSqlite(error == nullptr ? &ignored : error, [&]() -> Status {
    auto connection = std::make_unique<Connection>(db);
    // SQLite calls the destructor also if it fails.
    const int module = sqlite3_create_module_v2(
        db, "xtdb", WithIntegrity(kXtdbModule, sqlite3_libversion_number()), connection.release(),
        [](void* client) { delete static_cast<Connection*>(client); });
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, module));
    // So that another attempt does not take a part for the whole.
    Cleanup unregister([db] { sqlite3_create_module_v2(db, "xtdb", nullptr, nullptr, nullptr); });
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, RegisterTimeCollation(db)));
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, RegisterFunctions(db)));
    std::vector<std::string>& left_to_host = Connection::Of(db).left_to_host();
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, RegisterSqlFunctions(db, left_to_host)));
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, RegisterWideModule(db)));
    unregister.Cancel();
    return {};
  });
}

}  // namespace xtdb
