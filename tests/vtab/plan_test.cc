// What plans read, and how SQLite orders joins by their costs: pinned, so that a change is noticed.

#include <cstring>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr const char* kNumbers =
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ";

// 100 tags of 9,500 points each, a second apart, in five blocks of each.
class PlanTest : public SqlTest {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    db_ = new TestDatabase(*folder_ / "test.db");
    db_->Run("CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M', block_size='16K')");
    for (int part = 0; part < 5; ++part) {
      db_->Run(std::string("INSERT INTO plant(tag, ts, value) ") + kNumbers +
               "189999) SELECT 't' || (i % 100), 1000000 * (i / 100 + " +
               std::to_string(1900 * part) + "), abs(random()) / 1e6 FROM n");
      db_->Run("SELECT xtdb_flush('plant')");
    }
    db_->Run("SELECT xtdb_seal('plant')");
  }
  static void TearDownTestSuite() {
    delete db_;
    delete folder_;
  }
  // A counter of the last query.
  static int64_t Counter(const std::string& name) {
    return std::stoll(
        db_->Line("SELECT value FROM xtdb_last_query('plant') WHERE name = '" + name + "'"));
  }
  static std::string Plan(const std::string& sql) { return db_->PushedTo(sql); }

  static TemporaryDirectory* folder_;
  static TestDatabase* db_;
};
TemporaryDirectory* PlanTest::folder_ = nullptr;
TestDatabase* PlanTest::db_ = nullptr;

TEST_F(PlanTest, APointReadsOneVectorOfOneBlock) {
  ASSERT_EQ(db_->Line("SELECT count(*) FROM plant"), "950000");
  ASSERT_EQ(db_->Line("SELECT count(*) FROM xtdb_blocks('plant')"), "500");
  EXPECT_EQ(db_->Line("SELECT count(value) FROM plant WHERE tag = 't42' AND ts = 4500000000"), "1");
  EXPECT_EQ(Counter("blocks_read"), 1);
  EXPECT_EQ(Counter("vectors_decoded"), 1);
  EXPECT_EQ(Counter("blocks_considered"), 5);
  EXPECT_EQ(Counter("blocks_pruned"), 4);
}

TEST_F(PlanTest, ARangeReadsItsBlocksOnly) {
  EXPECT_EQ(db_->Line("SELECT count(value) FROM plant WHERE tag = 't42' AND ts >= 2500000000 "
                      "AND ts < 6500000000"),
            "4000");
  EXPECT_EQ(Counter("blocks_read"), 3);  // of 500
  EXPECT_EQ(Counter("rows"), 4000);
}

TEST_F(PlanTest, TheNewestPointReadsOneVector) {
  db_->Run("SELECT value FROM plant WHERE tag = 't42' ORDER BY ts DESC LIMIT 1");
  EXPECT_EQ(Counter("blocks_read"), 1);
  EXPECT_EQ(Counter("vectors_decoded"), 1);
  db_->Run("SELECT max(time) FROM plant WHERE tag = 't42'");
  EXPECT_EQ(Counter("vectors_decoded"), 1);
}

TEST_F(PlanTest, AnUnknownTagReadsNothing) {
  EXPECT_EQ(db_->Line("SELECT count(*) FROM plant WHERE tag = 'T42'"), "0");
  EXPECT_EQ(Counter("blocks_considered"), 0);
}

TEST_F(PlanTest, ValuesNoBlockHasAreFoundWithoutReading) {
  EXPECT_EQ(db_->Line("SELECT count(*) FROM plant WHERE tag = 't42' AND value < 0"), "0");
  EXPECT_EQ(Counter("blocks_read"), 0);
  EXPECT_EQ(db_->Line("SELECT count(*) FROM plant WHERE tag = 't42' AND quality < 192"), "0");
  EXPECT_EQ(Counter("blocks_read"), 0);
}

TEST_F(PlanTest, AggregatesOfWholeBlocksReadNone) {
  EXPECT_EQ(db_->Line("SELECT count FROM xtdb_aggregate('plant', 't42')"), "9500");
  EXPECT_EQ(Counter("blocks_read"), 0);
  EXPECT_EQ(db_->Line("SELECT sum(count) FROM xtdb_aggregate('plant', 't42', 2500000000, "
                      "6500000000, '1 hour')"),
            "4000");
  EXPECT_LE(Counter("blocks_read"), 4);  // at the edges of range and hours
  EXPECT_GT(Counter("blocks_from_statistics"), 0);
}

TEST_F(PlanTest, AJoinLooksTheTagsOfATableUp) {
  db_->Run("CREATE TABLE sensors(tag TEXT, site TEXT)");
  EXPECT_EQ(Plan("SELECT site, avg(value) FROM plant JOIN sensors USING (tag) GROUP BY site"),
            "[SCAN sensors]tag = ?[USE TEMP B-TREE FOR GROUP BY]");
  EXPECT_EQ(Plan("SELECT * FROM plant p JOIN sensors s ON s.tag = p.tag WHERE site = 'x'"),
            "[SCAN s]tag = ?");
}

