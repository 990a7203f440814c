// What all table-valued functions have in common: arguments, constraints, snapshots.

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class TableFunctionTest : public SqlTest {
 protected:
  TableFunctionTest() {
    Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1000000, 1), ('a', 2000000, 2), "
        "('b', 86400000000, 3), ('Tag[3]', 3000000, 4)");
  }
};

TEST_F(TableFunctionTest, ArgumentsAreHiddenColumns) {
  EXPECT_EQ(Line("SELECT tag, tbl, tags FROM xtdb_tags WHERE tbl = 'plant' AND tags = 'a'"),
            "a plant a");
  EXPECT_EQ(Line("SELECT tag, tbl, tags FROM xtdb_tags('plant', '*')"),
            "Tag[3] plant *, a plant *, b plant *");
  EXPECT_THAT(Exec("SELECT tags FROM xtdb_tags('plant')"),
              FailsWith(SQLITE_ERROR, "tags is an argument, and was not given"));
}

TEST_F(TableFunctionTest, InSetsAnArgumentToEachOfItsValues) {
  EXPECT_EQ(Line("SELECT tags, tag FROM xtdb_tags WHERE tbl = 'plant' AND tags IN ('a', '?') "
                 "ORDER BY tags, tag"),
            "? a, ? b, a a");
  Run("CREATE VIRTUAL TABLE other USING xtdb(chunk_size='4M')");
  Run("INSERT INTO other(tag, ts, value) VALUES ('o', 1, 1)");
  EXPECT_EQ(Line("SELECT tbl, tag FROM xtdb_last WHERE tbl IN ('plant', 'other') ORDER BY 1, 2"),
            "other o, plant Tag[3], plant a, plant b");
}

TEST_F(TableFunctionTest, AMissingTableIsAskedFor) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags"),
              FailsWith(SQLITE_ERROR, "xtdb_tags: which table? write xtdb_tags('plant')"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_last"),
              FailsWith(SQLITE_ERROR, "xtdb_last: which table? write xtdb_last('plant', tags)"));
}

TEST_F(TableFunctionTest, AnUnknownTableListsThoseThereAre) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_stats('plan')"),
              FailsWith(SQLITE_ERROR, "xtdb_stats: no xtdb table \"plan\"; there are: plant"));
  Run("CREATE TABLE ordinary(x)");
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('ordinary')"),
              FailsWith(SQLITE_ERROR, "no xtdb table \"ordinary\""));
}

TEST_F(TableFunctionTest, ATableIsNamedAsSqliteResolvesIt) {
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('PLANT', 'a')"), "a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('main.plant', 'a')"), "a");
}

TEST_F(TableFunctionTest, NullGivesNoRows) {
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags(NULL)"), "");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', NULL)"), "");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag = NULL"), "");
}

TEST_F(TableFunctionTest, OtherComparisonsOfAnArgumentNameTheColumn) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('plant') WHERE tags LIKE 'a%'"),
              FailsWith(SQLITE_ERROR, "for LIKE use the column tag"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('plant') WHERE tags GLOB 'a*'"),
              FailsWith(SQLITE_ERROR, "for GLOB use the column tag"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('plant') WHERE tags <> 'a'"),
              FailsWith(SQLITE_ERROR, "for <> use the column tag"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_stats WHERE tbl > 'a'"),
              FailsWith(SQLITE_ERROR, "tbl is an argument, set by tbl = or tbl IN"));
}

TEST_F(TableFunctionTest, ABlobIsNoPattern) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('plant', x'61')"),
              FailsWith(SQLITE_ERROR, "tags is a BLOB of 1 bytes"));
}

TEST_F(TableFunctionTest, TagsAreExactNamesBeforePatterns) {
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', '*')"), "Tag[3], a, b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', '?')"), "a, b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', 'Tag[3]')"), "Tag[3]");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', 'Tag[[]*')"), "Tag[3]");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', 'A')"), "");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', '')"), "");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('?', 1, 1)");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', '?')"), "?");
}

