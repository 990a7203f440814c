#include <sys/wait.h>
#include <unistd.h>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class TransactionTest : public SqlTest {
 protected:
  void Insert(int ts, const std::string& table = "plant") {
    Run("INSERT INTO " + table + "(tag, ts, value) VALUES ('a', " + std::to_string(ts) + ", " +
        std::to_string(ts) + ")");
  }
  std::string Times(const std::string& table = "plant") {
    return Line("SELECT ts FROM " + table + " ORDER BY ts");
  }
};

TEST_F(TransactionTest, RollbackUndoesEverything) {
  Insert(1);
  Run("BEGIN");
  Insert(2);
  Run("INSERT INTO plant(tag, ts, value) VALUES ('new', 1, 'x')");
  Run("DELETE FROM plant WHERE ts = 1 AND tag = 'a'");
  EXPECT_EQ(Points(), "a 2 2, new 1 x");
  Run("ROLLBACK");
  EXPECT_EQ(Points(), "a 1 1");
  Reopen();
  EXPECT_EQ(Points(), "a 1 1");
}

TEST_F(TransactionTest, NestedSavepointsRollBackEach) {
  Run("BEGIN");
  Insert(1);
  Run("SAVEPOINT one");
  Insert(2);
  Run("SAVEPOINT two");
  Insert(3);
  Run("ROLLBACK TO two");
  EXPECT_EQ(Times(), "1, 2");
  Insert(4);
  Run("RELEASE two");
  EXPECT_EQ(Times(), "1, 2, 4");
  Run("ROLLBACK TO one");
  EXPECT_EQ(Times(), "1");
  Insert(5);
  Run("COMMIT");
  EXPECT_EQ(Times(), "1, 5");
}

TEST_F(TransactionTest, RollbackToASavepointFromBeforeTheFirstWrite) {
  Run("BEGIN; SAVEPOINT one; SAVEPOINT two; SAVEPOINT three");
  Insert(1);
  Insert(2);
  Run("ROLLBACK TO two");
  EXPECT_EQ(Times(), "");
  Insert(3);
  Run("COMMIT");
  EXPECT_EQ(Times(), "3");
}

TEST_F(TransactionTest, SavepointWithoutBeginCommitsAtRelease) {
  Run("SAVEPOINT s");
  Insert(1);
  Run("RELEASE s");
  Reopen();
  EXPECT_EQ(Times(), "1");
}

TEST_F(TransactionTest, AFailingStatementLeavesTheTransactionAsItWas) {
  Run("BEGIN");
  Insert(1);
  EXPECT_THAT(
      Exec("INSERT INTO plant(tag, ts, value) VALUES ('a', 2, 2), ('b', 3, 'x'), ('a', 4, 'x')"),
      FailsWith(SQLITE_MISMATCH, ""));
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('c', 2, x'00')"),
              FailsWith(SQLITE_MISMATCH, "BLOB"));
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 1 1");
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE tag IN ('b', 'c')"), "0");
}

TEST_F(TransactionTest, AFailingStatementOutsideOfBeginWritesNothing) {
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('a', 2, 2), ('a', 3, 'x')"),
              FailsWith(SQLITE_MISMATCH, ""));
  EXPECT_EQ(Points(), "");
  Insert(1);
  EXPECT_EQ(Points(), "a 1 1");
}

TEST_F(TransactionTest, OrFailKeepsTheEarlierRows) {
  EXPECT_THAT(Exec("INSERT OR FAIL INTO plant(tag, ts, value) VALUES ('a', 1, 1), (NULL, 2, 2)"),
              FailsWith(SQLITE_CONSTRAINT, "plant.tag"));
  EXPECT_EQ(Points(), "a 1 1");
}

TEST_F(TransactionTest, OrRollbackEndsTheTransaction) {
  Run("BEGIN");
  Insert(1);
  EXPECT_THAT(Exec("INSERT OR ROLLBACK INTO plant(tag, ts, value) VALUES (NULL, 2, 2)"),
              FailsWith(SQLITE_CONSTRAINT, "plant.tag"));
  EXPECT_TRUE(sqlite3_get_autocommit(db_->get()));
  EXPECT_EQ(Points(), "");
}

TEST_F(TransactionTest, PlainRowsAndPointsCommitTogether) {
  Run("CREATE TABLE log(x)");
  Run("BEGIN; INSERT INTO log VALUES (1)");
  Insert(1);
  Run("ROLLBACK");
  EXPECT_EQ(Line("SELECT count(*) FROM log") + Times(), "0");
  Run("BEGIN; INSERT INTO log VALUES (1)");
  Insert(1);
  Run("COMMIT");
  EXPECT_EQ(Line("SELECT count(*) FROM log") + " " + Times(), "1 1");
}

// In rollback-journal mode a reader makes COMMIT fail after xSync; the transaction goes on.
TEST_F(TransactionTest, CommitThatWasBusyCanBeRepeatedAfterMoreWrites) {
  Run("PRAGMA journal_mode = DELETE; CREATE TABLE log(x); INSERT INTO log VALUES (1)");
  TestDatabase reader(DatabasePath());
  TestStatement reading(reader.get(), "SELECT x FROM log");
  ASSERT_EQ(reading.Step(), SQLITE_ROW);
  Run("BEGIN; INSERT INTO log VALUES (2)");
  Insert(1);
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  Insert(2);
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  reading.Reset();
  Run("COMMIT");
  EXPECT_EQ(Times(), "1, 2");
  Reopen();
  EXPECT_EQ(Times(), "1, 2");
}

