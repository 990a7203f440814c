#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "vtab/commit_record.h"
#include "vtab/connection.h"

// These two come before the extension has its table of routines.
#undef sqlite3_auto_extension
#undef sqlite3_open

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace {

constexpr const char* kBind = "UPDATE plant_commit SET database = ?1, container = ?2, number = ?3";

// A database in memory with a shadow table, and something that looks like the table it belongs to.
class Database {
 public:
  Database() {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) __builtin_trap();
    const std::string text = "00000000-0000-0000-0000-000000000001";
    Run("CREATE TABLE plant(a DEFAULT ('using xtdb'))");
    Run("CREATE TABLE plant_commit(database TEXT, container TEXT, number INTEGER)");
    Run("INSERT INTO plant_commit VALUES ('" + text + "', '" + text + "', 0)");
  }
  ~Database() { sqlite3_close(db_); }
  sqlite3* db() const { return db_; }
  void Run(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) __builtin_trap();
  }
  // as_blob: bit i for column i.
  void Store(const std::string_view (&columns)[3], uint8_t as_blob) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, kBind, -1, &statement, nullptr) != SQLITE_OK) __builtin_trap();
    for (int i = 0; i < 3; ++i) {
      const auto size = static_cast<int>(columns[i].size());
      if ((as_blob >> i & 1) != 0) {
        sqlite3_bind_blob(statement, i + 1, columns[i].data(), size, SQLITE_TRANSIENT);
      } else {
        sqlite3_bind_text(statement, i + 1, columns[i].data(), size, SQLITE_TRANSIENT);
      }
    }
    if (sqlite3_step(statement) != SQLITE_DONE) __builtin_trap();
    sqlite3_finalize(statement);
  }

 private:
  sqlite3* db_ = nullptr;
};

// What a UUID's text has besides dashes.
std::string Digits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '-') digits += c;
  }
  return digits;
}

}  // namespace

// Three lines behind a first byte stand in the row of a shadow table: it is the record that they
// say, or none.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  static Database database;
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  CreatesXtdbTable(std::string(rest));
  std::string_view columns[3];
  for (std::string_view& column : columns) {
    column = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), column.size() + 1));
  }
  database.Store(columns, data[0]);
  const auto record = ReadCommitRecord(database.db(), "main", "plant");
  const auto all = ReadCommitRecords(database.db(), "main");
  if (!record.ok() || !all.ok()) __builtin_trap();
  if (all.value().size() != (record.value() ? 1 : 0)) __builtin_trap();
  if (!record.value()) return 0;
  if (Digits(UuidText(record.value()->database)) != Digits(columns[0])) __builtin_trap();
  if (Digits(UuidText(record.value()->container)) != Digits(columns[1])) __builtin_trap();
  return 0;
}
