#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/stress_board.h"

namespace xtdb {

inline constexpr int kStressTags = 10;
// c0 .. c9: commit k writes value k at ts = k to each of them.
std::string StressTag(int tag);

struct StressStore {
  std::string folder;
  std::string journal = "wal";         // of SQLite's own files
  std::string synchronous = "normal";  // of the container
  std::string DatabasePath() const { return folder + "/plant.db"; }
  // Another database whose table stands on the same container.
  std::string SecondPath() const { return folder + "/second.db"; }
  std::string ContainerPath() const { return folder + "/plant.xtdb"; }
};

// A connection as a user has one: SQLite, the extension loaded, a table `plant`. Every failure is
// told to the board once, with the statement.
class StressDatabase {
 public:
  StressDatabase(const StressStore& store, StressBoard& board) : store_(store), board_(board) {}
  ~StressDatabase() { Close(); }
  StressDatabase(const StressDatabase&) = delete;
  StressDatabase& operator=(const StressDatabase&) = delete;

  bool Open(const std::string& path, int busy_timeout_ms);
  // Makes the database and its table, if they are not there.
  bool Create(const std::string& path);
  bool Close();

  using Row = std::function<bool(sqlite3_stmt*)>;  // false: what it found is wrong, and told
  bool Read(const std::string& sql, const Row& row);
  bool Exec(const std::string& sql) { return Read(sql, nullptr); }
  // The first column of the first row; 0 if there is none.
  bool ReadNumber(const std::string& sql, int64_t* number);
  // SQLite's code of a statement that may fail; no error is told.
  int Try(const std::string& sql) { return TryNumber(sql, nullptr); }
  int TryNumber(const std::string& sql, int64_t* number);
  std::string Message() const { return sqlite3_errmsg(db_); }
  bool Fail(const std::string& what);

  // Adds to the board the recoveries that were not told yet.
  bool CountRecoveries();

 private:
  const StressStore store_;
  StressBoard& board_;
  sqlite3* db_ = nullptr;
  int64_t recoveries_told_ = 0;
};

}  // namespace xtdb
