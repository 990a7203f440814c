#include "tests/vtab/hostile.h"

// Goal: a schema and shadow tables that somebody has edited give errors or what the container
// really holds, never a crash, and never a table that cannot be dropped.
namespace xtdb {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class HostileSchemaTest : public HostileTest {
 protected:
  void ExpectDroppable() {
    Run("DROP TABLE plant");
    EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema WHERE name = 'plant'"), "0");
    Run("CREATE VIRTUAL TABLE again USING xtdb(path='test.db.plant.xtdb')");
    EXPECT_EQ(Points("again"), kAllPoints);
  }
};

TEST_F(HostileSchemaTest, OptionsThatTheContainerDoesNotHaveAreToldAtUse) {
  for (const char* const option : {"chunk_size='8M'", "atomic_commit=on"}) {
    SCOPED_TRACE(option);
    EditSchema("plant", std::string("CREATE VIRTUAL TABLE plant USING xtdb(") + option + ")");
    EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "leave the option out"));
    EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)"),
                FailsWith(SQLITE_ERROR, "leave the option out"));
  }
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, ArgumentsThatAreGarbageAreToldAtUse) {
  const std::vector<std::string> arguments = {
      "colour=red", "chunk_size=-1", "chunk_size=99999999999999999999",
      "=",          "path=",         "path='a', path='b'",
      "buffer='1'", "x y z"};
  for (const std::string& argument : arguments) {
    SCOPED_TRACE(argument);
    EditSchema("plant", "CREATE VIRTUAL TABLE plant USING xtdb(" + argument + ")");
    EXPECT_NE(Exec("SELECT * FROM plant").message, "");
    EXPECT_NE(Exec("INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)").code, SQLITE_OK);
  }
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, AnotherModulesTableMadeOursFindsNoContainer) {
  Run("CREATE VIRTUAL TABLE words USING fts5(w)");
  EditSchema("words", "CREATE VIRTUAL TABLE words USING xtdb");
  EXPECT_THAT(Exec("SELECT * FROM words").message, HasSubstr("is missing"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.words.xtdb"));
  Run("DROP TABLE words");
}

TEST_F(HostileSchemaTest, TwoNamesOfOneContainerAreTheSameTable) {
  Run("CREATE VIRTUAL TABLE twin USING xtdb(path='test.db.plant.xtdb')");
  Run("BEGIN; INSERT INTO twin(tag, ts, value) VALUES ('c', 1, 4); DELETE FROM plant WHERE ts = 2");
  EXPECT_EQ(Points("twin"), "a 1 1, b 1 3, c 1 4");
  EXPECT_EQ(Points("plant"), Points("twin"));
  Run("ROLLBACK; DROP TABLE twin");
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileSchemaTest, WithoutItsShadowTableTheStatementSaysEnough) {
  DropConfig();
  EXPECT_EQ(Points(), kAllPoints);
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, JunkInTheShadowTableIsPassedOver) {
  Run("UPDATE plant_config SET value = NULL WHERE key = 'uuid'");
  Run("UPDATE plant_config SET value = zeroblob(10000000) WHERE key = 'path'");
  Run("INSERT INTO plant_config VALUES (x'00', -1), (9e999, 7), ('junk', randomblob(100000))");
  Run("UPDATE plant_config SET value = -5 WHERE key = 'temporary'");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, OfManyRowsOnlySomeAreRead) {
  DropConfig();
  Run("CREATE TABLE plant_config(key, value)");
  Run("INSERT INTO plant_config SELECT 'path', 'nowhere' FROM (WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT * FROM n)");
  Reopen();
  EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr("is missing"));
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, AShadowTableOfOtherColumnsIsPassedOver) {
  DropConfig();
  Run("CREATE TABLE plant_config(other)");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
  ExpectDroppable();
}

TEST_F(HostileSchemaTest, AViewInPlaceOfTheShadowTableIsNeitherReadNorDropped) {
  DropConfig();
  Run("CREATE VIEW plant_config AS WITH RECURSIVE n(key, value) AS "
      "(SELECT 'path', 'x' UNION ALL SELECT key, value FROM n) SELECT * FROM n");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
  ExpectDroppable();
  EXPECT_EQ(Line("SELECT type FROM sqlite_schema WHERE name = 'plant_config'"), "view");
}

TEST_F(HostileSchemaTest, TablesOfOursAsEachOthersShadowTablesEndWithoutRecursion) {
  DropConfig();
  std::string name = "plant_config";
  Run("PRAGMA writable_schema = ON");
  for (int i = 0; i < 100; ++i, name += "_config") {
    Run("INSERT INTO sqlite_schema VALUES ('table', '" + name + "', '" + name +
        "', 0, 'CREATE VIRTUAL TABLE " + name + " USING xtdb')");
  }
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileSchemaTest, AViewOverTheTableItselfAsItsShadowTableEnds) {
  DropConfig();
  Run("CREATE VIEW plant_config AS SELECT tag AS key, value FROM plant");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileSchemaTest, ATableWithTheShadowTablesNameIsNotTakenOver) {
  Run("CREATE TABLE mine_config(precious); INSERT INTO mine_config VALUES (1)");
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE mine USING xtdb"),
              FailsWith(SQLITE_ERROR, "already exists"));
  EXPECT_EQ(Line("SELECT * FROM mine_config"), "1");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.mine.xtdb"));
  EXPECT_THAT(Exec("ALTER TABLE plant RENAME TO mine").message, HasSubstr("already"));
  EXPECT_EQ(Line("SELECT * FROM mine_config"), "1");
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileSchemaTest, TriggersOnTheShadowTableChangeNothing) {
  Run("CREATE TRIGGER t AFTER INSERT ON plant_config BEGIN SELECT raise(ABORT, 'no'); END");
  Run("CREATE TRIGGER u BEFORE DELETE ON plant_config BEGIN DELETE FROM plant; END");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
  ExpectDroppable();
}

