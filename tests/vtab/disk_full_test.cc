#include "tests/vtab/faulty_sql.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

// Ten texts of 100,000 bytes that do not compress, as one multi-row INSERT.
std::string Megabyte(int64_t from_ts) {
  std::string sql = "INSERT INTO plant(tag, ts, value) VALUES ";
  for (int64_t row = 0; row < 10; ++row) {
    sql += (row == 0 ? "" : ", ") + ("('fill', " + std::to_string(from_ts + row)) +
           ", hex(randomblob(50000)))";
  }
  return sql;
}

class DiskFullTest : public FaultySqlTest {
 protected:
  DiskFullTest() { Run("CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M', buffer='1M')"); }
  void WritePoint() { Run("INSERT INTO plant(tag, ts, value) VALUES('t', 1, 'x')"); }

  // Commits until there is no room for another one.
  void WriteUntilFull() {
    WritePoint();
    fs().SetCapacity(fs().UsedBytes() + 8 * kMiB);
    Outcome outcome;
    for (int64_t ts = 0; outcome.code == SQLITE_OK; ts += 10) outcome = Exec(Megabyte(ts));
    EXPECT_THAT(outcome, FailsWith(SQLITE_FULL, "No space left on device"));
  }
  std::string Count() { return Line("SELECT count(*), count(DISTINCT ts) FROM plant"); }
  void ExpectSound() {
    EXPECT_EQ(Line("SELECT xtdb_check('plant')"), "ok");
    EXPECT_EQ(Line("PRAGMA integrity_check"), "ok");
  }
};