TEST_F(TableFunctionTest, ConditionsOnTagArePushedAsNames) {
  EXPECT_EQ(db_->PushedTo("SELECT * FROM xtdb_tags('plant') WHERE tag = 'a'"),
            "tbl = ? and tag = ?");
  EXPECT_EQ(db_->PushedTo("SELECT * FROM xtdb_tags('plant') WHERE tag IN ('a', 'b')"),
            "tbl = ? and tag in ?");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag IN ('b', 'a', NULL, 'a')"), "a, b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', 'Tag*') WHERE tag IN ('b', 'Tag[3]')"),
            "Tag[3]");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant', 'a') WHERE tag = 'b'"), "");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag = 'A' COLLATE NOCASE"), "a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag LIKE 'TAG%'"), "Tag[3]");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag GLOB 'T*'"), "Tag[3]");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag > 'a'"), "b");
}

TEST_F(TableFunctionTest, TimesAreComparedAsTimes) {
  EXPECT_EQ(db_->PushedTo("SELECT * FROM xtdb_last('plant') WHERE time >= '1970-01-02'"),
            "tbl = ? and time >= ?");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time < '1970-01-02T00:00:00Z'"),
            "Tag[3], a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time = '1970-01-02'"), "b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time <> '1970-01-02T00:00Z'"),
            "Tag[3], a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time IN ('1970-01-02', "
                 "'1970-01-02T00:00Z', NULL)"),
            "b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE last_time <= '1970-01-01 00:00:02' AND "
                 "first_time > '1970-01-01'"),
            "a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time > NULL"), "");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time GLOB '1970-01*'"), "Tag[3], a, b");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_last('plant') WHERE time LIKE '1970-01-02%'"), "b");
  EXPECT_THAT(Exec("SELECT * FROM xtdb_last('plant') WHERE time > 'yesterday'"),
              FailsWith(SQLITE_ERROR, "yesterday"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_last('plant') WHERE time > 5"),
              FailsWith(SQLITE_ERROR, "5"));
}

TEST_F(TableFunctionTest, BranchesOfAnOrGiveEachRowOnce) {
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') WHERE tag = 'a' OR tag_id = 1 OR tag = 'b' "
                 "ORDER BY tag"),
            "a, b");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_tags WHERE (tbl = 'plant' AND tags = 'a') OR "
                 "(tbl = 'plant' AND tags = '?')"),
            "3");
}

TEST_F(TableFunctionTest, ArgumentsMayComeFromAnotherTable) {
  Run("CREATE TABLE wanted(name TEXT)");
  Run("INSERT INTO wanted VALUES ('b'), ('a'), ('none')");
  EXPECT_EQ(Line("SELECT w.name, l.value FROM wanted w, xtdb_last('plant', w.name) l ORDER BY 1"),
            "a 2, b 3");
  EXPECT_EQ(Line("SELECT w.name, l.value FROM wanted w LEFT JOIN xtdb_last('plant') l "
                 "ON l.tag = w.name ORDER BY 1"),
            "a 2, b 3, none NULL");
  EXPECT_EQ(
      Line("SELECT name, (SELECT value FROM xtdb_last('plant', name)) FROM wanted ORDER BY 1"),
      "a 2, b 3, none NULL");
}

TEST_F(TableFunctionTest, OrderByTagIsNotSorted) {
  EXPECT_EQ(db_->PushedTo("SELECT * FROM xtdb_tags('plant') ORDER BY tag"), "tbl = ?; by tag");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') ORDER BY tag LIMIT 2"), "Tag[3], a");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('plant') ORDER BY tag DESC LIMIT 1"), "b");
}

TEST_F(TableFunctionTest, AFunctionSeesTheTransactionsOwnPoints) {
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 9000000, 9), ('new', 1, 1)");
  EXPECT_EQ(Line("SELECT tag, points FROM xtdb_tags('plant')"), "Tag[3] 1, a 3, b 1, new 1");
  EXPECT_EQ(Line("SELECT value FROM xtdb_last('plant', 'a')"), "9");
  EXPECT_EQ(TestDatabase(DatabasePath()).Line("SELECT value FROM xtdb_last('plant', 'a')"), "2");
  Run("ROLLBACK");
  EXPECT_EQ(Line("SELECT tag, points FROM xtdb_tags('plant')"), "Tag[3] 1, a 2, b 1");
}

