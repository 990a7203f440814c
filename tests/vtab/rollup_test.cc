// Tables of buckets: CREATE VIRTUAL TABLE ... USING xtdb_rollup.

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class RollupTest : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    Run("INSERT INTO plant(tag, time, value) VALUES ('a', '2026-01-01 00:10', 1), "
        "('a', '2026-01-01 00:50', 3), ('a', '2026-01-01 02:00', 5), ('b', '2026-01-01 01:00', 7)");
    Run("CREATE VIRTUAL TABLE hourly USING xtdb_rollup(plant, '1 hour')");
  }
};

TEST_F(RollupTest, IsATableOfBuckets) {
  EXPECT_EQ(Line("SELECT tag, substr(time, 12, 5), count, min, max, sum, avg FROM hourly"),
            "a 00:00 2 1 3 4 2.0, a 02:00 1 5 5 5 5.0, b 01:00 1 7 7 7 7.0");
  EXPECT_EQ(Line("SELECT tag, sum(count) FROM hourly GROUP BY tag"), "a 3, b 1");
  Run("INSERT INTO plant(tag, time, value) VALUES ('b', '2026-01-01 01:30', 9)");
  EXPECT_EQ(Line("SELECT avg FROM hourly WHERE tag = 'b'"), "8.0");
}

// A filter leaves out rows and changes none, also where weights look over the edge of a bucket.
TEST_F(RollupTest, FiltersAreNotComputedAndDoNotChangeWhatIs) {
  const Rows all = db_->Query("SELECT ts, count, twa, integral FROM hourly WHERE tag = 'a'");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(db_->Query("SELECT ts, count, twa, integral FROM hourly WHERE tag = 'a' "
                       "AND time > '2026-01-01 00:00'")[0],
            all[1]);
  EXPECT_EQ(db_->Query("SELECT ts, count, twa, integral FROM hourly WHERE tag = 'a' "
                       "AND time <= '2026-01-01T01:59Z'")[0],
            all[0]);
  EXPECT_EQ(Line("SELECT count(*) FROM hourly WHERE time = '2026-01-01 02:00'"), "1");
  EXPECT_EQ(Line("SELECT count(*) FROM hourly WHERE time > '2027-01-01'"), "0");
  EXPECT_EQ(Line("SELECT blocks_considered FROM (SELECT value AS blocks_considered FROM "
                 "xtdb_last_query('plant') WHERE name = 'memory_runs')"),
            "0");
}

TEST_F(RollupTest, OptionsAreThoseOfAggregate) {
  Run("CREATE VIRTUAL TABLE filled USING xtdb_rollup(plant, '1 hour', tags='a', fill=locf)");
  EXPECT_EQ(Line("SELECT tag, count, last FROM filled"), "a 2 3, a 0 3, a 1 5");
  Run("CREATE TEMP VIEW v AS SELECT * FROM filled");
  EXPECT_EQ(Line("SELECT count(*) FROM v"), "3");
}

TEST_F(RollupTest, SurvivesReopeningRenamingAndItsTable) {
  Reopen();
  EXPECT_EQ(Line("SELECT count(*) FROM hourly"), "3");
  Run("ALTER TABLE hourly RENAME TO hours");
  EXPECT_EQ(Line("SELECT count(*) FROM hours"), "3");
  Run("DROP TABLE plant");
  EXPECT_THAT(Exec("SELECT * FROM hours"), FailsWith(SQLITE_ERROR, "plant"));
  Run("DROP TABLE hours");
}

TEST_F(RollupTest, FindsTheTableBesideItWhereItsDatabaseIsAttached) {
  const std::string path = DatabasePath();
  TestDatabase other(":memory:");
  other.Run("ATTACH '" + path + "' AS site");
  EXPECT_EQ(other.Line("SELECT count(*) FROM site.hourly"), "3");
}

TEST_F(RollupTest, IsReadOnlyAndSaysWhatItTakes) {
  EXPECT_THAT(Exec("INSERT INTO hourly(tag) VALUES ('x')"),
              FailsWith(SQLITE_ERROR, "may not be modified"));
  const std::pair<std::string, std::string> wrong[] = {
      {"plant", "of which table, and how wide?"},
      {"plant, 3600", "write its unit, too: '3600 s'"},
      {"plant, '1 hour', colour=red",
       "unknown option \"colour\"; the options are tbl, width, tags"},
      {"plant, '0 s'", "must be greater than 0"},
      {"plant, '1 hour', fill=spline", "write none, null, locf or linear"},
      {"plant, '1 hour', accept=maybe", "write good, notbad or all"},
      {"plant, '1 hour', mode=cubic", "write step or linear"},
      {"plant, '1 hour', max_gap='1 mon'", "no fixed length"},
      {"plants, '1 hour'", "xtdb_rollup: no xtdb table \"main.plants\"; there are: plant"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE x USING xtdb_rollup(" + arguments + ")"),
                FailsWith(SQLITE_ERROR, message));
  }
}

}  // namespace
}  // namespace xtdb
