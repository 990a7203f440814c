// Tables with a column per tag: CREATE VIRTUAL TABLE ... USING xtdb_wide. What stands in a row is
// tested in tests/planner/wide_random_test.cc.

#include "tests/vtab/sql_fixture.h"
#include "vtab/wide/wide_plan.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class WideTest : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    Run("INSERT INTO plant(tag, ts, value) VALUES ('temp', 0, 70.5), ('temp', 19, 71.5), "
        "('temp', 40, 72.5), ('press', 5, 2), ('press', 40, 3), ('state', 10, 'on')");
  }
  void Create(const std::string& arguments) {
    Run("DROP TABLE IF EXISTS wide");
    Run("CREATE VIRTUAL TABLE wide USING xtdb_wide(" + arguments + ")");
  }
};

TEST_F(WideTest, HasARowForEachTimeOfAnyTag) {
  Create("plant, temp, 'press' AS p, \"state\" AS [the state]");
  EXPECT_EQ(Line("SELECT ts, temp, p, \"the state\" FROM wide"),
            "0 70.5 NULL NULL, 5 NULL 2 NULL, 10 NULL NULL on, 19 71.5 NULL NULL, 40 72.5 3 NULL");
  EXPECT_EQ(Line("SELECT count(*) FROM wide"), "5");
  // What is not read makes rows all the same.
  EXPECT_EQ(Line("SELECT p FROM wide WHERE p IS NULL"), "NULL, NULL, NULL");
  EXPECT_EQ(Line("SELECT * FROM wide WHERE ts = 40"), "1970-01-01 00:00:00.000040 72.5 3 NULL");
}

TEST_F(WideTest, HasARowForEachTimeOfAGrid) {
  Create("plant, temp, press, state, every='10 us'");
  EXPECT_EQ(Line("SELECT ts, temp, press, state FROM wide"),
            "0 70.5 NULL NULL, 10 70.5 2 on, 20 71.5 2 on, 30 71.5 2 on, 40 72.5 3 on");
  Create("plant, temp, press, every='10 us', fill=linear, max_gap='30 us', origin='epoch'");
  EXPECT_EQ(Line("SELECT ts, round(temp, 3), press FROM wide"),
            "0 70.5 NULL, 10 71.026 NULL, 20 71.548 NULL, 30 72.024 NULL, 40 72.5 3");
  Create("plant, temp, every='10 us', fill=none");
  EXPECT_EQ(Line("SELECT ts, temp FROM wide"), "0 70.5, 10 NULL, 20 NULL, 30 NULL, 40 72.5");
  Create("plant, temp, every='10 us', fill=nearest");
  EXPECT_EQ(Line("SELECT temp FROM wide"), "70.5, 71.5, 71.5, 72.5, 72.5");
}

TEST_F(WideTest, BadPointsAreLeftOutUnlessAccepted) {
  Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('temp', 50, 99, 0)");
  Create("plant, temp");
  EXPECT_EQ(Line("SELECT count(*), max(temp) FROM wide"), "3 72.5");
  Create("plant, temp, accept=all");
  EXPECT_EQ(Line("SELECT count(*), max(temp) FROM wide"), "4 99.0");
}

TEST_F(WideTest, TimesAndOrderAreThePlans) {
  Create("plant, temp, press, every='10 us'");
  const std::string ordered =
      "SELECT ts, temp FROM wide WHERE time >= '1970-01-01 00:00:00.000010' "
      "AND ts < 40 ORDER BY time DESC";
  EXPECT_EQ(Line(ordered), "30 71.5, 20 71.5, 10 70.5");
  EXPECT_THAT(Line("EXPLAIN QUERY PLAN " + ordered),
              HasSubstr("time >= ? and ts < ?; by time desc; columns 1"));
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts IN (10, 30, 11) ORDER BY ts LIMIT 5"), "10, 30");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts <> 20 AND ts > 0"), "10, 30, 40");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE time LIKE '%000010' OR ts = 40"), "10, 40");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts > NULL"), "");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts > 40 OR ts < 0"), "");
  EXPECT_EQ(Line("SELECT a.ts, b.temp FROM (SELECT 20 AS ts) a JOIN wide b ON b.ts = a.ts"),
            "20 71.5");
  EXPECT_EQ(Line("SELECT rowid FROM wide ORDER BY rowid DESC LIMIT 1"), "40");
}

