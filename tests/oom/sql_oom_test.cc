#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/oom/failing_memory.h"
#include "tests/support/temporary_directory.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace xtdb {
namespace {

struct Outcome {
  int code = SQLITE_OK;
  std::string message;
};

// A connection that may fail to open.
class Database {
 public:
  explicit Database(const std::string& path) {
    [[maybe_unused]] static const int registered =
        sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
    path_ = path;
  }
  ~Database() { Close(); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  int Open() { return sqlite3_open(path_.c_str(), &db_); }
  void Close() {
    EXPECT_EQ(sqlite3_close(db_), SQLITE_OK) << "something is left open";
    db_ = nullptr;
  }
  sqlite3* get() const { return db_; }
  // Allocates nothing itself.
  int Run(const char* sql) { return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); }
  Outcome Told(int code) const { return {code, sqlite3_errmsg(db_)}; }
  // All rows, a line each.
  std::string Rows(const char* sql) {
    std::string rows;
    const auto add = [](void* out, int count, char** values, char**) {
      auto& text = *static_cast<std::string*>(out);
      for (int i = 0; i < count; ++i) text += std::string(values[i] ? values[i] : "NULL") + " ";
      text += "\n";
      return 0;
    };
    const int code = sqlite3_exec(db_, sql, add, &rows, nullptr);
    if (code != SQLITE_OK) rows += std::string("error: ") + sqlite3_errmsg(db_);
    return rows;
  }

 private:
  std::string path_;
  sqlite3* db_ = nullptr;
};

constexpr const char* kState =
    "SELECT tag, ts, value, quality FROM plant ORDER BY tag, ts; SELECT n FROM plain";

struct Step {
  const char* name;
  const char* before;  // with memory
  const char* sql;     // without
  bool opens = false;  // `sql` runs on a connection that is opened without memory, too
  bool crashed = false;
};

constexpr Step kSteps[] = {
    {"open", "", "SELECT count(*) FROM plant", true},
    {"recover", "", "SELECT count(*) FROM plant", true, true},
    {"recover and write", "", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1)", true, true},
    {"scan", "SELECT 1", "SELECT * FROM plant"},
    {"plans", "SELECT count(*) FROM plant",
     "SELECT * FROM plant WHERE tag = 't1' AND ts > 3 ORDER BY ts DESC LIMIT 3;"
     "SELECT value FROM plant WHERE tag IN ('t1', 'text') AND ts BETWEEN 2 AND 8;"
     "SELECT value FROM plant WHERE tag LIKE 't%' AND value > 2 ORDER BY tag, ts;"
     "SELECT tag, count(*), sum(value) FROM plant GROUP BY tag;"
     "SELECT value FROM plant WHERE tag = 't1' AND ts IN (1, 2, 3);"
     "SELECT value FROM plant WHERE time >= '1970-01-01' AND time < 'now' AND quality = 192"},
    {"rowid", "SELECT count(*) FROM plant",
     "SELECT * FROM plant WHERE rowid = (SELECT rowid FROM plant WHERE tag = 't1' AND ts = 3)"},
    {"functions", "SELECT count(*) FROM plant",
     "SELECT * FROM xtdb_tags('plant'); SELECT * FROM xtdb_last('plant');"
     "SELECT * FROM xtdb_chunks('plant'); SELECT * FROM xtdb_blocks('plant');"
     "SELECT * FROM xtdb_stats('plant'); SELECT * FROM xtdb_events('plant');"
     "SELECT * FROM xtdb_last_query('plant'); SELECT xtdb_version()"},
    {"first insert", "", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1)"},
    {"insert", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1)"},
    {"new tags", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "INSERT INTO plant(tag, ts, value) VALUES ('n1', 1, 1.5), ('n2', 1, 'abc'), ('n3', 1, NULL)"},
    {"insert select", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "INSERT INTO plant(tag, ts, value) SELECT tag || 'x', ts, value FROM plant"},
    {"transaction", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "BEGIN; INSERT INTO plain VALUES (2); INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1);"
     "SAVEPOINT s; INSERT INTO plant(tag, ts, value) VALUES ('gone', 1, 1);"
     "SELECT count(*) FROM plant; ROLLBACK TO s; RELEASE s;"
     "INSERT INTO plant(tag, ts, value) VALUES ('t1', 100, 1); COMMIT"},
    {"rollback", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1), ('new', 1, 1); ROLLBACK"},
    {"update", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "UPDATE plant SET value = value + 1 WHERE tag = 't1'"},
    {"delete", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "DELETE FROM plant WHERE tag = 't1' AND ts < 5"},
    {"flush", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1), ('n', 1, 'x')",
     "SELECT xtdb_flush('plant')"},
    {"seal", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1), ('n', 1, 'x')",
     "SELECT xtdb_seal('plant')"},
    {"drop", "INSERT INTO plant(tag, ts, value) VALUES ('n', 1000000, 1)",
     "SELECT xtdb_drop('plant', 500000)"},
    {"check", "INSERT INTO plant(tag, ts, value) VALUES ('t1', 98, 1)",
     "SELECT xtdb_check('plant'); PRAGMA integrity_check"},
    {"create and drop table", "",
     "CREATE VIRTUAL TABLE other USING xtdb(chunk_size='4M'); DROP TABLE other"},
    {"atomic commit", "INSERT INTO atomic(tag, ts, value) VALUES ('a', 1, 1); DELETE FROM atomic",
     "BEGIN; INSERT INTO plain VALUES (2); INSERT INTO plant(tag, ts, value) VALUES ('t1', 99, 1);"
     "COMMIT; BEGIN; INSERT INTO atomic(tag, ts, value) VALUES ('a', 2, 1); ROLLBACK"},
};

