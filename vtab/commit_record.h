#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/container_format.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// The one row of the shadow table NAME_commit, which a table has if its container has
// atomic_commit: which of the container's transactions this database has committed last.
struct CommitRecord {
  std::string table;  // NAME
  Uuid database{};    // the same in all records of a database
  Uuid container{};
  LSN number = kNoLsn;  // Transaction::number(); kNoLsn: none yet
};

// "SCHEMA"."NAME_commit"
std::string CommitTable(const std::string& schema, const std::string& table);

// Makes the shadow table, for a database that has others or none.
Status CreateCommitRecord(sqlite3* db, const std::string& schema, const std::string& table,
                          const Uuid& container);
// None: the table has no such shadow table, or it is damaged.
Result<std::optional<CommitRecord>> ReadCommitRecord(sqlite3* db, const std::string& schema,
                                                     const std::string& table);
// Of all tables of the schema.
Result<std::vector<CommitRecord>> ReadCommitRecords(sqlite3* db, const std::string& schema);
// Joins the transaction that is being committed.
Status WriteCommitRecord(sqlite3* db, const std::string& schema, const std::string& table,
                         const Uuid& container, LSN number);

}  // namespace xtdb
