#pragma once

#include <string_view>

#include "vtab/sqlite_api.h"

namespace xtdb {

// The collation of the column `time`, for comparisons that SQLite does itself (beside an OR of
// several columns, in CASE, HAVING or a row value): a text that is a time stands for its stored
// form, so that '2026-01-02T03:04Z' is found there as it is where the comparison is pushed down.
// Any other text, `now` too, stands for itself. Since SQLite copies a constant into other terms
// only under BINARY, it also keeps `time = '2026-01-02' AND time < '2026-02-01'` from becoming a
// comparison of the two texts.
inline constexpr char kTimeCollation[] = "XTDB_TIME";

int CompareTimeTexts(std::string_view a, std::string_view b);

int RegisterTimeCollation(sqlite3* db);

// For xBestIndex: whether constraint `i` compares as a plan compares times, under this collation or
// BINARY.
bool ComparesTimes(sqlite3_index_info* info, int i);

}  // namespace xtdb