TEST_F(TransactionTest, CommitThatWasBusyCanBeRolledBack) {
  Run("PRAGMA journal_mode = DELETE; CREATE TABLE log(x); INSERT INTO log VALUES (1)");
  TestDatabase reader(DatabasePath());
  TestStatement reading(reader.get(), "SELECT x FROM log");
  ASSERT_EQ(reading.Step(), SQLITE_ROW);
  Run("BEGIN");
  Insert(1);
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  Run("ROLLBACK");
  reading.Reset();
  EXPECT_EQ(Times(), "");
  Insert(3);
  Reopen();
  EXPECT_EQ(Times(), "3");
}

TEST_F(TransactionTest, TwoTablesOfOneContainerShareATransaction) {
  Run("CREATE VIRTUAL TABLE twin USING xtdb(path='test.db.plant.xtdb')");
  Run("BEGIN");
  Insert(1);
  Insert(2, "twin");
  EXPECT_EQ(Times(), "1, 2");
  Run("SAVEPOINT s");
  Insert(3, "twin");
  Insert(4);
  Run("ROLLBACK TO s");
  EXPECT_EQ(Times("twin"), "1, 2");
  Run("COMMIT");
  EXPECT_EQ(Times("twin"), "1, 2");
  Run("BEGIN");
  Insert(5);
  Insert(6, "twin");
  Run("ROLLBACK");
  EXPECT_EQ(Times(), "1, 2");
}

TEST_F(TransactionTest, TwoContainersRollBackTogether) {
  Run("ATTACH '" + (folder_ / "other.db") + "' AS aux; CREATE VIRTUAL TABLE aux.t USING xtdb");
  Run("BEGIN");
  Insert(1);
  Insert(1, "aux.t");
  Run("ROLLBACK");
  EXPECT_EQ(Times() + Times("aux.t"), "");
  Run("BEGIN");
  Insert(2);
  Insert(3, "aux.t");
  Run("COMMIT");
  EXPECT_EQ(Times() + " " + Times("aux.t"), "2 3");
}

TEST_F(TransactionTest, AWriterThroughAnotherDatabaseIsBusyAndWaitsForItsTimeout) {
  TestDatabase other(folder_ / "other.db");
  other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb')");
  Run("BEGIN");
  Insert(1);
  EXPECT_THAT(other.Exec("INSERT INTO t(tag, ts, value) VALUES ('a', 9, 9)"),
              FailsWith(SQLITE_BUSY, ""));
  EXPECT_EQ(other.Line("SELECT count(*) FROM t"), "0");
  Run("COMMIT");
  other.Run("INSERT INTO t(tag, ts, value) VALUES ('a', 9, 9)");
  EXPECT_EQ(Times(), "1, 9");
}

TEST_F(TransactionTest, DropIsRefusedWhileItsPointsAreNotCommitted) {
  Run("BEGIN");
  Insert(1);
  EXPECT_THAT(Exec("DROP TABLE plant"), FailsWith(SQLITE_LOCKED, "table is locked"));
  Run("COMMIT; DROP TABLE plant");
}

TEST_F(TransactionTest, OrIgnoreKnowsLateAndDeletedPointsOfItsOwnTransaction) {
  Insert(5);
  Run("BEGIN; DELETE FROM plant WHERE ts = 5");
  Run("INSERT OR IGNORE INTO plant(tag, ts, value) VALUES ('a', 3, 30), ('a', 1, 10), ('a', 3, "
      "31), "
      "('a', 5, 50), ('a', 5, 51)");
  EXPECT_EQ(Points(), "a 1 10, a 3 30, a 5 50");
  Run("SAVEPOINT s; DELETE FROM plant WHERE ts = 3");
  Run("INSERT OR IGNORE INTO plant(tag, ts, value) VALUES ('a', 3, 32)");
  Run("ROLLBACK TO s");
  Run("INSERT OR IGNORE INTO plant(tag, ts, value) VALUES ('a', 3, 33), ('a', 2, 20)");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30, a 5 50");
  Run("COMMIT");
}

TEST_F(TransactionTest, AChildAfterForkIsRefused) {
  Insert(1);
  Run("BEGIN");
  Insert(2);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool select = Exec("SELECT * FROM plant").message.find("fork()") != std::string::npos;
    const Outcome insert = Exec("INSERT INTO plant(tag, ts, value) VALUES ('a', 3, 3)");
    ::_exit(select && insert.message.find("fork()") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  Run("COMMIT");
  EXPECT_EQ(Times(), "1, 2");
}

TEST_F(TransactionTest, ChangesAndLastRowidCount) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2), ('a', 1, 5)");
  EXPECT_EQ(sqlite3_changes(db_->get()), 3);
  const std::string rowid = std::to_string(sqlite3_last_insert_rowid(db_->get()));
  EXPECT_EQ(Line("SELECT ts, value FROM plant WHERE rowid = " + rowid), "1 5");
  Run("INSERT OR IGNORE INTO plant(tag, ts, value) VALUES ('a', 1, 6), ('a', 3, 3), ('a', 3, 4)");
  EXPECT_EQ(sqlite3_changes(db_->get()), 1);
  EXPECT_EQ(Points(), "a 1 5, a 2 2, a 3 3");
}

}  // namespace
}  // namespace xtdb
