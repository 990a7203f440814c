#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// A prepared statement. Ends before its database.
// Threads: one at a time.
class SqliteStatement {
 public:
  SqliteStatement& Bind(int parameter, int64_t value);
  SqliteStatement& Bind(int parameter, double value);
  SqliteStatement& Bind(int parameter, std::string_view text);  // copied
  SqliteStatement& BindNull(int parameter);

  // To the next row; false at the end, and then it can be bound anew.
  Result<bool> Step();
  // For statements without rows.
  Status Run();
  void Reset() { sqlite3_reset(statement_.get()); }

  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string Text(int column) const;
  bool IsNull(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A database of SQLite.
// Threads: one at a time.
// Errors:  name the file, with SQLite's words; kBusy where another program has it locked.
class SqliteDatabase {
 public:
  // Made if there is none. Waits so long for others who write to it. kInvalidArgument: a name that
  // SQLite takes for a database in memory.
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, int busy_timeout_ms);

  Status Execute(const std::string& sql);
  Result<SqliteStatement> Prepare(const std::string& sql);
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const { return sqlite3_changes64(db_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  SqliteDatabase(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  std::unique_ptr<sqlite3, Close> db_;
  const std::string path_;
};

// `name` as an identifier in SQL: "rollup_1h".
std::string QuotedIdentifier(std::string_view name);

}  // namespace xtdb
