#include <filesystem>

#include "engine/io/clock.h"
#include "engine/storage_engine.h"
#include "tests/support/watched_file_system.h"
#include "tests/vtab/sql_fixture.h"
#include "vtab/engine_registry.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class AtomicCommitTest : public testing::Test {
 protected:
  AtomicCommitTest() {
    Open();
    Run("CREATE TABLE log(n)");
    Run("CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M', atomic_commit=on)");
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  void Open() { db_ = std::make_unique<TestDatabase>(File("test.db")); }
  void Reopen() {
    db_.reset();
    Open();
  }
  void Run(const std::string& sql) { db_->Run(sql); }
  Outcome Exec(const std::string& sql) { return db_->Exec(sql); }
  std::string Line(const std::string& sql) { return db_->Line(sql); }
  static std::string Insertion(int ts, const std::string& table = "plant") {
    return "INSERT INTO " + table + "(tag, ts, value) VALUES ('a', " + std::to_string(ts) + ", 1)";
  }
  std::string Times(const std::string& table = "plant") {
    return Line("SELECT ts FROM " + table + " ORDER BY ts");
  }
  std::string Record(const std::string& column, const std::string& table = "plant_commit") {
    return Line("SELECT " + column + " FROM " + table);
  }

  TemporaryDirectory folder_;
  std::unique_ptr<TestDatabase> db_;
};

TEST_F(AtomicCommitTest, EveryCommitIsRecordedWithItsNumberAndNothingElseIs) {
  EXPECT_EQ(Record("number"), "0");
  Run(Insertion(1));
  const std::string first = Record("number");
  EXPECT_NE(first, "0");
  Run("BEGIN; INSERT INTO log VALUES (1); COMMIT");
  EXPECT_EQ(Record("number"), first);
  Run("BEGIN");
  Run(Insertion(2));
  Run("ROLLBACK");
  EXPECT_EQ(Record("number"), first);
  Run("BEGIN; SAVEPOINT s");
  Run(Insertion(3));
  Run("ROLLBACK TO s; COMMIT");
  EXPECT_EQ(Record("number"), first);
  EXPECT_EQ(Times(), "1");
  Run(Insertion(4));
  EXPECT_NE(Record("number"), first);
  Reopen();
  EXPECT_EQ(Times(), "1, 4");
}

TEST_F(AtomicCommitTest, TheRecordIsProtectedInDefensiveModeAndWritesGoOn) {
  sqlite3_db_config(db_->get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  EXPECT_THAT(Exec("UPDATE plant_commit SET number = 1"), FailsWith(SQLITE_ERROR, "may not be"));
  EXPECT_THAT(Exec("DROP TABLE plant_commit"), FailsWith(SQLITE_ERROR, "may not be"));
  Run(Insertion(1));
  EXPECT_NE(Record("number"), "0");
}

TEST_F(AtomicCommitTest, TheTransactionThatCreatesTheTableCannotWriteToIt) {
  Run("BEGIN; CREATE VIRTUAL TABLE t USING xtdb(chunk_size='4M', atomic_commit=on)");
  EXPECT_THAT(Exec(Insertion(1, "t")), FailsWith(SQLITE_ERROR, "COMMIT its CREATE VIRTUAL TABLE"));
  Run("COMMIT");
  Run(Insertion(1, "t"));
  EXPECT_EQ(Times("t"), "1");
  EXPECT_EQ(Record("database", "t_commit"), Record("database")) << "one UUID for each database";
}

TEST_F(AtomicCommitTest, ACreateThatIsRolledBackLeavesNothing) {
  Run("BEGIN; CREATE VIRTUAL TABLE t USING xtdb(atomic_commit=on); ROLLBACK");
  EXPECT_FALSE(std::filesystem::exists(File("test.db.t.xtdb")));
  Run("CREATE VIRTUAL TABLE t USING xtdb(atomic_commit=on)");
  Run(Insertion(1, "t"));
}

TEST_F(AtomicCommitTest, WhatCouldLoseACommitIsRefusedWithWhatToSet) {
  Run("PRAGMA synchronous = NORMAL");
  EXPECT_THAT(Exec(Insertion(1)), FailsWith(SQLITE_ERROR, "PRAGMA main.synchronous = FULL"));
  Run("PRAGMA synchronous = FULL; PRAGMA journal_mode = MEMORY");
  EXPECT_THAT(Exec(Insertion(1)), FailsWith(SQLITE_ERROR, "PRAGMA main.journal_mode = WAL"));
  Run("PRAGMA journal_mode = OFF");
  EXPECT_THAT(Exec(Insertion(1)), FailsWith(SQLITE_ERROR, "journal_mode=off"));
  for (const char* mode : {"DELETE", "TRUNCATE", "PERSIST", "WAL"}) {
    Run(std::string("PRAGMA journal_mode = ") + mode);
    Run(Insertion(1));
  }
  Run("PRAGMA synchronous = EXTRA");
  Run(Insertion(2));
  EXPECT_EQ(Times(), "1, 2");
}

TEST_F(AtomicCommitTest, AJournalThatGoesToMemoryAfterTheFirstWriteIsFoundAtCommit) {
  Run("BEGIN");
  Run(Insertion(1));
  if (Line("PRAGMA journal_mode = MEMORY") != "memory") GTEST_SKIP() << "SQLite refuses it";
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_ERROR, "journal on disk"));
  EXPECT_EQ(Times(), "");
}

