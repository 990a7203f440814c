#include "bench/common/sqlite_connection.h"

#include "bench/common/text.h"

namespace xtdb::bench {

SqliteConnection::SqliteConnection(const std::string& path) {
  if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) FailWith(path);
}

SqliteConnection::~SqliteConnection() {
  if (sqlite3_close(db_) != SQLITE_OK) FailWith("close");
}

void SqliteConnection::FailWith(const std::string& what) {
  Fail(what + ": " + sqlite3_errmsg(db_));
}

void SqliteConnection::LoadExtension(const std::string& path) {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, nullptr);
  char* error = nullptr;
  if (sqlite3_load_extension(db_, path.c_str(), nullptr, &error) != SQLITE_OK)
    Fail(path + ": " + (error != nullptr ? error : "cannot be loaded"));
}

void SqliteConnection::Run(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) FailWith(sql);
}

StatementPtr SqliteConnection::TryPrepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
  return StatementPtr(statement);
}

StatementPtr SqliteConnection::Prepare(const std::string& sql) {
  StatementPtr statement = TryPrepare(sql);
  if (statement == nullptr) FailWith(sql);
  return statement;
}

void SqliteConnection::StepToEnd(sqlite3_stmt* statement) {
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement);
  if (code != SQLITE_DONE) FailWith(sqlite3_sql(statement));
  sqlite3_reset(statement);
}

int64_t SqliteConnection::QueryInteger(const std::string& sql) {
  const StatementPtr statement = Prepare(sql);
  if (sqlite3_step(statement.get()) != SQLITE_ROW) FailWith(sql);
  return sqlite3_column_int64(statement.get(), 0);
}

}  // namespace xtdb::bench
