#include "tests/crash/counter_writer.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <random>

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace xtdb {

namespace {

std::string LongText(int64_t n) {
  return std::string(static_cast<size_t>(n * 37 % 900), static_cast<char>('a' + n % 26));
}

// The value as an SQL literal.
std::string Literal(int tag, int64_t n) {
  switch (tag % 3) {
    case 0:
      return std::to_string(n);
    case 1:
      return std::to_string(n) + ".5";
    default:
      return "'" + std::to_string(n) + LongText(n) + "'";
  }
}

std::string InsertOf(int tag, int64_t n) {
  return "INSERT INTO plant(tag, ts, value) VALUES ('" + CounterTag(tag) + "', " +
         std::to_string(n) + ", " + Literal(tag, n) + ")";
}

class CounterWriter {
 public:
  explicit CounterWriter(const CounterWriterOptions& options)
      : options_(options), random_(options.seed) {}
  ~CounterWriter() { sqlite3_close(db_); }

  bool Open() {
    db_ = OpenCounters(options_.folder, options_.synchronous);
    if (db_ == nullptr) return false;
    const int64_t last = LastCounter(db_);
    // What is acknowledged is there, whoever opens the store.
    if (last < last_) {
      std::fprintf(stderr, "counter %lld is gone\n", static_cast<long long>(last_));
      return false;
    }
    last_ = last;
    return true;
  }

  bool Step() {
    switch (Draw(24)) {
      case 0:
        return ExecSql(db_, "SELECT xtdb_flush('plant')");
      case 1:
        return Draw(4) != 0 || ExecSql(db_, "SELECT xtdb_seal('plant')");
      case 2:
        sqlite3_close(db_);
        return Open();
      case 3:  // a transaction that never was
        return ExecSql(db_, "BEGIN") && WriteAll(last_ + 1) && ExecSql(db_, "ROLLBACK");
      case 4:
        return Draw(16) != 0 || ExecSql(db_, "SELECT xtdb_compact('plant', 'full')");
      default:
        return CommitNext();
    }
  }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }

  bool WriteAll(int64_t n) {
    const auto first = static_cast<int>(Draw(kCounterTags));
    for (int i = 0; i < kCounterTags; ++i) {
      if (!ExecSql(db_, InsertOf((first + i) % kCounterTags, n))) return false;
    }
    return true;
  }

  bool CommitNext() {
    const int64_t n = last_ + 1;
    if (!ExecSql(db_, "BEGIN")) return false;
    // Changes that are undone, or done over, before the real ones.
    if (Draw(4) == 0 && !(ExecSql(db_, "SAVEPOINT s") && WriteAll(n + 1) &&
                          ExecSql(db_, "ROLLBACK TO s") && ExecSql(db_, "RELEASE s"))) {
      return false;
    }
    if (n > 1 && Draw(4) == 0 &&
        !(ExecSql(db_, "DELETE FROM plant WHERE ts = " + std::to_string(n - 1)) &&
          WriteAll(n - 1))) {
      return false;
    }
    if (!WriteAll(n) || !ExecSql(db_, "COMMIT")) return false;
    last_ = n;
    return ::write(options_.ack_fd, &n, sizeof(n)) == sizeof(n);
  }

  const CounterWriterOptions options_;
  std::mt19937_64 random_;
  sqlite3* db_ = nullptr;
  int64_t last_ = 0;
};

}  // namespace

std::string CounterTag(int tag) { return "counter" + std::to_string(tag); }

std::string CounterValue(int tag, int64_t n) { return Literal(tag, n); }

bool ExecSql(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return true;
  std::fprintf(stderr, "%s: %s\n", sql.substr(0, 200).c_str(), sqlite3_errmsg(db));
  return false;
}

sqlite3* OpenCounters(const std::string& folder, const std::string& synchronous) {
  [[maybe_unused]] static const int registered =
      sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  sqlite3* db = nullptr;
  const std::string path = folder + "/" + synchronous + ".db";
  if (sqlite3_open(path.c_str(), &db) == SQLITE_OK && sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
      ExecSql(db,
              "CREATE VIRTUAL TABLE IF NOT EXISTS plant USING xtdb(path='plant.xtdb', "
              "chunk_size='4M', buffer='1M', synchronous=" +
                  synchronous + ")")) {
    return db;
  }
  std::fprintf(stderr, "open %s: %s\n", path.c_str(), sqlite3_errmsg(db));
  sqlite3_close(db);
  return nullptr;
}

int64_t LastCounter(sqlite3* db) {
  sqlite3_stmt* statement = nullptr;
  int64_t last = -1;
  if (sqlite3_prepare_v2(db, "SELECT coalesce(max(ts), 0) FROM plant", -1, &statement, nullptr) ==
          SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    last = sqlite3_column_int64(statement, 0);
  } else {
    std::fprintf(stderr, "last counter: %s\n", sqlite3_errmsg(db));
  }
  sqlite3_finalize(statement);
  return last;
}

int WriteCounters(const CounterWriterOptions& options) {
  CounterWriter writer(options);
  if (!writer.Open()) return 1;
  while (writer.Step()) {
  }
  return 1;
}

}  // namespace xtdb