TEST_F(AtomicCommitTest, TheContainerMustBeSynchronousFullToo) {
  Run("CREATE VIRTUAL TABLE t USING xtdb(synchronous=normal, atomic_commit=on)");
  EXPECT_THAT(Exec(Insertion(1, "t")), FailsWith(SQLITE_ERROR, "synchronous=full"));
}

TEST_F(AtomicCommitTest, ADatabaseInMemoryCannotCommitTogether) {
  TestDatabase memory(":memory:");
  memory.Run("CREATE VIRTUAL TABLE t USING xtdb(atomic_commit=on)");
  EXPECT_THAT(memory.Exec(Insertion(1, "t")), FailsWith(SQLITE_ERROR, "database in a file"));
  memory.Run("CREATE VIRTUAL TABLE temp.u USING xtdb(atomic_commit=on)");
  EXPECT_THAT(memory.Exec(Insertion(1, "u")), FailsWith(SQLITE_ERROR, "database in a file"));
}

TEST_F(AtomicCommitTest, AnotherDatabaseReadsAndMayNotWrite) {
  Run(Insertion(1));
  TestDatabase other(File("other.db"));
  other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb')");
  EXPECT_EQ(other.Line("SELECT ts FROM t"), "1");
  EXPECT_THAT(other.Exec(Insertion(2, "t")), FailsWith(SQLITE_READONLY, Record("database")));
  EXPECT_THAT(other.Exec("DELETE FROM t"), FailsWith(SQLITE_READONLY, "atomic_commit=on"));
  Run(Insertion(3));
  EXPECT_EQ(other.Line("SELECT ts FROM t"), "1, 3");
}

TEST_F(AtomicCommitTest, OneTransactionCannotCommitWithTwoDatabases) {
  Run(Insertion(1));
  Run("ATTACH '" + File("other.db") + "' AS aux");
  Run("CREATE VIRTUAL TABLE aux.t USING xtdb(path='test.db.plant.xtdb')");
  Run("BEGIN");
  Run(Insertion(2));
  EXPECT_THAT(Exec(Insertion(3, "aux.t")), FailsWith(SQLITE_READONLY, "cannot commit with"));
  Run("COMMIT");
  EXPECT_EQ(Times("aux.t"), "1, 2");
}

TEST_F(AtomicCommitTest, TheOptionBelongsToTheContainer) {
  EXPECT_THAT(
      Exec("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb', atomic_commit=off)"),
      FailsWith(SQLITE_ERROR, "atomic_commit"));
  Run("CREATE VIRTUAL TABLE off USING xtdb(chunk_size='4M')");
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.off.xtdb', atomic_commit=on)"),
              FailsWith(SQLITE_ERROR, "atomic_commit"));
  EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema WHERE name = 'off_commit'"), "0");
  Run("CREATE TABLE off_commit(mine); INSERT INTO off_commit VALUES (1)");
  Run("DROP TABLE off");
  EXPECT_EQ(Line("SELECT mine FROM off_commit"), "1") << "somebody's own table";
}