class SqlOomTest : public testing::Test {
 protected:
  // Sealed, flushed and, in the crashed one, logged points.
  SqlOomTest() {
    std::filesystem::create_directory(closed_);
    Database db(closed_ + "/test.db");
    EXPECT_EQ(db.Open(), SQLITE_OK);
    EXPECT_EQ(db.Run("CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M', synchronous='off');"
                     "CREATE VIRTUAL TABLE atomic USING xtdb(chunk_size='4M', atomic_commit=on);"
                     "CREATE TABLE plain(n INTEGER); INSERT INTO plain VALUES (1);"
                     "INSERT INTO plant(tag, ts, value) VALUES ('t1', 1, 1), ('t1', 2, 2), "
                     "('t1', 3, 3), ('text', 2, 'abc'), ('text', 4, 'def');"
                     "SELECT xtdb_seal('plant');"
                     "INSERT INTO plant(tag, ts, value) VALUES ('t1', 3, 30), ('t1', 4, 4), "
                     "('t1', 5, 5), ('t2', 1, 0.5), ('t2', 7, 1.5)"),
              SQLITE_OK)
        << sqlite3_errmsg(db.get());
    EXPECT_EQ(db.Run("SELECT xtdb_flush('plant'); INSERT INTO plant(tag, ts, value) VALUES "
                     "('t1', 6, 6), ('t3', 1, 1)"),
              SQLITE_OK);
    std::filesystem::copy(closed_, crashed_);
    std::filesystem::remove(crashed_ + "/test.db.plant.xtdb-shm");
  }

  void CopyStore(const Step& step) {
    std::filesystem::remove_all(work_);
    std::filesystem::copy(step.crashed ? crashed_ : closed_, work_);
  }

  // False: the step needs fewer than `nth` allocations.
  bool RunOnce(const Step& step, Memory kind, int64_t nth, bool sticky);
  void RunAll(Memory kind, bool sticky, int64_t stride) {
    int64_t failures = 0;
    for (const Step& step : kSteps) {
      const int64_t before = failures;
      for (int64_t nth = 1 + failures % std::min<int64_t>(stride, 5);
           RunOnce(step, kind, nth, sticky); nth += stride) {
        ++failures;
        if (HasFailure()) return;
      }
      if (HasFailure()) return;
      EXPECT_GT(failures, before) << step.name;
    }
    std::printf("%lld allocations failed\n", static_cast<long long>(failures));
  }

  const TemporaryDirectory folder_;
  const std::string closed_ = folder_ / "closed";
  const std::string crashed_ = folder_ / "crashed";
  const std::string work_ = folder_ / "work";
};