// A grid of 10^11 rows, of which only those are made that are asked for.
TEST_F(WideTest, OfAFineGridItGoesFromTimeToTime) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('temp', 1000000000000, 80)");
  Create("plant, temp, every='10 us'");
  EXPECT_EQ(Line("SELECT ts, temp FROM wide WHERE ts IN (1000000000000, 40, 500000000000, 15)"),
            "40 72.5, 500000000000 72.5, 1000000000000 80.0");
  EXPECT_EQ(Line("SELECT ts, temp FROM wide WHERE ts IN (1000000000000, 40, 500000000000, 15) "
                 "ORDER BY time DESC"),
            "1000000000000 80.0, 500000000000 72.5, 40 72.5");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE rowid IN (20, 600000000000) AND ts > 20"),
            "600000000000");
  EXPECT_EQ(Line("SELECT temp FROM wide WHERE rowid = 700000000000"), "72.5");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts IN ('1970-01-12 13:46:40', NULL, 10.5, 30.0)"),
            "30, 1000000000000");
  Create("plant, temp");
  EXPECT_EQ(Line("SELECT ts FROM wide WHERE ts IN (40, 1000000000000, 7)"), "40, 1000000000000");
}

// Whichever table SQLite puts outside, and where it compares itself.
TEST_F(WideTest, TimesAreComparedAsTimes) {
  Create("plant, temp, every='1 s', fill=nearest");
  Run("CREATE TABLE n(t TEXT); INSERT INTO n VALUES ('1970-01-01'), ('1970-01-01T00:00Z'), ('x')");
  for (const char* from : {"n CROSS JOIN wide w", "wide w CROSS JOIN n"}) {
    EXPECT_EQ(Line("SELECT count(*) FROM " + std::string(from) + " ON w.time = n.t WHERE t <> 'x'"),
              "2");
  }
  EXPECT_EQ(Line("SELECT count(*) FROM wide WHERE time = '1970-01-01T00:00Z' OR temp = 7"), "1");
  EXPECT_EQ(Line("SELECT count(*) FROM wide WHERE time IS '1970-01-01'"), "1");
  EXPECT_EQ(Line("SELECT CASE WHEN time = '1970-01-01' THEN 1 END FROM wide"), "1");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_at('plant', 'temp', 0) WHERE time IS '1970-01-01'"),
            "1");
}

TEST_F(WideTest, OnlyTheTagsThatAreReadAre) {
  Create("plant, temp, press, every='10 us'");
  Run("SELECT time FROM wide");
  const std::string only_times =
      Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'memory_runs'");
  Run("SELECT temp FROM wide");
  const std::string with_one =
      Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'memory_runs'");
  Run("SELECT temp, press FROM wide");
  const std::string with_both =
      Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'memory_runs'");
  EXPECT_LT(std::stoi(only_times), std::stoi(with_one));
  EXPECT_LT(std::stoi(with_one), std::stoi(with_both));
  Run("SELECT temp FROM wide LIMIT 2");
  EXPECT_EQ(Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'rows'"), "2");
}

TEST_F(WideTest, ManyColumnsAndTagsThatDoNotExist) {
  std::string columns = "plant";
  for (int i = 0; i < 100; ++i) columns += ", none" + std::to_string(i);
  Create(columns + ", press, every='10 us'");
  EXPECT_EQ(Line("SELECT ts, press, none3 FROM wide WHERE ts < 30"), "10 2 NULL, 20 2 NULL");
  EXPECT_THAT(Line("EXPLAIN QUERY PLAN SELECT none3, press FROM wide"),
              HasSubstr("columns 4, 63-101"));
  Create("plant, none");
  EXPECT_EQ(Line("SELECT count(*) FROM wide"), "0");
  Create("plant, none, every='1 h'");
  EXPECT_EQ(Line("SELECT count(*) FROM wide"), "0");
}

TEST_F(WideTest, SeesTheTransactionsOwnPointsAndOnlyThem) {
  Create("plant, temp, press");
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('temp', 100, 1.5), ('new', 100, 1)");
  EXPECT_EQ(Line("SELECT ts, temp FROM wide WHERE ts >= 40"), "40 72.5, 100 1.5");
  Run("ROLLBACK");
  EXPECT_EQ(Line("SELECT ts, temp FROM wide WHERE ts >= 40"), "40 72.5");
}

TEST_F(WideTest, ARowOfARunningStatementStaysWhenItsTransactionEnds) {
  Create("plant, temp, every='10 us'");
  Run("BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('temp', 100, 1.5)");
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db_->get(), "SELECT ts, temp FROM wide", -1, &statement, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW);
  Run("ROLLBACK");
  int rows = 1;
  while (sqlite3_step(statement) == SQLITE_ROW) ++rows;
  sqlite3_finalize(statement);
  EXPECT_EQ(rows, 11);
}

