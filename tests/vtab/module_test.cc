#include <cstdlib>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

// tests/newest_sqlite.sh says which one it has put in the place of the system's.
TEST(SqliteVersionTest, IsTheOneThatTheTestsAreMeantFor) {
  const char* const expected = std::getenv("XTDB_EXPECTED_SQLITE");
  if (expected == nullptr) GTEST_SKIP() << "no version is asked for";
  EXPECT_STREQ(sqlite3_libversion(), expected);
}

using testing::ElementsAre;
using testing::HasSubstr;

class ModuleTest : public SqlTest {};

TEST_F(ModuleTest, SelectStarShowsTheFourColumns) {
  Run("INSERT INTO plant VALUES ('boiler', '2026-01-02 03:04:05.5', 71.25, 64)");
  EXPECT_EQ(db_->Query("SELECT * FROM plant"),
            (Rows{{"boiler", "2026-01-02 03:04:05.500", "71.25", "64"}}));
}

TEST_F(ModuleTest, HiddenColumnsReadByName) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1500000, 1)");
  EXPECT_EQ(Line("SELECT ts, tag_id, time, ts_blob, value_blob, quality_blob, command FROM plant"),
            "1500000 1 1970-01-01 00:00:01.500 NULL NULL NULL NULL");
}

TEST_F(ModuleTest, QualityIsGoodUnlessGiven) {
  Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('a', 1, 1, NULL), ('a', 2, 1, 0), "
      "('a', 3, 1, '64'), ('a', 4, 1, '')");
  EXPECT_EQ(Line("SELECT quality FROM plant ORDER BY ts"), "192, 0, 64, 192");
}

TEST_F(ModuleTest, ValuesKeepTheTypeOfTheirTag) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('int', 1, 7), ('real', 1, 0.5), ('text', 1, "
      "'on'), "
      "('digits', 1, '12'), ('none', 1, NULL), ('text', 2, '12'), ('real', 2, '1e3')");
  EXPECT_EQ(
      Line("SELECT tag, value, typeof(value) FROM plant ORDER BY tag, ts"),
      "digits 12 integer, int 7 integer, none NULL null, real 0.5 real, real 1000.0 real, text on "
      "text, text 12 text");
}

TEST_F(ModuleTest, AnIntegerTagWidensAtTheFirstFraction) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 7)");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 2, 7.5)");
  EXPECT_EQ(Line("SELECT value, typeof(value) FROM plant ORDER BY ts"), "7.0 real, 7.5 real");
}

TEST_F(ModuleTest, DefinedTypesReadBack) {
  Run("INSERT INTO plant(command) VALUES ('define_tag tag=''b'' type=''bool'''), "
      "('define_tag tag=''f'' type=''float32'' unit=''degC''')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('b', 1, 1), ('f', 1, 0.25)");
  EXPECT_EQ(Line("SELECT tag, value FROM plant ORDER BY tag"), "b 1, f 0.25");
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('b', 2, 2)"),
              FailsWith(SQLITE_MISMATCH, "bool"));
}

TEST_F(ModuleTest, EverythingIsThereAfterReopening) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('b', 2, 'x')");
  Reopen();
  EXPECT_EQ(Points(), "a 1 1, b 2 x");
}

TEST_F(ModuleTest, ABatchIsOneRow) {
  TestStatement insert(db_->get(),
                       "INSERT INTO plant(tag, ts_blob, value_blob) VALUES ('a', ?, ?)");
  const int64_t ts[] = {1, 2, 3};
  const double values[] = {1.5, -0.25, 3};
  sqlite3_bind_blob(insert.get(), 1, ts, sizeof ts, SQLITE_STATIC);
  sqlite3_bind_blob(insert.get(), 2, values, sizeof values, SQLITE_STATIC);
  EXPECT_EQ(insert.Step(), SQLITE_DONE);
  EXPECT_EQ(sqlite3_changes(db_->get()), 1);
  EXPECT_EQ(Points(), "a 1 1.5, a 2 -0.25, a 3 3.0");
}

