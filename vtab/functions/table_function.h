#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/base/status.h"
#include "vtab/functions/function_call.h"
#include "vtab/functions/row_source.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

struct OutputColumn {
  const char* name;
  const char* type;  // TEXT, TIMESTAMP, BIGINT, NUMERIC, DOUBLE PRECISION, BLOB
};

// A function as SQL sees it: `FROM xtdb_tags('plant', 'boiler.*')`, which is the same as `FROM
// xtdb_tags WHERE tbl = 'plant' AND tags = 'boiler.*'`. Arguments are hidden columns behind the
// output columns; the first is `tbl` and has to be given. Of a function without a column `tag` no
// argument is called `tags`.
struct TableFunction {
  const char* name;
  std::span<const OutputColumn> columns;   // at most kFunctionColumnsMax
  std::span<const char* const> arguments;  // at most kFunctionArgumentsMax
  bool has_tag_column = false;             // column 0 is the tag's name: `=` and IN on it become
                                           // TagSelection::names
  bool by_tag = false;                     // rows come by column 0, bytewise
  std::span<const int> by_time = {};       // and those of a tag by each of these columns
  const char* example;                     // a call, for messages: "xtdb_tags('plant')"
  Result<std::unique_ptr<RowSource>> (*open)(std::shared_ptr<const FunctionCall> call);
};

inline constexpr const char* kTableArgument[] = {"tbl"};
inline constexpr const char* kTagsArguments[] = {"tbl", "tags"};

// Registers `function`, which must live for ever, as a read-only table-valued function.
// Returns an SQLite code.
int RegisterTableFunction(sqlite3* db, const TableFunction& function);

// For tables that CREATE VIRTUAL TABLE makes and that are calls with fixed arguments: `connect` is
// xCreate and xConnect, and calls ConnectFixedCall.
using ConnectFn = decltype(sqlite3_module::xConnect);
sqlite3_module FixedCallModule(ConnectFn create, ConnectFn connect);
// The table has the function's columns, and no arguments. `arguments`: of the function that is
// called; `function` has its columns, takes none, and lives for ever.
Status ConnectFixedCall(sqlite3* db, const TableFunction& function,
                        std::shared_ptr<const FunctionArguments> arguments, sqlite3_vtab** out);

}  // namespace xtdb
