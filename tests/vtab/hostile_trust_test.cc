#include <string_view>

#include "tests/vtab/hostile.h"

// Goal: what an application sets against hostile SQL holds for xtdb, too.
namespace xtdb {
namespace {

using testing::HasSubstr;

class HostileTrustTest : public HostileTest {};

TEST_F(HostileTrustTest, NothingThatChangesAnythingIsCalledByASchema) {
  for (const bool is_trusted : {true, false}) {
    Run(is_trusted ? "PRAGMA trusted_schema = ON" : "PRAGMA trusted_schema = OFF");
    for (const char* const call :
         {"xtdb_append('plant', 'a', x'', x'')", "xtdb_append('plant', 'a', x'', x'', x'')",
          "xtdb_define_tag('plant', 'x', 'text')", "xtdb_define_tag('plant', 'x', 'text', 'u')",
          "xtdb_define_tag('plant', 'x', 'text', 'u', 'd')", "xtdb_flush('plant')",
          "xtdb_seal('plant')", "xtdb_drop('plant', 1)", "xtdb_backup('plant', 'copy')"}) {
      SCOPED_TRACE(call);
      const std::string text = call;
      const auto expect_unsafe = [&](const std::string& create, const std::string& use) {
        Run("SAVEPOINT s");
        const Outcome made = Exec(create);
        const Outcome used = made.code == SQLITE_OK ? Exec(use) : made;
        EXPECT_THAT(used.message, HasSubstr("unsafe use of xtdb_")) << create;
        Run("ROLLBACK TO s; RELEASE s");
      };
      expect_unsafe("CREATE VIEW v AS SELECT " + text, "SELECT * FROM v");
      expect_unsafe(
          "CREATE TABLE t(x); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT " + text + "; END",
          "INSERT INTO t VALUES (1)");
      expect_unsafe("CREATE TABLE t(x, y DEFAULT (" + text + "))", "INSERT INTO t(x) VALUES (1)");
    }
  }
  EXPECT_EQ(Points(), kAllPoints);
}

// SQLite 3.40 calls SQLITE_DIRECTONLY functions in CHECK constraints.
TEST_F(HostileTrustTest, ACheckConstraintChangesNoContainerElsewhere) {
  const TemporaryDirectory elsewhere;
  Run("CREATE VIRTUAL TABLE far USING xtdb(path='" + (elsewhere / "far.xtdb") + "')");
  Run("INSERT INTO far(tag, ts, value) VALUES ('a', 1, 1)");
  Run("SELECT xtdb_flush('far'), xtdb_seal('far')");
  const Outcome made = Exec(
      "CREATE TABLE t(x, CHECK (xtdb_drop('far', 100) + xtdb_append('far', 'x', x'', x'') = "
      "x))");
  if (made.code != SQLITE_OK) {  // of a later SQLite
    EXPECT_THAT(made, FailsWith(SQLITE_ERROR, "unsafe use of xtdb_"));
  }
  Run("PRAGMA trusted_schema = OFF");
  EXPECT_NE(Exec("INSERT INTO t VALUES (0)").code, SQLITE_OK);
  EXPECT_EQ(Points("far"), "a 1 1");
}

TEST_F(HostileTrustTest, DefensiveModeKeepsSchemaAndShadowTablesAndTheTableWorks) {
  Run("CREATE VIRTUAL TABLE bound USING xtdb(atomic_commit=on)");
  sqlite3_db_config(db_->get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const char* const sql : {"UPDATE plant_config SET value = 'x'", "DELETE FROM bound_commit",
                                "DROP TABLE plant_config", "ALTER TABLE bound_commit RENAME TO x",
                                "INSERT INTO bound_config VALUES ('a', 'b')"}) {
    EXPECT_EQ(Exec(sql).code, SQLITE_ERROR) << sql;
  }
  Run("PRAGMA writable_schema = ON");
  EXPECT_EQ(Exec("DELETE FROM sqlite_schema").code, SQLITE_ERROR);
  Run("INSERT INTO bound(tag, ts, value) VALUES ('a', 1, 1)");
  Run("CREATE VIRTUAL TABLE more USING xtdb; ALTER TABLE more RENAME TO other; DROP TABLE other");
  Run("DROP TABLE bound");
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileTrustTest, QueryOnlyHolds) {
  Run("PRAGMA query_only = ON");
  for (const char* const sql :
       {"INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)", "UPDATE plant SET value = 0",
        "DELETE FROM plant", "CREATE VIRTUAL TABLE t USING xtdb", "DROP TABLE plant"}) {
    EXPECT_THAT(Exec(sql), FailsWith(SQLITE_READONLY, "")) << sql;
  }
  EXPECT_EQ(Points(), kAllPoints);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.t.xtdb"));
}

TEST_F(HostileTrustTest, SmallLimitsAreErrors) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('text', 1, '" + std::string(5000, 'x') + "')");
  for (const int limit :
       {SQLITE_LIMIT_LENGTH, SQLITE_LIMIT_SQL_LENGTH, SQLITE_LIMIT_COLUMN, SQLITE_LIMIT_EXPR_DEPTH,
        SQLITE_LIMIT_VDBE_OP, SQLITE_LIMIT_FUNCTION_ARG, SQLITE_LIMIT_VARIABLE_NUMBER,
        SQLITE_LIMIT_LIKE_PATTERN_LENGTH, SQLITE_LIMIT_ATTACHED}) {
    for (const int value : {0, 1, 9, 40, 100, 1000}) {
      SCOPED_TRACE(testing::Message() << "limit " << limit << " = " << value);
      Reopen();
      const int before = sqlite3_limit(db_->get(), limit, value);
      // To SQLite a schema is damaged that has more columns than that.
      const bool is_schema_sound = Exec("SELECT * FROM sqlite_schema").code != SQLITE_CORRUPT;
      for (const char* const sql :
           {"SELECT * FROM plant", "SELECT * FROM xtdb_tags('plant')",
            "CREATE VIRTUAL TABLE t USING xtdb", "SELECT xtdb_check('plant')",
            "SELECT xtdb_define_tag('plant', 'n', 'text')", "ALTER TABLE t RENAME TO u",
            "DROP TABLE t", "DROP TABLE u"}) {
        const Outcome outcome = Exec(sql);
        EXPECT_NE(outcome.code, SQLITE_INTERNAL) << sql;
        EXPECT_TRUE(outcome.code != SQLITE_CORRUPT_VTAB || !is_schema_sound) << sql;
      }
      sqlite3_limit(db_->get(), limit, before);
      Exec("DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS u");
    }
  }
  Reopen();
  EXPECT_EQ(Line("SELECT count(*), max(length(value)) FROM plant"), "4 5000");
}

TEST_F(HostileTrustTest, WhatTheAuthorizerDeniesIsNotDone) {
  const auto deny_writes = [](void*, int action, const char* table, const char*, const char*,
                              const char*) {
    const bool reads =
        action == SQLITE_READ || action == SQLITE_SELECT || action == SQLITE_FUNCTION;
    // What SQLite asks to connect any table-valued function, json_each, too.
    const bool connects = action == SQLITE_UPDATE && std::string_view("sqlite_master") == table;
    return reads || connects ? SQLITE_OK : SQLITE_DENY;
  };
  sqlite3_set_authorizer(db_->get(), deny_writes, nullptr);
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "3");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant')"), "a, b");
  for (const char* const sql :
       {"SELECT xtdb_append('plant', 'x', x'0000000000000000', x'0000000000000000')",
        "SELECT xtdb_define_tag('plant', 'x', 'text')", "DELETE FROM plant", "DROP TABLE plant",
        "CREATE VIRTUAL TABLE t USING xtdb", "ALTER TABLE plant RENAME TO x"}) {
    EXPECT_THAT(Exec(sql).message, HasSubstr("not authorized")) << sql;
  }
  sqlite3_set_authorizer(db_->get(), nullptr, nullptr);
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileTrustTest, AScanIsInterrupted) {
  Run("INSERT INTO plant(tag, ts, value) SELECT 'many', i, i FROM (WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT * FROM n)");
  TestStatement scan(db_->get(), "SELECT ts FROM plant");
  EXPECT_EQ(scan.Step(), SQLITE_ROW);
  sqlite3_interrupt(db_->get());
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = scan.Step();
  EXPECT_EQ(code, SQLITE_INTERRUPT);
  scan.Reset();
  sqlite3_progress_handler(
      db_->get(), 1000, [](void*) { return 1; }, nullptr);
  EXPECT_EQ(Exec("SELECT sum(value) FROM plant").code, SQLITE_INTERRUPT);
  EXPECT_EQ(Exec("UPDATE plant SET value = 0").code, SQLITE_INTERRUPT);
  sqlite3_progress_handler(db_->get(), 0, nullptr, nullptr);
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE value = 0"), "0");
}