TEST_F(PlanTest, OfTwoTablesTheOneWithFewerRowsIsOutside) {
  db_->Run("CREATE VIRTUAL TABLE small USING xtdb(path='small.xtdb')");
  db_->Run("INSERT INTO small(tag, ts, value) VALUES ('a', 1, 1), ('b', 2, 2)");
  db_->Run("SELECT count(*) FROM small");
  const std::string on = " WHERE p.ts = s.ts AND p.tag = 't1' AND s.tag = 'a'";
  for (const char* from : {"plant p, small s", "small s, plant p"}) {
    const std::string sql = "SELECT p.value, s.value FROM " + std::string(from) + on;
    EXPECT_THAT(Plan(sql), testing::StartsWith("tag = ?")) << from;
    const Rows rows = db_->Query("EXPLAIN QUERY PLAN " + sql);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_THAT(rows[0][3], HasSubstr("SCAN s ")) << from;
  }
  // A range that is written out narrows its table.
  const Rows rows = db_->Query(
      "EXPLAIN QUERY PLAN SELECT * FROM plant a, plant b WHERE a.tag = 't1' AND b.tag = 't2' AND "
      "a.ts = b.ts AND b.ts > 9400000000");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0][3], HasSubstr("SCAN b "));
  db_->Run("DROP TABLE small");
}

TEST_F(PlanTest, OrderByTagAloneIsThePlans) {
  EXPECT_EQ(Plan("SELECT * FROM plant ORDER BY tag"), "all points; order by tag, ts");
  EXPECT_EQ(Plan("SELECT * FROM plant ORDER BY tag DESC"), "all points; order by tag desc, ts");
  EXPECT_EQ(Plan("SELECT tag, count(*) FROM plant GROUP BY tag"), "all points; order by tag, ts");
  EXPECT_EQ(Plan("SELECT * FROM plant ORDER BY tag, ts DESC LIMIT 3 OFFSET 2"),
            "all points; order by tag, ts desc; limit ?; offset ?");
  EXPECT_THAT(Plan("SELECT * FROM plant ORDER BY value"), HasSubstr("USE TEMP B-TREE"));
}

// The traps: SQLite offers a LIMIT though something is left to it that drops rows.
TEST_F(PlanTest, ALimitIsTakenOnlyWhereNothingIsLeft) {
  const auto is_limited = [](const std::string& tail) {
    return Plan("SELECT ts FROM plant " + tail).find("limit ?") != std::string::npos;
  };
  EXPECT_TRUE(is_limited("WHERE tag = 't1' AND value > 3 ORDER BY ts LIMIT 5"));
  EXPECT_TRUE(is_limited("WHERE tag IN ('t1', 't2') LIMIT 5 OFFSET 1"));
  EXPECT_FALSE(is_limited("WHERE tag = 't1' ORDER BY value LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE tag = 't1' AND value IS NOT 3 LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE tag = 't1' AND (ts > 5 OR value > 3) LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE tag COLLATE NOCASE = 'T1' LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE (tag, ts) > (?, ?) LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE ts <> 4 LIMIT 5"));
  EXPECT_FALSE(is_limited("WHERE ts IN (1, 2) LIMIT 5"));
}

// Names that begin otherwise are not compared; a LIKE of the application's own is asked of all.
TEST_F(PlanTest, APatternIsTakenByItsPrefixWhereItIsSqlitesOwn) {
  EXPECT_EQ(db_->Line("SELECT count(DISTINCT tag) FROM plant WHERE tag LIKE 'T4%' AND ts = 0"),
            "11");
  EXPECT_EQ(db_->Line("SELECT count(DISTINCT tag) FROM plant WHERE tag LIKE '_4%' AND ts = 0"),
            "11");
  EXPECT_EQ(db_->Line("SELECT count(DISTINCT tag) FROM plant WHERE tag LIKE 't4' || char(0) || '%' "
                      "AND ts = 0"),
            "1");
  const auto ends_so = [](sqlite3_context* context, int, sqlite3_value** values) {
    const auto* pattern = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    const auto* name = reinterpret_cast<const char*>(sqlite3_value_text(values[1]));
    sqlite3_result_int(context, name[std::strlen(name) - 1] == pattern[0] ? 1 : 0);
  };
  TestDatabase other(*folder_ / "test.db");
  sqlite3_create_function(other.get(), "like", 2, SQLITE_UTF8, nullptr, ends_so, nullptr, nullptr);
  EXPECT_EQ(other.Line("SELECT count(DISTINCT tag) FROM plant WHERE tag LIKE '4%' AND ts = 0"),
            "10");
  EXPECT_EQ(other.PushedTo("SELECT * FROM plant WHERE tag LIKE '4%'"), "tag like ?");
}

}  // namespace
}  // namespace xtdb
