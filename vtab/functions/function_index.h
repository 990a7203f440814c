#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/status.h"
#include "vtab/functions/function_arguments.h"
#include "vtab/functions/table_function.h"
#include "vtab/functions/time_filter.h"

namespace xtdb {

// Bits of idxNum: bit i: argument i is given; from kFunctionIndexColumns on: output column i is
// read. idxStr says the same in words for EXPLAIN QUERY PLAN, and alone which times are compared.
enum FunctionIndexBit : int {
  kFunctionIndexNames = 1 << kFunctionArgumentsMax,  // a name follows the arguments: tag = ?
  kFunctionIndexNameList = 1 << (kFunctionArgumentsMax + 1),  // it is a list: tag IN (...)
};
inline constexpr int kFunctionIndexColumns = kFunctionArgumentsMax + 2;
inline constexpr size_t kFunctionColumnsMax = 31 - kFunctionIndexColumns;

constexpr uint32_t ColumnsOfFunctionIndex(int index) {
  return static_cast<uint32_t>(index) >> kFunctionIndexColumns;
}

// xBestIndex of a table-valued function. Arguments are set by = and IN and by nothing else, and
// always consumed. False: an argument depends on a table that comes later in this order of the
// join. A call without `tbl` is let through at a cost that makes SQLite prefer any other plan;
// xFilter says what is missing.
Result<bool> ChooseFunctionIndex(const TableFunction& function, sqlite3_index_info* info);

// The comparisons of times that idxStr names, in order.
std::vector<TimeTerm> TimeTermsOf(const TableFunction& function, std::string_view text);

}  // namespace xtdb
