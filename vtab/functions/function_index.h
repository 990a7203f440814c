#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/status.h"
#include "vtab/functions/table_function.h"
#include "vtab/functions/time_filter.h"

namespace xtdb {

inline constexpr size_t kFunctionArgumentsMax = 2;  // tbl, tags

// Bits of idxNum: bit i: argument i is given. idxStr says the same in words for EXPLAIN QUERY
// PLAN, and alone which times are compared.
enum FunctionIndexBit : int {
  kFunctionIndexNames = 1 << 8,     // a name follows the arguments: tag = ?
  kFunctionIndexNameList = 1 << 9,  // the name is a list: tag IN (...)
};

// xBestIndex of a table-valued function. Arguments are set by = and IN and by nothing else, and
// always consumed. False: an argument depends on a table that comes later in this order of the
// join. A call without `tbl` is let through at a cost that makes SQLite prefer any other plan;
// xFilter says what is missing.
Result<bool> ChooseFunctionIndex(const TableFunction& function, sqlite3_index_info* info);

// The comparisons of times that idxStr names, in order.
std::vector<TimeTerm> TimeTermsOf(const TableFunction& function, std::string_view text);

}  // namespace xtdb