TEST_F(WideTest, SurvivesReopeningRenamingAndItsTable) {
  Create("plant, temp, press, every='10 us'");
  Reopen();
  EXPECT_EQ(Line("SELECT count(*) FROM wide"), "5");
  Run("ALTER TABLE wide RENAME TO w");
  EXPECT_EQ(Line("SELECT count(*) FROM w"), "5");
  TestDatabase other(":memory:");
  other.Run("ATTACH '" + DatabasePath() + "' AS site");
  EXPECT_EQ(other.Line("SELECT count(*) FROM site.w"), "5");
  Run("DROP TABLE plant");
  EXPECT_THAT(Exec("SELECT * FROM w"), FailsWith(SQLITE_ERROR, "no xtdb table \"main.plant\""));
  Run("DROP TABLE w");
}

TEST_F(WideTest, SaysWhatItTakes) {
  Create("plant, temp");
  EXPECT_THAT(Exec("INSERT INTO wide(temp) VALUES (1)"),
              FailsWith(SQLITE_ERROR, "may not be modified"));
  EXPECT_THAT(Exec("SELECT * FROM wide WHERE time = 5"),
              FailsWith(SQLITE_ERROR, "time does not take a number"));
  const std::pair<std::string, std::string> wrong[] = {
      {"", "a table is expected; write USING xtdb_wide(plant, 'boiler.temp' AS temp"},
      {"plant x, a", "a table is expected"},
      {"plant", "no tag is named"},
      {"plant, every='1 s'", "no tag is named"},
      {"plant, ''", "a tag's name is expected"},
      {"plant, 'a' b", "there can only be AS and a column's name"},
      {"plant, 'a' AS", "there can only be AS and a column's name"},
      {"plant, 'a' AS b c", "there can only be AS and a column's name"},
      {"plant, 'a' AS time", "duplicate column name: time"},
      {"plant, a, a", "duplicate column name: a"},
      {"plant, a, every=3", "every is \"3\"; write its unit, too: '3 s'"},
      {"plant, a, every='1 mon 1 day'", "every: month intervals cannot have day or time"},
      {"plant, a, every='0 s'", "every: period must be greater than 0"},
      {"plant, a, every='1 s', fill=spline", "write locf, linear, nearest or none"},
      {"plant, a, every='1 s', every='2 s'", "every is given twice"},
      {"plant, a, accept=some", "write good, notbad or all"},
      {"plant, a, max_gap='1 mon'", "no fixed length"},
      {"plant, a, timezone='UTC'", "give every as well"},
      {"plant, a, every='1 s', origin=now", "origin is \"now\", and moves"},
      {"plant, a, every='1 day', timezone='x'", "time zone \"x\" not recognized"},
      {"plants, a", "xtdb_wide: no xtdb table \"main.plants\"; there are: plant"},
      {"plant, a, colour=red", "unknown option \"colour\"; the options are every, fill"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE x USING xtdb_wide(" + arguments + ")"),
                FailsWith(SQLITE_ERROR, message))
        << arguments;
  }
}

TEST(WidePlanTest, ReadsWhatItWrites) {
  WidePlan plan;
  plan.times = {{.column = 0, .op = CompareOp::kGe},
                {.column = 81, .is_ts = true, .is_list = true}};
  plan.descending = true;
  plan.is_read.resize(80);
  for (const size_t i : {0, 1, 2, 6, 79}) plan.is_read[i] = true;
  const std::string text = plan.ToText();
  EXPECT_EQ(text, "time >= ? and ts in ?; by time desc; columns 1-3, 7, 80");
  const std::optional<WidePlan> parsed = WidePlan::Parse(text, 80);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->ToText(), text);
  EXPECT_EQ(parsed->is_read, plan.is_read);
  ASSERT_EQ(parsed->times.size(), 2u);
  EXPECT_EQ(parsed->times[1].column, 81u);
  EXPECT_EQ(WidePlan::Parse("all rows; by time; no columns", 3)->is_read,
            std::vector<bool>(3, false));
  for (const char* wrong :
       {"", "all rows", "all rows; by tag; no columns", "x > ?; by time; no columns",
        "all rows; by time; columns 4", "all rows; by time; columns 0",
        "all rows; by time; columns 3-2", "all rows; by time; columns x"}) {
    EXPECT_FALSE(WidePlan::Parse(wrong, 3).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace xtdb