TEST_F(TableFunctionTest, AStatementSeesOneSnapshotThroughTableAndFunction) {
  Run("PRAGMA journal_mode = WAL");  // else the reader locks the database file against writers
  TestDatabase other(DatabasePath());
  TestStatement statement(db_->get(),
                          "SELECT p.ts, (SELECT value FROM xtdb_last('plant', 'a')), "
                          "(SELECT points FROM xtdb_tags('plant', 'a')) "
                          "FROM plant p WHERE tag = 'a' ORDER BY ts");
  EXPECT_EQ(statement.NextRow(), (Row{"1000000", "2", "2"}));
  other.Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 5000000, 5)");
  EXPECT_EQ(statement.NextRow(), (Row{"2000000", "2", "2"}));
  EXPECT_EQ(statement.NextRow(), Row());
  EXPECT_EQ(Line("SELECT value FROM xtdb_last('plant', 'a')"), "5");
}

TEST_F(TableFunctionTest, ACursorGoesOnAfterItsTransactionEnds) {
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('b', 90000000000, 9)");
  {
    TestStatement statement(db_->get(), "SELECT tag, points FROM xtdb_tags('plant')");
    EXPECT_EQ(statement.NextRow(), (Row{"Tag[3]", "1"}));
    Run("COMMIT");
    EXPECT_EQ(statement.NextRow(), (Row{"a", "2"}));
    EXPECT_EQ(statement.NextRow(), (Row{"b", "2"}));
  }
}

TEST_F(TableFunctionTest, ACursorOutlivesTheTableThatAnotherConnectionDrops) {
  Run("PRAGMA journal_mode = WAL");
  TestDatabase other(DatabasePath());
  TestStatement statement(db_->get(), "SELECT tag, points FROM xtdb_tags('plant')");
  EXPECT_EQ(statement.NextRow(), (Row{"Tag[3]", "1"}));
  other.Run("DROP TABLE plant");
  EXPECT_EQ(statement.Rest(), (Rows{{"a", "2"}, {"b", "1"}}));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_tags('plant')"), FailsWith(SQLITE_ERROR, "no xtdb table"));
}

TEST_F(TableFunctionTest, ACursorOutlivesADropThatItsOwnConnectionTries) {
  TestStatement statement(db_->get(), "SELECT tag, points FROM xtdb_tags('plant')");
  EXPECT_EQ(statement.NextRow(), (Row{"Tag[3]", "1"}));
  EXPECT_THAT(Exec("DROP TABLE plant"), FailsWith(SQLITE_BUSY, "locked"));
  EXPECT_EQ(statement.Rest(), (Rows{{"a", "2"}, {"b", "1"}}));
}

TEST_F(TableFunctionTest, EveryOutputColumnHasItsDeclaredType) {
  for (const char* name : {"tags", "last", "chunks", "blocks", "stats", "events", "last_query"}) {
    EXPECT_EQ(Line(std::string("SELECT count(*) FROM pragma_table_xinfo('xtdb_") + name +
                   "') WHERE type NOT IN ('TEXT', 'TIMESTAMP', 'BIGINT', 'NUMERIC', "
                   "'DOUBLE PRECISION', 'BLOB')"),
              "0")
        << name;
    EXPECT_NE(Line(std::string("SELECT count(*) FROM pragma_table_xinfo('xtdb_") + name + "')"),
              "0")
        << name;
  }
}

TEST_F(TableFunctionTest, FunctionsCannotBeCreatedOrWritten) {
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb_tags"), FailsWith(SQLITE_ERROR, "xtdb_tags"));
  EXPECT_THAT(Exec("DELETE FROM xtdb_tags"), FailsWith(SQLITE_ERROR, "may not be modified"));
}

TEST_F(TableFunctionTest, FunctionsWorkInViewsOfAnUntrustedSchema) {
  Run("CREATE VIEW newest AS SELECT * FROM xtdb_last('plant')");
  Run("PRAGMA trusted_schema = OFF");
  EXPECT_EQ(Line("SELECT tag, value FROM newest WHERE tag = 'a'"), "a 2");
}

}  // namespace
}  // namespace xtdb
