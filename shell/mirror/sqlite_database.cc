#include "shell/mirror/sqlite_database.h"

#include <utility>

namespace xtdb {
namespace {

Status FromSqlite(sqlite3* db, int code, const std::string& what) {
  const std::string message = what + ": " + (db == nullptr ? "out of memory" : sqlite3_errmsg(db));
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Status::Busy(message);
    case SQLITE_READONLY:
      return Status::ReadOnly(message);
    case SQLITE_FULL:
      return Status::ResourceExhausted(message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Status::Corruption(message);
    default:
      return Status::IoError(message);
  }
}

std::string NameOf(sqlite3_stmt* statement) {
  const char* const name = sqlite3_db_filename(sqlite3_db_handle(statement), "main");
  return name == nullptr ? "database" : name;
}

}  // namespace

SqliteStatement& SqliteStatement::Bind(int parameter, int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, double value) {
  sqlite3_bind_double(statement_.get(), parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(),
                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::BindNull(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  Status status;
  if (code != SQLITE_DONE) {
    status = FromSqlite(sqlite3_db_handle(statement_.get()), code, NameOf(statement_.get()));
  }
  Reset();
  if (!status.ok()) return status;
  return false;
}

Status SqliteStatement::Run() {
  bool more = true;
  while (more) {
    XTDB_ASSIGN_OR_RETURN(more, Step());
  }
  return {};
}

std::string SqliteStatement::Text(int column) const {
  const auto* const text =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return "";
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path,
                                                             int busy_timeout_ms) {
  if (path.empty() || path == ":memory:") {
    return Status::InvalidArgument("\"" + path + "\" names no file; write a name such as plant.db");
  }
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  auto database = std::unique_ptr<SqliteDatabase>(new SqliteDatabase(db, path));
  if (code != SQLITE_OK) return FromSqlite(db, code, path);
  sqlite3_busy_timeout(db, busy_timeout_ms);
  return database;
}

Status SqliteDatabase::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : FromSqlite(db_.get(), code, path_);
}

Result<SqliteStatement> SqliteDatabase::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return FromSqlite(db_.get(), code, path_);
  return SqliteStatement(statement);
}

std::string QuotedIdentifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace xtdb
