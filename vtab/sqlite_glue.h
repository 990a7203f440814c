#pragma once

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// The SQLite code whose meaning to a client is nearest.
int SqliteCode(StatusCode code);
// The other way, for SQL that we run ourselves: a Status with the connection's message.
Status StatusFromSqlite(sqlite3* db, int code);

// Replaces the message that SQLite will pick up after a method has failed.
void SetMessage(char** message, std::string_view text);

// Every method that SQLite calls is one such call: nothing thrown goes through SQLite's C frames.
template <typename Body>
int CallFromSqlite(char** message, Body&& body) noexcept try {
  const Status status = std::forward<Body>(body)();
  if (status.ok()) return SQLITE_OK;
  SetMessage(message, status.message());
  return SqliteCode(status.code());
} catch (const std::bad_alloc&) {
  return SQLITE_NOMEM;
} catch (...) {
  return SQLITE_ERROR;
}
template <typename Body>
int CallFromSqlite(sqlite3_vtab* vtab, Body&& body) noexcept {
  return CallFromSqlite(&vtab->zErrMsg, std::forward<Body>(body));
}

// The same for SQL functions: a Status other than OK becomes the function's error.
void SetResultError(sqlite3_context* context, const Status& status);
template <typename Body>
void CallFromFunction(sqlite3_context* context, Body&& body) noexcept try {
  const Status status = std::forward<Body>(body)();
  if (!status.ok()) SetResultError(context, status);
} catch (const std::bad_alloc&) {
  sqlite3_result_error_nomem(context);
} catch (...) {
  sqlite3_result_error_code(context, SQLITE_ERROR);
}

// The bytes of a TEXT or BLOB; of a number its text.
std::string_view TextOf(sqlite3_value* value);
std::string_view BlobOf(sqlite3_value* value);
// A value as an error message shows it: `NULL`, `12`, `"abc"`, `a BLOB of 3 bytes`.
std::string ShowValue(sqlite3_value* value);

// A statement of ours on the caller's connection.
class SqlStatement {
 public:
  static Result<SqlStatement> Prepare(sqlite3* db, const std::string& sql);
  Status Bind(int parameter, std::string_view text);
  Status Bind(int parameter, sqlite3_value* value);
  // True: there is a row.
  Result<bool> Step();
  void Reset();
  std::string Text(int column) const;
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  sqlite3_stmt* get() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit SqlStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Runs statements that give no rows.
Status RunSql(sqlite3* db, const std::string& sql);
// True for an ordinary or a virtual table, not for a view.
bool IsTable(sqlite3* db, const std::string& schema, const std::string& name);
std::string QuoteIdentifier(std::string_view name);  // "a""b"
// Empty if it says nothing.
Result<std::string> ReadPragma(sqlite3* db, const std::string& schema, const std::string& name);

}  // namespace xtdb