// The shadow table of atomic_commit is written within COMMIT.
class HostileCommitTest : public HostileSchemaTest {
 protected:
  HostileCommitTest() {
    Run("CREATE VIRTUAL TABLE bound USING xtdb(atomic_commit=on)");
    Run("INSERT INTO bound(tag, ts, value) VALUES ('a', 1, 1)");
  }
  Outcome Write() { return Exec("INSERT INTO bound(tag, ts, value) VALUES ('a', 2, 2)"); }
  void ExpectNothingWritten() {
    EXPECT_EQ(Points("bound"), "a 1 1");
    Reopen();
    EXPECT_EQ(Points("bound"), "a 1 1");
    Run("DROP TABLE bound");
  }
};

TEST_F(HostileCommitTest, WithoutItsRecordATableIsReadAndNotWritten) {
  Run("DROP TABLE bound_commit");
  EXPECT_THAT(Write(), FailsWith(SQLITE_ERROR, "bound_commit, which is gone or damaged"));
  ExpectNothingWritten();
}

TEST_F(HostileCommitTest, JunkInTheRecordIsARecordThatIsGone) {
  for (const char* const junk :
       {"database = NULL", "container = x'00ff'", "database = zeroblob(1000000)",
        "database = 'not a uuid at all'", "container = hex(randomblob(17))"}) {
    SCOPED_TRACE(junk);
    Run("SAVEPOINT s");
    Run(std::string("UPDATE bound_commit SET ") + junk);
    EXPECT_THAT(Write(), FailsWith(SQLITE_ERROR, "gone or damaged"));
    Run("ROLLBACK TO s; RELEASE s");
  }
  EXPECT_THAT(Write(), Succeeds());
}

TEST_F(HostileCommitTest, ANegativeNumberIsNotThatOfACommit) {
  Run("UPDATE bound_commit SET number = -1");
  EXPECT_THAT(Write(), Succeeds());
  EXPECT_EQ(Line("SELECT number > 0 FROM bound_commit"), "1");
}

TEST_F(HostileCommitTest, ManyRowsAreNoRecordToWriteTo) {
  Run("INSERT INTO bound_commit SELECT * FROM bound_commit");
  EXPECT_THAT(Write(), AnyOf(Succeeds(), FailsWith(SQLITE_ERROR, "")));
  EXPECT_THAT(Points("bound"), AnyOf("a 1 1", "a 1 1, a 2 2"));
}

TEST_F(HostileCommitTest, AViewInPlaceOfTheRecordIsNone) {
  Run("ALTER TABLE bound_commit RENAME TO kept; CREATE VIEW bound_commit AS SELECT * FROM kept");
  EXPECT_THAT(Write(), FailsWith(SQLITE_ERROR, "gone or damaged"));
  ExpectNothingWritten();
}

TEST_F(HostileCommitTest, ATriggerOnTheRecordCannotWriteToTheContainerWithinCommit) {
  Run("CREATE TRIGGER t AFTER UPDATE ON bound_commit BEGIN "
      "INSERT INTO bound(tag, ts, value) VALUES ('evil', 1, 1); END");
  EXPECT_NE(Write().code, SQLITE_OK);
  EXPECT_EQ(Points("bound"), "a 1 1");
  Run("DROP TRIGGER t");
  EXPECT_THAT(Write(), Succeeds());
  EXPECT_EQ(Points("bound"), "a 1 1, a 2 2");
}

TEST_F(HostileCommitTest, ATriggerThatTakesTheNumberBackHarmsNoPoint) {
  Run("CREATE TRIGGER t AFTER UPDATE ON bound_commit WHEN new.number > 0 BEGIN "
      "UPDATE bound_commit SET number = 0; END");
  EXPECT_THAT(Write(), Succeeds());
  Reopen();
  EXPECT_EQ(Points("bound"), "a 1 1, a 2 2");
}

TEST_F(HostileCommitTest, ATriggerThatFailsFailsTheCommit) {
  Run("CREATE TRIGGER t BEFORE UPDATE ON bound_commit BEGIN SELECT raise(ROLLBACK, 'no'); END");
  EXPECT_NE(Write().code, SQLITE_OK);
  ExpectNothingWritten();
}

}  // namespace
}  // namespace xtdb
