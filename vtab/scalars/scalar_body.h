#pragma once

#include <cstddef>
#include <span>

#include "vtab/sqlite_glue.h"

namespace xtdb {

// What SQLite calls for `Body`, a Status(sqlite3_context*, std::span<sqlite3_value*>): as for most
// of PostgreSQL's functions the result is NULL if one of the first `strict` arguments is.
template <auto Body, int strict = 8>
void RunScalar(sqlite3_context* context, int argc, sqlite3_value** argv) {
  for (int i = 0; i < argc && i < strict; ++i) {
    if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return;
  }
  CallFromFunction(context, [&] {
    return Body(context, std::span<sqlite3_value*>(argv, static_cast<size_t>(argc)));
  });
}

}  // namespace xtdb
