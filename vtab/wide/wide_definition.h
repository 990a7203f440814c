#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "planner/aggregate/buckets.h"
#include "planner/aggregate/sampler.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// What CREATE VIRTUAL TABLE ... USING xtdb_wide(...) says.
struct WideDefinition {
  struct Column {
    std::string tag;
    std::string name;
  };
  std::string table;  // for Connection::FindTable
  std::vector<Column> columns;
  std::optional<Buckets> grid;
  SampleRequest sample;
};

// arguments: behind module, database and table name, as SQLite has cut them:
//   plant | 'boiler.temp' AS temp | 'boiler.press' | every='1 s' | fill='locf'
// A column without AS is called like its tag. schema: of the new table, beside which the other
// stands. kInvalidArgument says what is wrong and shows the form.
Result<WideDefinition> ParseWideDefinition(sqlite3* db, const std::string& schema,
                                           std::span<const std::string_view> arguments);

// For sqlite3_declare_vtab: time, the columns, and ts, which is hidden.
std::string WideSchema(const WideDefinition& definition);

}  // namespace xtdb
