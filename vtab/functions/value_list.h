#pragma once

#include "engine/base/status.h"
#include "vtab/sqlite_glue.h"

namespace xtdb {

// Calls `take(sqlite3_value*) -> Status` with each value of an IN list that sqlite3_vtab_in has
// taken over.
template <typename Take>
Status ForEachInList(sqlite3* db, sqlite3_value* list, Take&& take) {
  sqlite3_value* value = nullptr;
  int code = sqlite3_vtab_in_first(list, &value);
  for (; code == SQLITE_OK; code = sqlite3_vtab_in_next(list, &value)) {
    XTDB_RETURN_IF_ERROR(take(value));
  }
  return code == SQLITE_DONE ? Status() : StatusFromSqlite(db, code);
}

}  // namespace xtdb
