#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class UpdateTest : public SqlTest {
 protected:
  UpdateTest() {
    Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 10), ('a', 2, 20), ('a', 3, 30)");
  }
};

TEST_F(UpdateTest, SetsValueAndQuality) {
  Run("UPDATE plant SET value = value + 1, quality = 64 WHERE ts >= 2");
  EXPECT_EQ(Line("SELECT ts, value, quality FROM plant ORDER BY ts"), "1 10 192, 2 21 64, 3 31 64");
}

TEST_F(UpdateTest, ShiftByOneStepLosesNothing) {
  Run("UPDATE plant SET ts = ts + 1");
  EXPECT_EQ(Points(), "a 2 10, a 3 20, a 4 30");
  Run("UPDATE plant SET ts = ts - 1");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
  Run("BEGIN; UPDATE plant SET ts = ts + 1; UPDATE plant SET ts = ts + 1; COMMIT");
  EXPECT_EQ(Points(), "a 3 10, a 4 20, a 5 30");
}

TEST_F(UpdateTest, SingleRowMovesInATransactionAreStatementsOfTheirOwn) {
  Run("BEGIN");
  Run("UPDATE plant SET ts = 5 WHERE tag = 'a' AND ts = 3");
  Run("UPDATE plant SET ts = 6 WHERE tag = 'a' AND ts = 5");
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 6 30");
}

TEST_F(UpdateTest, OnePreparedMoveRunTwiceIsTwoStatements) {
  Run("BEGIN");
  TestStatement update(db_->get(), "UPDATE plant SET ts = ts + 10 WHERE value = 10");
  EXPECT_EQ(update.Step(), SQLITE_DONE);
  update.Reset();
  EXPECT_EQ(update.Step(), SQLITE_DONE);
  update.Reset();
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 2 20, a 3 30, a 21 10");
}

TEST_F(UpdateTest, APointOfAnotherOriginIsReplaced) {
  Run("UPDATE plant SET ts = 3 WHERE ts = 1");
  EXPECT_EQ(Points(), "a 2 20, a 3 10");
}

TEST_F(UpdateTest, OrIgnoreKeepsItAndTheMovedOneStays) {
  Run("UPDATE OR IGNORE plant SET ts = 3 WHERE ts = 1");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
  Run("UPDATE OR IGNORE plant SET ts = 3");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
}

TEST_F(UpdateTest, OrIgnoreShiftsAsIfAllWereRemovedFirst) {
  Run("UPDATE OR IGNORE plant SET ts = ts + 1");
  EXPECT_EQ(Points(), "a 2 10, a 3 20, a 4 30");
  Run("UPDATE OR IGNORE plant SET ts = ts - 1");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
}

TEST_F(UpdateTest, OrIgnoreStopsAWholeQueueBehindAnOccupiedPlace) {
  // 3 cannot move on to 4, which is not part of the UPDATE, so 2 and 1 stay as well.
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 4, 40)");
  Run("BEGIN; UPDATE OR IGNORE plant SET ts = ts + 1 WHERE ts < 4; COMMIT");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30, a 4 40");
  Run("BEGIN; UPDATE OR IGNORE plant SET ts = 9 WHERE tag = 'a' AND ts = 4");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30, a 9 40");
  Run("ROLLBACK");
}

TEST_F(UpdateTest, RenamesATagPointByPoint) {
  Run("UPDATE plant SET tag = 'b' WHERE ts < 3");
  EXPECT_EQ(Points(), "a 3 30, b 1 10, b 2 20");
  Run("UPDATE plant SET tag_id = (SELECT tag_id FROM plant WHERE tag = 'a' LIMIT 1) WHERE tag = "
      "'b'");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
}

TEST_F(UpdateTest, TimeAndTsMoveThePointAlike) {
  Run("UPDATE plant SET time = '1970-01-01 00:00:01' WHERE ts = 1");
  EXPECT_EQ(Points(), "a 2 20, a 3 30, a 1000000 10");
  Run("UPDATE plant SET time = time WHERE ts = 2");
  Run("UPDATE plant SET time = '1970-01-01 00:00:02', ts = 2000000 WHERE ts = 2");
  EXPECT_EQ(Points(), "a 3 30, a 1000000 10, a 2000000 20");
  EXPECT_THAT(Exec("UPDATE plant SET time = '1970-01-01 00:00:05', ts = 7 WHERE ts = 3"),
              FailsWith(SQLITE_ERROR,
                        "sets time to 1970-01-01 00:00:05.000 (ts 5000000) and ts to "
                        "1970-01-01 00:00:00.000007 (ts 7)"));
}

TEST_F(UpdateTest, UpdateFromAnotherTable) {
  Run("CREATE TABLE fix(ts, value); INSERT INTO fix VALUES (1, 11), (3, 33)");
  Run("UPDATE plant SET value = fix.value FROM fix WHERE fix.ts = plant.ts");
  EXPECT_EQ(Points(), "a 1 11, a 2 20, a 3 33");
}

TEST_F(UpdateTest, NullWhereOneIsNeededIsAnError) {
  EXPECT_THAT(Exec("UPDATE plant SET time = NULL"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "plant.time"));
  EXPECT_THAT(Exec("UPDATE plant SET tag = NULL"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "plant.tag"));
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
}

TEST_F(UpdateTest, AFailingMoveLeavesBothPlacesAlone) {
  Run("BEGIN");
  EXPECT_THAT(Exec("UPDATE plant SET ts = 9, value = 'x' WHERE tag = 'a' AND ts = 1"),
              FailsWith(SQLITE_MISMATCH, "x"));
  EXPECT_THAT(
      Exec("UPDATE OR IGNORE plant SET tag = 'new', value = x'00' WHERE tag = 'a' AND ts = 1"),
      FailsWith(SQLITE_MISMATCH, "BLOB"));
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 1 10, a 2 20, a 3 30");
}

TEST_F(UpdateTest, DeleteTakesRowsOfTheSameTransaction) {
  Run("BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('a', 4, 40), ('b', 1, 50)");
  Run("DELETE FROM plant WHERE value IN (20, 40, 50)");
  EXPECT_EQ(Points(), "a 1 10, a 3 30");
  EXPECT_EQ(sqlite3_changes(db_->get()), 3);
  Run("COMMIT");
  Reopen();
  EXPECT_EQ(Points(), "a 1 10, a 3 30");
  Run("DELETE FROM plant");
  EXPECT_EQ(Points(), "");
}

TEST_F(UpdateTest, AMoveAfterADeleteFillsThePlace) {
  Run("BEGIN; DELETE FROM plant WHERE ts = 2; UPDATE OR IGNORE plant SET ts = 2 WHERE ts = 1; "
      "COMMIT");
  EXPECT_EQ(Points(), "a 2 10, a 3 30");
}

}  // namespace
}  // namespace xtdb