// A database that is only read stays as it is, and nothing appears beside it.
TEST_F(HostileTrustTest, AReadOnlyOrImmutableDatabaseIsNotTouched) {
  Run("PRAGMA journal_mode = WAL; CREATE TABLE plain(x)");
  db_.reset();
  const std::string before = ReadFile(DatabasePath());
  for (const char* const mode : {"immutable=1", "mode=ro"}) {
    SCOPED_TRACE(mode);
    sqlite3* db = nullptr;
    const std::string uri = "file:" + DatabasePath() + "?" + mode;
    ASSERT_EQ(sqlite3_open_v2(uri.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, nullptr),
              SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, "BEGIN; SELECT * FROM plant; COMMIT", nullptr, nullptr, &message),
              SQLITE_OK)
        << message;
    EXPECT_EQ(sqlite3_exec(db, "DELETE FROM plant", nullptr, nullptr, nullptr), SQLITE_READONLY);
    if (std::string(mode) == "immutable=1") {
      EXPECT_FALSE(std::filesystem::exists(DatabasePath() + "-shm"));
    }
    EXPECT_EQ(sqlite3_close(db), SQLITE_OK);
    EXPECT_TRUE(ReadFile(DatabasePath()) == before);
  }
}

}  // namespace
}  // namespace xtdb