TEST_F(ModuleTest, AnEmptyBatchIsNoError) {
  Run("INSERT INTO plant(tag, ts_blob, value_blob) VALUES ('a', x'', x'')");
  EXPECT_EQ(Points(), "");
}

TEST_F(ModuleTest, NanInABatchIsNullAndStaysThroughAnUpdateOfAnotherColumn) {
  Run("INSERT INTO plant(tag, ts_blob, value_blob, quality_blob) "
      "VALUES ('a', x'0100000000000000', x'010000000000F87F', x'C0')");
  EXPECT_EQ(Line("SELECT value IS NULL FROM plant WHERE value IS NULL"), "1");
  Run("UPDATE plant SET quality = 0");
  Run("UPDATE plant SET ts = 5");
  EXPECT_EQ(Line("SELECT ts, value, quality FROM plant"), "5 NULL 0");
}

TEST_F(ModuleTest, TableKeepsItsContainerWhenRenamed) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  Run("ALTER TABLE plant RENAME TO works");
  EXPECT_EQ(Points("works"), "a 1 1");
  Reopen();
  EXPECT_EQ(Points("works"), "a 1 1");
  EXPECT_EQ(Line("SELECT value FROM works_config WHERE key = 'path'"), "test.db.plant.xtdb");
}

TEST_F(ModuleTest, DropDetachesAndCreateAttachesAgain) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  Run("DROP TABLE plant");
  EXPECT_TRUE(std::filesystem::exists(ContainerPath()));
  EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema"), "0");
  Run("CREATE VIRTUAL TABLE other USING xtdb(path='test.db.plant.xtdb')");
  EXPECT_EQ(Points("other"), "a 1 1");
}

TEST_F(ModuleTest, DropRolledBackLeavesTheTable) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  Run("BEGIN; DROP TABLE plant; ROLLBACK");
  EXPECT_EQ(Points(), "a 1 1");
}

// SQLite does not wait when it has to turn a reader's lock into a writer's; so connecting the table
// must not leave one in the transaction.
TEST_F(ModuleTest, TheFirstInsertOfATransactionHeedsTheBusyTimeout) {
  for (const char* const mode : {"delete", "wal"}) {
    Run(std::string("PRAGMA journal_mode = ") + mode);
    TestDatabase cold(folder_ / "test.db");
    int calls = 0;
    sqlite3_busy_handler(
        cold.get(), [](void* count, int) { return ++*static_cast<int*>(count) < 3 ? 1 : 0; },
        &calls);
    Run("BEGIN IMMEDIATE");
    EXPECT_EQ(
        sqlite3_exec(cold.get(), "BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)",
                     nullptr, nullptr, nullptr),
        SQLITE_BUSY);
    EXPECT_EQ(calls, 3) << mode;
    Run("COMMIT");
  }
}

TEST_F(ModuleTest, CreateRolledBackLeavesNoFile) {
  Run("BEGIN; CREATE VIRTUAL TABLE gone USING xtdb; INSERT INTO gone(tag, ts, value) VALUES ('a', "
      "1, 1)");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "test.db.gone.xtdb"));
  EXPECT_EQ(Points("gone"), "a 1 1");  // a statement that has looked at it does not keep it
  Run("ROLLBACK");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.gone.xtdb"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.gone.xtdb-wal"));
  Run("CREATE VIRTUAL TABLE gone USING xtdb");
  EXPECT_EQ(Points("gone"), "");
}

TEST_F(ModuleTest, CreateCommittedWithItsFirstRows) {
  Run("BEGIN; CREATE VIRTUAL TABLE made USING xtdb; INSERT INTO made(tag, ts, value) VALUES ('a', "
      "1, 1); "
      "COMMIT");
  Reopen();
  EXPECT_EQ(Points("made"), "a 1 1");
}

TEST_F(ModuleTest, CloseLeavesOneFileOfTheContainer) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  db_.reset();
  EXPECT_TRUE(std::filesystem::exists(ContainerPath()));
  EXPECT_FALSE(std::filesystem::exists(ContainerPath() + "-wal"));
  db_ = std::make_unique<TestDatabase>(DatabasePath());
}

