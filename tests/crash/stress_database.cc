#include "tests/crash/stress_database.h"

namespace xtdb {

std::string StressTag(int tag) { return "c" + std::to_string(tag); }

bool StressDatabase::Fail(const std::string& what) {
  board_.TellError(what);
  return false;
}

bool StressDatabase::Open(const std::string& path, int busy_timeout_ms) {
  recoveries_told_ = 0;
  if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK ||
      sqlite3_enable_load_extension(db_, 1) != SQLITE_OK) {
    return Fail("open " + path + ": " + sqlite3_errmsg(db_));
  }
  char* error = nullptr;
  if (sqlite3_load_extension(db_, XTDB_BINARY_DIR "/xtdb.so", nullptr, &error) != SQLITE_OK) {
    return Fail(std::string("load the extension: ") + error);
  }
  // SQLite's recovery of its own -wal makes even readers wait for a moment.
  sqlite3_busy_timeout(db_, 10'000);
  if (!Exec("SELECT count(*) FROM sqlite_schema")) return false;
  sqlite3_busy_timeout(db_, busy_timeout_ms);
  return true;
}

bool StressDatabase::Create(const std::string& path) {
  return Open(path, 10'000) && Exec("PRAGMA journal_mode = " + store_.journal) &&
         Exec(
             "CREATE VIRTUAL TABLE IF NOT EXISTS plant USING xtdb(path='plant.xtdb', "
             "chunk_size='4M', buffer='1M', synchronous=" +
             store_.synchronous + ")");
}

bool StressDatabase::Close() {
  if (db_ == nullptr) return true;
  const int closed = sqlite3_close(db_);
  if (closed != SQLITE_OK) return Fail(std::string("close: ") + sqlite3_errmsg(db_));
  db_ = nullptr;
  return true;
}

bool StressDatabase::Read(const std::string& sql, const Row& row) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
  bool is_right = true;
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && row != nullptr) is_right = row(statement);
    if (!is_right) break;
  }
  if (is_right && code != SQLITE_DONE) {
    is_right = Fail(sql.substr(0, 200) + ": " + std::to_string(code) + ", " + sqlite3_errmsg(db_));
  }
  sqlite3_finalize(statement);
  return is_right;
}

bool StressDatabase::ReadNumber(const std::string& sql, int64_t* number) {
  *number = 0;
  return Read(sql, [&](sqlite3_stmt* row) {
    *number = sqlite3_column_int64(row, 0);
    return true;
  });
}

int StressDatabase::TryNumber(const std::string& sql, int64_t* number) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (number != nullptr) *number = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

bool StressDatabase::CountRecoveries() {
  int64_t found = 0;
  if (!ReadNumber("SELECT count(*) FROM xtdb_events('plant') WHERE kind = 'recovery'", &found)) {
    return false;
  }
  if (found > recoveries_told_) {
    board_.recoveries += static_cast<uint64_t>(found - recoveries_told_);
    recoveries_told_ = found;
  }
  return true;
}

}  // namespace xtdb