TEST_F(AtomicCommitTest, SeveralTablesOfOneContainerCommitTogether) {
  Run("CREATE VIRTUAL TABLE twin USING xtdb(path='test.db.plant.xtdb')");
  Run("BEGIN");
  Run(Insertion(1));
  Run(Insertion(2, "twin"));
  Run("COMMIT");
  Run(Insertion(3, "twin"));
  EXPECT_EQ(Times(), "1, 2, 3");
  Run("DROP TABLE plant");
  Run(Insertion(4, "twin"));
  TestDatabase other(File("other.db"));
  other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb')");
  EXPECT_THAT(other.Exec(Insertion(5, "t")), FailsWith(SQLITE_READONLY, "")) << "twin has it";
}

TEST_F(AtomicCommitTest, CommitThatWasBusyCanBeRepeatedAfterMoreWritesOrRolledBack) {
  Run("PRAGMA journal_mode = DELETE; INSERT INTO log VALUES (1)");
  TestDatabase reader(File("test.db"));
  TestStatement reading(reader.get(), "SELECT n FROM log");
  ASSERT_EQ(reading.Step(), SQLITE_ROW);
  Run("BEGIN; SAVEPOINT s; INSERT INTO log VALUES (2)");
  Run(Insertion(1));
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  Run(Insertion(2));
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  Run("ROLLBACK TO s");
  Run(Insertion(3));
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  reading.Reset();
  Run("COMMIT");
  EXPECT_EQ(Times(), "3");
  ASSERT_EQ(reading.Step(), SQLITE_ROW);
  Run("BEGIN");
  Run(Insertion(4));
  EXPECT_THAT(Exec("COMMIT"), FailsWith(SQLITE_BUSY, "locked"));
  Run("ROLLBACK");
  reading.Reset();
  Reopen();
  EXPECT_EQ(Times(), "3");
  EXPECT_EQ(Line("SELECT n FROM log"), "1");
}

TEST_F(AtomicCommitTest, ARenameTakesTheRecordAlong) {
  Run("BEGIN");
  Run(Insertion(1));
  Run("ALTER TABLE plant RENAME TO works; COMMIT");
  Run(Insertion(2, "works"));
  EXPECT_NE(Record("number", "works_commit"), "0");
  Run("BEGIN");
  Run(Insertion(3, "works"));
  Run("SAVEPOINT s; ALTER TABLE works RENAME TO again; ROLLBACK TO s; COMMIT");
  EXPECT_EQ(Times("works"), "1, 2, 3");
  Reopen();
  EXPECT_EQ(Times("works"), "1, 2, 3");
}

TEST_F(AtomicCommitTest, DropLetsGoSoThatAnyDatabaseMayHaveTheContainer) {
  Run(Insertion(1));
  const std::string database = Record("database");
  Run("DROP TABLE plant");
  EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'plant%'"), "0");
  Run("CREATE VIRTUAL TABLE plant USING xtdb(path='test.db.plant.xtdb')");
  EXPECT_NE(Record("database"), database);
  Run(Insertion(2));
  EXPECT_EQ(Times(), "1, 2");
  Run("BEGIN; DROP TABLE plant; ROLLBACK");
  Run(Insertion(3));
  Run("BEGIN; DROP TABLE plant; CREATE VIRTUAL TABLE plant USING xtdb(path='test.db.plant.xtdb'); "
      "COMMIT");
  Run(Insertion(4));
  Run("DROP TABLE plant");
  TestDatabase other(File("other.db"));
  other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb')");
  other.Run(Insertion(5, "t"));
  EXPECT_EQ(other.Line("SELECT ts FROM t"), "1, 2, 3, 4, 5");
}

TEST_F(AtomicCommitTest, ADropWorksWhenTheContainerIsAway) {
  Run(Insertion(1));
  db_.reset();
  std::filesystem::remove(File("test.db.plant.xtdb"));
  Open();
  Run("DROP TABLE plant");
  EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema"), "1");
}

