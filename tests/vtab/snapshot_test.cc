#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class SnapshotTest : public SqlTest {
 protected:
  void Insert(TestDatabase& db, int ts) {
    db.Run("INSERT INTO plant(tag, ts, value) VALUES ('a', " + std::to_string(ts) + ", " +
           std::to_string(ts) + ")");
  }
};

// What the bindings of StatementSnapshots rest on.
TEST_F(SnapshotTest, SqliteCountsTheRunsOfAStatement) {
  TestStatement statement(db_->get(), "SELECT 1 UNION ALL SELECT 2");
  const auto runs = [&] { return sqlite3_stmt_status(statement.get(), SQLITE_STMTSTATUS_RUN, 0); };
  statement.Step();
  const int first = runs();
  statement.Step();
  EXPECT_EQ(runs(), first);
  statement.Reset();
  statement.Step();
  EXPECT_EQ(runs(), first + 1);
}

TEST_F(SnapshotTest, InsertSelectFromItselfDoesNotSeeItsOwnRows) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2)");
  Run("INSERT INTO plant(tag, ts, value) SELECT tag, ts + 2, value FROM plant");
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "4");
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) SELECT tag, ts + 4, value FROM plant");
  Run("INSERT INTO plant(tag, ts, value) SELECT tag, ts + 8, value FROM plant");
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "16");
  Run("COMMIT");
  EXPECT_EQ(Line("SELECT count(*), max(ts) FROM plant"), "16 16");
}

TEST_F(SnapshotTest, CorrelatedCursorsOpenedLateDoNotSeeItEither) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2), ('a', 3, 3)");
  Run("INSERT INTO plant(tag, ts, value) "
      "SELECT 'n', p.ts, (SELECT count(*) FROM plant q WHERE q.ts >= p.ts) FROM plant p");
  EXPECT_EQ(Line("SELECT ts, value FROM plant WHERE tag = 'n' ORDER BY ts"), "1 3, 2 2, 3 1");
}

TEST_F(SnapshotTest, ASteppedSelectDoesNotSeeLaterCommits) {
  for (int ts = 1; ts <= 3; ++ts) Insert(*db_, ts);
  TestStatement select(db_->get(), "SELECT ts FROM plant ORDER BY ts");
  EXPECT_EQ(select.NextRow(), Row{"1"});
  Insert(*db_, 4);
  Run("DELETE FROM plant WHERE ts = 2");
  EXPECT_EQ(select.Rest(), (Rows{{"2"}, {"3"}}));
  select.Reset();
  EXPECT_EQ(select.Rest(), (Rows{{"1"}, {"3"}, {"4"}}));
}

TEST_F(SnapshotTest, ASteppedSelectDoesNotSeeCommitsOfAnotherConnection) {
  Run("PRAGMA journal_mode = WAL");
  for (int ts = 1; ts <= 3; ++ts) Insert(*db_, ts);
  TestDatabase second(DatabasePath());
  TestStatement join(db_->get(),
                     "SELECT p.ts, (SELECT count(*) FROM plant q WHERE q.tag = p.tag) FROM plant p "
                     "ORDER BY p.ts");
  EXPECT_EQ(join.NextRow(), (Row{"1", "3"}));
  Insert(second, 4);
  EXPECT_EQ(join.NextRow(), (Row{"2", "3"}));
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "4") << "another statement";
  EXPECT_EQ(join.Rest(), (Rows{{"3", "3"}}));
  join.Reset();
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "4");
}

TEST_F(SnapshotTest, OneShotStatementsSeeFreshData) {
  for (int ts = 1; ts <= 20; ++ts) {
    Insert(*db_, ts);
    // Prepared anew each time: often at the address of the one before.
    EXPECT_EQ(Line("SELECT count(*) FROM plant"), std::to_string(ts));
  }
}

TEST_F(SnapshotTest, APreparedStatementSeesFreshDataAtEachRun) {
  TestStatement count(db_->get(), "SELECT count(*) FROM plant");
  for (int ts = 1; ts <= 5; ++ts) {
    Insert(*db_, ts);
    EXPECT_EQ(count.NextRow(), Row{std::to_string(ts)});
    count.Reset();
  }
}

TEST_F(SnapshotTest, AnUnrelatedRunningStatementDoesNotFreezeOthers) {
  Run("CREATE TABLE plain(x); INSERT INTO plain VALUES (1), (2), (3)");
  TestStatement unrelated(db_->get(), "SELECT x FROM plain");
  EXPECT_EQ(unrelated.NextRow(), Row{"1"});
  TestStatement count(db_->get(), "SELECT count(*) FROM plant");
  for (int ts = 1; ts <= 3; ++ts) {
    Insert(*db_, ts);
    EXPECT_EQ(count.NextRow(), Row{std::to_string(ts)});
    count.Reset();
  }
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "3");
}