TEST_F(DiskFullTest, AStatementFailsReadsGoOnAndWritesResumeOnTheSameConnection) {
  WriteUntilFull();
  const std::string before = Count();
  EXPECT_THAT(Exec(Megabyte(100'000)), FailsWith(SQLITE_FULL, "No space left on device"));
  EXPECT_EQ(Count(), before) << "reads go on";
  EmptyDisk();
  EXPECT_THAT(Exec(Megabyte(100'000)), Succeeds());
  Run("DELETE FROM plant WHERE ts >= 100000");
  EXPECT_EQ(Count(), before);
  ExpectSound();
  Reopen();
  EXPECT_EQ(Count(), before);
}

// SQLite itself rolls back what could not be committed.
TEST_F(DiskFullTest, ACommitFailsAsAWhole) {
  Run("CREATE TABLE rows(n INTEGER)");
  WriteUntilFull();
  const std::string before = Count();
  const std::string script = "BEGIN; INSERT INTO rows VALUES (1);" + Megabyte(100'000) +
                             "; SAVEPOINT s; " + Megabyte(200'000) + ";";
  Run(script);
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE ts >= 100000"), "20");
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_FULL, "No space left on device"));
  EXPECT_NE(sqlite3_get_autocommit(db_->get()), 0);
  EXPECT_EQ(Count(), before);
  EXPECT_EQ(Line("SELECT count(*) FROM rows"), "0");
  EmptyDisk();
  Run(script + "COMMIT");
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE ts >= 100000"), "20");
  EXPECT_EQ(Line("SELECT count(*) FROM rows"), "1");
  ExpectSound();
}

TEST_F(DiskFullTest, WhatDoesNotFitCanBeRolledBack) {
  WriteUntilFull();
  const std::string before = Count();
  Run("BEGIN");
  Run(Megabyte(100'000));
  Run("ROLLBACK");
  EXPECT_EQ(Count(), before);
  Reopen();
  EXPECT_EQ(Count(), before);
}

TEST_F(DiskFullTest, UpdateDeleteAndInsertSelectFailAlike) {
  WriteUntilFull();
  const std::string before = Count();
  for (const char* const sql :
       {"UPDATE plant SET value = hex(randomblob(50000))",
        "INSERT INTO plant(tag, ts, value) SELECT tag || 'b', ts, hex(randomblob(50000)) FROM "
        "plant",
        "INSERT OR REPLACE INTO plant(tag, ts, value) SELECT tag, ts, hex(randomblob(50000)) FROM "
        "plant"}) {
    EXPECT_THAT(Exec(sql), FailsWith(SQLITE_FULL, "No space left on device")) << sql;
    EXPECT_EQ(Count(), before) << sql;
  }
  EmptyDisk();
  Run("UPDATE plant SET value = 'x'");
  EXPECT_EQ(Line("SELECT DISTINCT length(value) FROM plant"), "1");
}

TEST_F(DiskFullTest, WhatIsBufferedCanBeFlushedSealedAndClosed) {
  WriteUntilFull();
  const std::string before = Count();
  EXPECT_EQ(Line("SELECT xtdb_flush('plant')"), "ok") << "its room was taken at the commits";
  EXPECT_EQ(Line("SELECT xtdb_seal('plant')"), "ok");
  EXPECT_EQ(Count(), before);
  ExpectSound();
  Reopen();
  EXPECT_EQ(Count(), before);
}

TEST_F(DiskFullTest, ADropMakesRoom) {
  WriteUntilFull();
  Run("SELECT xtdb_seal('plant')");
  EXPECT_NE(Line("SELECT xtdb_drop('plant', '2100-01-01')"), "0");
  EXPECT_THAT(Exec(Megabyte(0)), Succeeds());
  EXPECT_EQ(Count(), "10 10");
  ExpectSound();
}

TEST_F(DiskFullTest, ABackupThatDoesNotFitLeavesNothing) {
  WriteUntilFull();
  const auto files = fs().List(folder_.path());
  EXPECT_THAT(Exec("SELECT xtdb_backup('plant', '" + folder_ / "copy.xtdb" + "')"),
              FailsWith(SQLITE_FULL, "No space left on device"));
  EXPECT_EQ(fs().List(folder_.path()).value(), files.value());
  EmptyDisk();
  Run("SELECT xtdb_backup('plant', '" + folder_ / "copy.xtdb" + "')");
}

TEST_F(DiskFullTest, OpeningOnAFullDiskIsAnErrorUntilThereIsRoom) {
  WritePoint();
  Reopen();
  FillDisk();
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_FULL, "read_only=on"));
  EXPECT_FALSE(fs().Exists(ContainerPath() + "-shm")) << "nothing is left behind";
  Run("CREATE VIRTUAL TABLE looked USING xtdb(path='test.db.plant.xtdb', read_only=on)");
  EXPECT_EQ(Line("SELECT tag, ts, value FROM looked"), "t 1 x");
  Run("DROP TABLE looked");
  EmptyDisk();
  EXPECT_EQ(Line("SELECT tag, ts, value FROM plant"), "t 1 x");
  Run("INSERT INTO plant(tag, ts, value) VALUES('t', 2, 'y')");
}

TEST_F(DiskFullTest, ACrashOnAFullDiskIsRecoveredThere) {
  WriteUntilFull();
  const std::string before = Count();
  fs().Crash(CrashPolicy::kKeepAll);
  db_.reset();
  Reopen();
  // Its shared memory was lost with its content, and has its room.
  EXPECT_EQ(Count(), before);
  EmptyDisk();
  Run(Megabyte(100'000));
  ExpectSound();
}

TEST_F(DiskFullTest, CreateFailsAndLeavesNothing) {
  FillDisk();
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE other USING xtdb"),
              FailsWith(SQLITE_FULL, "No space left on device"));
  EXPECT_EQ(Line("SELECT name FROM sqlite_schema WHERE name LIKE 'other%'"), "");
  EXPECT_FALSE(fs().Exists(folder_ / "test.db.other.xtdb"));
  EmptyDisk();
  Run("CREATE VIRTUAL TABLE other USING xtdb");
  Run("INSERT INTO other(tag, ts, value) VALUES('t', 1, 1)");
}

// The disk ends at every place that a script of all kinds of writes reaches, and grows again.
TEST_F(DiskFullTest, WhereverTheDiskEndsNothingAcknowledgedIsLost) {
  Run("INSERT INTO plant(tag, ts, value) VALUES('t', 0, 0)");
  Reopen();
  const std::unique_ptr<FaultyFileSystem> start = fs().Clone();
  int failures = 0;
  for (uint64_t room = 0; room <= 16 * kMiB; room += 256 * kKiB) {
    db_.reset();
    UseFiles(start->Clone());
    Reopen();
    fs().SetCapacity(fs().UsedBytes() + room);
    int64_t acknowledged = 1;
    const auto attempt = [&](const std::string& sql, int64_t points) {
      const Outcome outcome = Exec(sql);
      if (outcome.code == SQLITE_OK) {
        acknowledged += points;
        return;
      }
      ++failures;
      EXPECT_THAT(outcome, FailsWith(SQLITE_FULL, "No space left on device")) << sql;
      if (sqlite3_get_autocommit(db_->get()) == 0) Run("ROLLBACK");
    };
    for (int64_t round = 0; round < 3; ++round) {
      const std::string n = std::to_string(round);
      attempt("INSERT INTO plant(tag, ts, value) VALUES('t', 1" + n + ", 1)", 1);
      attempt(Megabyte(10 + round * 10), 10);
      attempt("SELECT xtdb_flush('plant')", 0);
      attempt("BEGIN; " + Megabyte(1000 + round * 10) + "; COMMIT", 10);
      attempt("SELECT xtdb_seal('plant')", 0);
    }
    const std::string expected = std::to_string(acknowledged);
    // Without room for the shared memory nothing could be opened, and so not read either.
    if (acknowledged > 1) {
      EXPECT_EQ(Line("SELECT count(*) FROM plant"), expected) << room;
    }
    EmptyDisk();
    Run("INSERT INTO plant(tag, ts, value) VALUES('after', 1, 1)");
    Run("SELECT xtdb_flush('plant')");
    EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE tag != 'after'"), expected) << room;
    ExpectSound();
    Reopen();
    EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE tag != 'after'"), expected) << room;
  }
  EXPECT_GT(failures, 50);
}

}  // namespace
}  // namespace xtdb