TEST_F(AtomicCommitTest, VacuumChangesNothing) {
  Run(Insertion(1));
  const std::string before = Record("*");
  Run("VACUUM");
  EXPECT_EQ(Record("*"), before);
  Run(Insertion(2));
  Reopen();
  EXPECT_EQ(Times(), "1, 2");
}

TEST_F(AtomicCommitTest, ACopyOfBothFilesIsAStoreOfItsOwn) {
  Run("INSERT INTO log VALUES (1)");
  Run(Insertion(1));
  db_.reset();
  std::filesystem::create_directory(File("copy"));
  for (const char* name : {"test.db", "test.db.plant.xtdb"}) {
    std::filesystem::copy(File(name), File("copy") + "/" + name);
  }
  TestDatabase copy(File("copy/test.db"));
  copy.Run("BEGIN; INSERT INTO log VALUES (2)");
  copy.Run(Insertion(2));
  copy.Run("COMMIT");
  EXPECT_EQ(copy.Line("SELECT ts FROM plant"), "1, 2");
  Open();
  EXPECT_EQ(Times(), "1");
}

TEST_F(AtomicCommitTest, WritesThatPassSqliteByAreRefused) {
  Run(Insertion(1));
  db_.reset();
  auto opened = StorageEngine::Open(PosixFileSystem(), SystemClock(), File("test.db.plant.xtdb"),
                                    EngineOptions());
  ASSERT_TRUE(opened.ok());
  EXPECT_THAT(
      std::string(opened.value()->WritePoint("a", 2, Value::Real(2), kQualityGood).message()),
      HasSubstr("through a table of that database"));
}

// SQLite has committed, the container has prepared only, and then the process dies.
class DiedInCommitTest : public AtomicCommitTest {
 protected:
  DiedInCommitTest() : watched_(PosixFileSystem()) { std::filesystem::create_directory(Copy("")); }
  ~DiedInCommitTest() override {
    watched_.before_sync = {};
    db_.reset();
    ReplaceContainerFiles(nullptr);
  }
  std::string Copy(const std::string& name) const { return File("copy/") + name; }
  void DieInCommit(const std::string& journal_mode) {
    Run("PRAGMA journal_mode = " + journal_mode);
    db_.reset();
    ReplaceContainerFiles(&watched_);
    Open();
    Run("PRAGMA synchronous = FULL; BEGIN; INSERT INTO log VALUES (1)");
    Run(Insertion(1));
    bool is_first = true;
    // That of the container's log is its PREPARE; SQLite syncs past us, and then comes the folder.
    watched_.before_sync = [&](const std::string& path) {
      if (path + "/" != File("") || !is_first) return Status();
      is_first = false;
      CopyAll();
      return Status();
    };
    Run("COMMIT");
    watched_.before_sync = {};
    db_ = std::make_unique<TestDatabase>(Copy("test.db"));
  }
  void CopyAll() const {
    for (const auto& entry : std::filesystem::directory_iterator(File(""))) {
      if (entry.is_regular_file()) {
        std::filesystem::copy(entry.path(), Copy(entry.path().filename()));
      }
    }
  }

  WatchedFileSystem watched_;
};

TEST_F(DiedInCommitTest, WhoSettlesSyncsSqlitesCommitFirst) {
  DieInCommit("delete");
  std::vector<std::string> synced;
  watched_.before_sync = [&](const std::string& path) {
    synced.push_back(path);
    return Status();
  };
  Run("BEGIN; INSERT INTO log VALUES (2)");
  Run(Insertion(2));
  EXPECT_EQ(Line("SELECT count(*) FROM log"), "2");
  EXPECT_EQ(Times(), "1, 2");
  EXPECT_THAT(synced, testing::Contains(folder_ / "copy"));
  Run("COMMIT");
}

TEST_F(DiedInCommitTest, ItIsNotSettledWhileThatFails) {
  DieInCommit("delete");
  watched_.before_sync = [&](const std::string& path) {
    return path == folder_ / "copy" ? Status::IoError("the folder cannot be synced") : Status();
  };
  EXPECT_THAT(Exec(Insertion(2)).message, HasSubstr("the folder cannot be synced"));
  watched_.before_sync = {};
  Run(Insertion(2));
  EXPECT_EQ(Times(), "1, 2");
}

}  // namespace
}  // namespace xtdb