bool SqlOomTest::RunOnce(const Step& step, Memory kind, int64_t nth, bool sticky) {
  SCOPED_TRACE(std::string(step.name) + ", allocation " + std::to_string(nth));
  CopyStore(step);
  Database db(work_ + "/test.db");
  std::string state;
  if (!step.opens) {
    EXPECT_EQ(db.Open(), SQLITE_OK);
    EXPECT_EQ(db.Run(step.before), SQLITE_OK) << sqlite3_errmsg(db.get());
    state = db.Rows(kState);
  }
  FailMemory(kind, nth, sticky);
  int code = step.opens ? db.Open() : SQLITE_OK;
  if (code == SQLITE_OK) code = db.Run(step.sql);
  const bool hit = EndMemoryFailure();
  const Outcome outcome = db.Told(code);
  EXPECT_TRUE(code == SQLITE_OK || (hit && code == SQLITE_NOMEM) ||
              (hit && outcome.message.find("out of memory") != std::string::npos))
      << code << " " << outcome.message;
  if (db.get() == nullptr || step.opens) {
    db.Close();
    EXPECT_EQ(db.Open(), SQLITE_OK);
  }
  if (sqlite3_get_autocommit(db.get()) == 0) {
    EXPECT_EQ(db.Run("ROLLBACK"), SQLITE_OK);
  }
  const std::string after = db.Rows(kState);
  EXPECT_THAT(after, testing::Not(testing::HasSubstr("error")));
  // Writing goes on, if need be after reopening.
  const char* const more = "INSERT INTO plant(tag, ts, value) VALUES ('zz', 1, 1)";
  if (db.Run(more) != SQLITE_OK) {
    EXPECT_THAT(sqlite3_errmsg(db.get()), testing::HasSubstr("reopen"));
    EXPECT_EQ(db.Rows(kState), after);
    db.Close();
    EXPECT_EQ(db.Open(), SQLITE_OK);
    EXPECT_EQ(db.Rows(kState), after);
    EXPECT_EQ(db.Run(more), SQLITE_OK) << sqlite3_errmsg(db.get());
  }
  EXPECT_EQ(db.Run("DELETE FROM plant WHERE tag = 'zz'"), SQLITE_OK) << sqlite3_errmsg(db.get());
  EXPECT_EQ(db.Rows(kState), after);
  EXPECT_EQ(db.Rows("SELECT xtdb_check('plant'), xtdb_check('atomic')"), "ok ok \n");
  db.Close();
  EXPECT_FALSE(std::filesystem::exists(work_ + "/test.db.plant.xtdb-wal"));
  EXPECT_EQ(db.Open(), SQLITE_OK);
  EXPECT_EQ(db.Rows(kState), after) << "after closing and opening";

  // All of the step or nothing of it.
  CopyStore(step);
  db.Close();
  EXPECT_EQ(db.Open(), SQLITE_OK);
  EXPECT_EQ(db.Run(step.before), SQLITE_OK);
  if (step.opens) state = db.Rows(kState);
  if (after != state) {
    EXPECT_EQ(db.Run(step.sql), SQLITE_OK) << sqlite3_errmsg(db.get());
    EXPECT_EQ(after, db.Rows(kState)) << "half of it";
  } else if (code == SQLITE_OK) {
    EXPECT_EQ(db.Run(step.sql), SQLITE_OK);
    EXPECT_EQ(after, db.Rows(kState)) << "what succeeded must be there";
  }
  return hit;
}

TEST_F(SqlOomTest, OperatorNewFailsOnce) { RunAll(Memory::kOperatorNew, false, 61); }
TEST_F(SqlOomTest, OperatorNewFailsForEver) { RunAll(Memory::kOperatorNew, true, 67); }
TEST_F(SqlOomTest, SqliteMemoryFailsOnce) { RunAll(Memory::kSqlite, false, 71); }
TEST_F(SqlOomTest, SqliteMemoryFailsForEver) { RunAll(Memory::kSqlite, true, 73); }

class SqlOomLongTest : public SqlOomTest {};
TEST_F(SqlOomLongTest, EveryOperatorNewFailsOnce) { RunAll(Memory::kOperatorNew, false, 1); }
TEST_F(SqlOomLongTest, FromEveryOperatorNewOnAllFail) { RunAll(Memory::kOperatorNew, true, 1); }
TEST_F(SqlOomLongTest, EverySqliteMemoryFailsOnce) { RunAll(Memory::kSqlite, false, 1); }
TEST_F(SqlOomLongTest, FromEverySqliteMemoryOnAllFail) { RunAll(Memory::kSqlite, true, 1); }

}  // namespace
}  // namespace xtdb