TEST_F(ModuleTest, MissingContainerIsNamedAndTheTableCanBeDropped) {
  db_.reset();
  std::filesystem::remove(ContainerPath());
  db_ = std::make_unique<TestDatabase>(DatabasePath());
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "is missing"));
  Run("DROP TABLE plant");
}

TEST_F(ModuleTest, AnotherContainerInItsPlaceIsRefused) {
  Run("CREATE VIRTUAL TABLE other USING xtdb(chunk_size='4M')");
  db_.reset();
  std::filesystem::remove(ContainerPath());
  std::filesystem::rename(folder_ / "test.db.other.xtdb", ContainerPath());
  db_ = std::make_unique<TestDatabase>(DatabasePath());
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "is another container"));
}

TEST_F(ModuleTest, RelativePathIsBesideTheDatabaseOfTheTable) {
  std::filesystem::create_directory(folder_ / "sub");
  Run("ATTACH '" + (folder_ / "sub/other.db") + "' AS aux");
  Run("CREATE VIRTUAL TABLE aux.t USING xtdb(path='data.xtdb')");
  Run("INSERT INTO aux.t(tag, ts, value) VALUES ('a', 1, 1)");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "sub/data.xtdb"));
  EXPECT_EQ(Points("aux.t"), "a 1 1");
}

TEST_F(ModuleTest, TablesOfTwoConnectionsShareAContainer) {
  TestDatabase second(DatabasePath());
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  EXPECT_EQ(second.Line("SELECT value FROM plant"), "1");
}

TEST_F(ModuleTest, NamesWithSlashesAndQuotesWork) {
  Run("CREATE VIRTUAL TABLE \"a/b\"\"c\" USING xtdb");
  Run("INSERT INTO \"a/b\"\"c\"(tag, ts, value) VALUES ('a', 1, 1)");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "test.db.a%2Fb\"c.xtdb"));
  Run("ALTER TABLE \"a/b\"\"c\" RENAME TO plain");
  EXPECT_EQ(Points("plain"), "a 1 1");
}

TEST_F(ModuleTest, TableInTheDatabaseFolderWorksFromAViewUnderUntrustedSchema) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  Run("CREATE VIEW v AS SELECT value FROM plant");
  Run("PRAGMA trusted_schema = OFF");
  EXPECT_EQ(Line("SELECT * FROM v"), "1");
}

TEST_F(ModuleTest, TableWhoseFileIsElsewhereDoesNot) {
  const TemporaryDirectory elsewhere;
  Run("CREATE VIRTUAL TABLE far USING xtdb(path='" + (elsewhere / "far.xtdb") + "')");
  Run("CREATE VIEW v AS SELECT value FROM far");
  Run("PRAGMA trusted_schema = OFF");
  EXPECT_THAT(Exec("SELECT * FROM v"), FailsWith(SQLITE_ERROR, "unsafe"));
}

TEST(MemoryDatabaseTest, HasATemporaryContainerThatGoesWithIt) {
  const TemporaryDirectory folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  {
    TestDatabase db(":memory:");
    db.Run("CREATE VIRTUAL TABLE t USING xtdb");
    db.Run("INSERT INTO t(tag, ts, value) VALUES ('a', 1, 1)");
    db.Run("CREATE TABLE plain(x); ALTER TABLE plain RENAME TO other; VACUUM");
    EXPECT_EQ(db.Line("SELECT value FROM t"), "1");
    db.Run("BEGIN; DROP TABLE t; ROLLBACK");
    EXPECT_EQ(db.Line("SELECT value FROM t"), "1");
    EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  ::unsetenv("TMPDIR");
}

TEST(TemporaryTableTest, WorksBesideADatabaseFile) {
  const TemporaryDirectory folder;
  TestDatabase db(folder / "test.db");
  db.Run("CREATE VIRTUAL TABLE temp.t USING xtdb");
  db.Run("INSERT INTO t(tag, ts, value) VALUES ('a', 1, 1)");
  EXPECT_EQ(db.Line("SELECT value FROM t"), "1");
}

}  // namespace
}  // namespace xtdb
