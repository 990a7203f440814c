#pragma once

#include <cstdint>
#include <span>

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

class Table;

// One row of an INSERT, UPDATE or DELETE, as xUpdate gets it; `rowid` is set for an INSERT. On
// error nothing is staged.
//   kNotNull, kAlreadyExists: the row breaks a constraint, so that OR IGNORE skips it.
Status UpdateRow(Table& table, std::span<sqlite3_value*> arguments, sqlite3_int64* rowid);

}  // namespace xtdb
