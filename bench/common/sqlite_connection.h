#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

namespace xtdb::bench {

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

// A connection to SQLite. Errors end the program.
class SqliteConnection {
 public:
  explicit SqliteConnection(const std::string& path);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  void LoadExtension(const std::string& path);
  void Run(const std::string& sql);
  StatementPtr Prepare(const std::string& sql);
  StatementPtr TryPrepare(const std::string& sql);  // null: it does not compile
  void StepToEnd(sqlite3_stmt* statement);          // and resets it
  int64_t QueryInteger(const std::string& sql);     // of the first row
  [[noreturn]] void FailWith(const std::string& what);

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace xtdb::bench