TEST_F(SnapshotTest, CursorsGoOnAfterRollbackAndCommit) {
  Insert(*db_, 1);
  Run("BEGIN");
  for (int ts = 2; ts <= 5; ++ts) Insert(*db_, ts);
  TestStatement select(db_->get(), "SELECT ts FROM plant ORDER BY ts");
  EXPECT_EQ(select.NextRow(), Row{"1"});
  EXPECT_EQ(select.NextRow(), Row{"2"});
  Run("COMMIT");
  EXPECT_EQ(select.Rest(), (Rows{{"3"}, {"4"}, {"5"}}));
  select.Reset();
  Run("BEGIN");
  Insert(*db_, 6);
  TestStatement join(db_->get(),
                     "SELECT p.ts, (SELECT max(ts) FROM plant q WHERE q.ts <= p.ts) FROM plant p "
                     "WHERE p.ts >= 4 ORDER BY p.ts");
  EXPECT_EQ(join.NextRow(), (Row{"4", "4"}));
  Run("ROLLBACK");
  const int code = join.Step();
  EXPECT_TRUE(code == SQLITE_ROW || code == SQLITE_ABORT_ROLLBACK) << code;
}

// Rows of the transaction that have left memory stand where the next transaction writes its own.
TEST_F(SnapshotTest, ACursorOverALargeTransactionEndsWithItsRollback) {
  Run("CREATE VIRTUAL TABLE small USING xtdb(path='small.xtdb', buffer='1M')");
  const auto insert = [&](const std::string& tag) {
    Run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
        "INSERT INTO small(tag, ts, value) SELECT '" +
        tag + "', i * 1000, sqrt(i) FROM n");
  };
  Run("BEGIN");
  insert("a");
  const std::vector<std::string> queries = {
      "SELECT value FROM small WHERE tag = 'a'", "SELECT value FROM small ORDER BY ts",
      "SELECT sum FROM xtdb_aggregate('small', 'a', 0, 200000000, '1 s')",
      "SELECT b.value FROM small a JOIN small b ON b.tag = a.tag AND b.ts = a.ts"};
  std::vector<std::unique_ptr<TestStatement>> statements;
  for (const std::string& query : queries) {
    statements.push_back(std::make_unique<TestStatement>(db_->get(), query));
    EXPECT_EQ(statements.back()->Step(), SQLITE_ROW) << query;
  }
  Run("ROLLBACK");
  insert("b");
  sqlite3_extended_result_codes(db_->get(), 1);
  for (const auto& statement : statements) {
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = statement->Step();
    EXPECT_EQ(code, SQLITE_ABORT_ROLLBACK);
    EXPECT_THAT(sqlite3_errmsg(db_->get()),
                testing::EndsWith("the transaction that this statement reads was rolled back"));
  }
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_events('small') WHERE kind = 'damage found'"), "0");
  EXPECT_EQ(Line("SELECT xtdb_check('small')"), "ok");
}

TEST_F(SnapshotTest, ASelfJoinSeesOneState) {
  for (int ts = 1; ts <= 4; ++ts) Insert(*db_, ts);
  EXPECT_EQ(Line("SELECT count(*) FROM plant a JOIN plant b ON a.tag = b.tag AND b.ts > a.ts"),
            "6");
}

TEST_F(SnapshotTest, AStatementWithTwoCursorsSeesOneStateWhileAnotherWaits) {
  Insert(*db_, 1);
  Run("CREATE TABLE other(x); INSERT INTO other VALUES (1), (2)");
  for (const std::string waiting : {"SELECT ts FROM plant", "SELECT x FROM other"}) {
    Run("DELETE FROM plant");
    Insert(*db_, 1);
    TestStatement open(db_->get(), waiting);
    EXPECT_EQ(open.NextRow(), Row{"1"});
    EXPECT_EQ(Line("SELECT count(*) FROM plant"), "1");
    Insert(*db_, 2);
    EXPECT_EQ(Line("SELECT b.ts FROM plant a JOIN plant b ON a.ts = b.ts ORDER BY b.ts"), "1, 2");
    Run("DELETE FROM plant WHERE (tag, ts) IN (SELECT tag, ts FROM plant WHERE ts = 2)");
    EXPECT_EQ(Points(), "a 1 1") << waiting;
  }
}

}  // namespace
}  // namespace xtdb
