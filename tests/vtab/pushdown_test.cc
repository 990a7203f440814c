#include <optional>

#include "tests/vtab/sql_fixture.h"
#include "vtab/pushed_plan.h"

namespace xtdb {
namespace {

// Every condition is also asked of a plain table with the same rows, whose answer is SQLite's own.
class PushdownTest : public SqlTest {
 protected:
  PushdownTest() {
    Run("CREATE TABLE plain(tag TEXT, time TEXT, value NUMERIC, quality INTEGER, ts INTEGER, "
        "tag_id INTEGER)");
    Run("INSERT INTO plant(tag, ts, value, quality) VALUES "
        "('a.x', 1, 10, 192), ('a.x', 2, 20, 64), ('a.x', 3, NULL, 0), "
        "('a.y', 2, 1.5, 192), ('a.y', 4, -2.5, 192), ('A.X', 3, 7, 192), "
        "('b%', 1, 'on', 192), ('b%', 5, 'off', 192), ('T[3]', 6, 9007199254740993, 192)");
    Run("INSERT INTO plain SELECT tag, time, value, quality, ts, tag_id FROM plant");
  }
  void ExpectSame(const std::string& where) {
    const std::string select = "SELECT tag, ts, value, quality FROM ";
    const std::string tail = " WHERE " + where + " ORDER BY tag, ts";
    EXPECT_EQ(Line(select + "plant" + tail), Line(select + "plain" + tail)) << where;
  }
  std::string Pushed(const std::string& tail) {
    return db_->PushedTo("SELECT * FROM plant " + tail);
  }
};

TEST(PushedPlanTest, TextReadsBack) {
  PushedPlan plan;
  EXPECT_EQ(plan.ToText(), "all points");
  EXPECT_EQ(PushedPlan::Parse("all points"), plan);
  plan.terms = {{0, TermOp::kIn}, {4, TermOp::kIsNot}, {2, TermOp::kIsNotNull}, {-1, TermOp::kEq}};
  plan.order = RowOrder::kTagTs;
  plan.ts_descending = true;
  plan.limit = plan.offset = true;
  EXPECT_EQ(
      plan.ToText(),
      "tag in (?) and ts is not ? and value is not null and rowid = ?; order by tag, ts desc; "
      "limit ?; offset ?");
  EXPECT_EQ(PushedPlan::Parse(plan.ToText()), plan);
  plan = PushedPlan();
  plan.order = RowOrder::kTagTs;
  plan.one_per_tag = true;
  EXPECT_EQ(plan.ToText(), "all points; order by tag, ts; one row of each tag");
  EXPECT_EQ(PushedPlan::Parse(plan.ToText()), plan);
  EXPECT_EQ(PushedPlan::Parse("tag == ?"), std::nullopt);
  EXPECT_EQ(PushedPlan::Parse("colour = ?"), std::nullopt);
  EXPECT_EQ(PushedPlan::Parse("all points; order by value"), std::nullopt);
}

TEST_F(PushdownTest, PlansInWords) {
  EXPECT_EQ(Pushed(""), "all points");
  EXPECT_EQ(Pushed("WHERE tag = 'a'"), "tag = ?");
  EXPECT_EQ(Pushed("WHERE tag = 'a' AND time >= '2026-01-01' AND time < '2026-01-02'"),
            "tag = ? and time >= ? and time < ?");
  EXPECT_EQ(Pushed("WHERE tag IN ('a', 'b') ORDER BY tag, ts DESC LIMIT 3 OFFSET 1"),
            "tag in (?); order by tag, ts desc; limit ?; offset ?");
  EXPECT_EQ(Pushed("WHERE value IS NOT NULL AND quality >= 192"),
            "quality >= ? and value is not null");
  EXPECT_EQ(Pushed("WHERE rowid = 5"), "rowid = ?");
  EXPECT_EQ(Pushed("ORDER BY time DESC LIMIT 1"), "all points; order by ts desc; limit ?");
  EXPECT_EQ(Pushed("WHERE tag = 'a' ORDER BY ts"), "tag = ?; order by ts");
  EXPECT_EQ(Pushed("WHERE tag = 'a' AND ts = 1 ORDER BY ts"), "tag = ? and ts = ?");
  EXPECT_EQ(Pushed("ORDER BY tag DESC, time, value"), "all points; order by tag desc, ts");
  EXPECT_EQ(Pushed("ORDER BY ts, tag"), "all points; order by ts");
}

// What tools ask for the names of a filter.
TEST_F(PushdownTest, DistinctTagsAreOneRowOfEach) {
  const std::string one = "order by tag, ts; one row of each tag";
  const auto pushed = [&](const std::string& select) { return db_->PushedTo("SELECT " + select); };
  EXPECT_THAT(pushed("DISTINCT tag FROM plant"), testing::StartsWith("all points; " + one));
  EXPECT_EQ(pushed("DISTINCT tag FROM plant ORDER BY tag"), "all points; " + one);
  EXPECT_EQ(pushed("DISTINCT tag FROM plant WHERE tag LIKE 'a%' ORDER BY tag"),
            "tag like ? by prefix; " + one);
  for (const std::string more :
       {"DISTINCT tag, value FROM plant", "DISTINCT tag FROM plant WHERE value > 5",
        "DISTINCT tag FROM plant WHERE value + 0 > 5", "DISTINCT tag FROM plant WHERE ts > 3",
        "tag, count(*) FROM plant GROUP BY tag", "DISTINCT upper(tag) FROM plant"}) {
    EXPECT_THAT(pushed(more), testing::Not(testing::HasSubstr("one row"))) << more;
  }
}

TEST_F(PushdownTest, DistinctTagsAreThoseOfAPlainTable) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('gone', 1, 1), ('nothing', 1, NULL)");
  Run("INSERT INTO plain(tag, ts, value) VALUES ('nothing', 1, NULL)");
  Run("SELECT xtdb_define_tag('plant', 'never', 'bool'); DELETE FROM plant WHERE tag = 'gone'");
  const auto expect_same = [&] {
    for (const std::string select :
         {"DISTINCT tag FROM t ORDER BY tag", "DISTINCT tag FROM t ORDER BY tag DESC",
          "count(DISTINCT tag), 1 FROM t", "count(DISTINCT tag) FROM t WHERE tag > 'a'",
          "DISTINCT tag FROM t WHERE length(tag) < 4 ORDER BY 1 LIMIT 2 OFFSET 1",
          "DISTINCT tag FROM t WHERE value * 2 > 15 ORDER BY tag",
          "DISTINCT tag FROM t WHERE tag IN (SELECT tag FROM t WHERE ts > 4) ORDER BY tag",
          "DISTINCT a.tag FROM t a JOIN t b ON b.tag = a.tag AND b.ts > a.ts ORDER BY a.tag",
          "DISTINCT a.tag FROM t a JOIN t b ON b.tag = a.tag WHERE b.ts > 4 ORDER BY a.tag",
          "tag FROM t GROUP BY tag HAVING count(*) > 1 ORDER BY tag",
          "tag FROM t UNION SELECT tag || 2 FROM t ORDER BY 1"}) {
      const auto of = [&](std::string table) {
        std::string sql = "SELECT " + select;
        for (size_t at = 0; (at = sql.find(" t", at)) != std::string::npos; at += 2) {
          const bool is_table = at + 2 == sql.size() || !isalpha(sql[at + 2]);
          if (is_table) sql.replace(at + 1, 1, table);
        }
        return Line(sql);
      };
      EXPECT_EQ(of("plant"), of("plain")) << select;
      EXPECT_NE(of("plant"), "") << select;
    }
  };
  expect_same();
  Run("SELECT xtdb_flush('plant')");
  expect_same();
  Run("BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('new', 9, 9), ('a.x', 0, 0)");
  Run("INSERT INTO plain(tag, ts, value) VALUES ('new', 9, 9), ('a.x', 0, 0)");
  expect_same();
  Run("ROLLBACK");
}

TEST_F(PushdownTest, WhatIsNotTaken) {
  EXPECT_EQ(Pushed("WHERE tag = 'a' COLLATE NOCASE"), "all points");
  EXPECT_EQ(Pushed("WHERE tag LIKE 'a%'"), "tag like ? by prefix");
  EXPECT_EQ(Pushed("WHERE tag LIKE '%a'"), "tag like ?");
  EXPECT_EQ(Pushed("WHERE value IS NOT 5"), "all points");
  EXPECT_EQ(Pushed("ORDER BY value"), "all points[USE TEMP B-TREE FOR ORDER BY]");
  EXPECT_EQ(Pushed("ORDER BY ts, tag DESC"), "all points[USE TEMP B-TREE FOR ORDER BY]");
  EXPECT_EQ(Pushed("ORDER BY tag COLLATE NOCASE"), "all points[USE TEMP B-TREE FOR ORDER BY]");
  EXPECT_EQ(Pushed("WHERE time GLOB '1970-01*'"), "all points");
}

TEST_F(PushdownTest, ComparisonsOfNumbersAreThoseOfAPlainTable) {
  const std::string operands[] = {"2",
                                  "2.0",
                                  "1.5",
                                  "'2'",
                                  "'2.5'",
                                  "-1e300",
                                  "1e300",
                                  "NULL",
                                  "x'32'",
                                  "9007199254740993",
                                  "9007199254740992.0"};
  for (const std::string column : {"ts", "tag_id", "value", "quality"}) {
    for (const std::string op : {"=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"}) {
      for (const std::string& operand : operands) ExpectSame(column + " " + op + " " + operand);
    }
    ExpectSame(column + " IS NULL");
    ExpectSame(column + " IS NOT NULL");
    ExpectSame(column + " IN (1, 2.0, '3', NULL, 20)");
    ExpectSame(column + " BETWEEN 1.5 AND '4'");
  }
  ExpectSame("value > 'oo'");
  ExpectSame("value = 'on'");
  ExpectSame("value < 'p' AND tag = 'b%'");
  ExpectSame("value IN ('on', 10)");
  ExpectSame("value NOT IN ('on', 10)");
  ExpectSame("value IN (NULL)");
  ExpectSame("value IN (SELECT 10 UNION SELECT 7.0 UNION SELECT NULL UNION SELECT 'off')");
  ExpectSame("value IN (10, 20, 7) AND value IN (7, 10.0) AND quality IN (192, 64)");
  ExpectSame("value IN (10, 7) OR tag = 'a.y'");
  ExpectSame("value IN ('ON' COLLATE NOCASE, 10)");
}

// Else the plan would be run once for each element of the list.
TEST_F(PushdownTest, AListOfValuesIsOneScan) {
  EXPECT_EQ(Pushed("WHERE value IN (1, 2) AND quality IN (0, 192) ORDER BY tag, ts LIMIT 3"),
            "value in (?) and quality in (?); order by tag, ts; limit ?");
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE value IN (20, 1.5, 10, 7, 'off') AND "
                 "quality IN (192, 0) ORDER BY ts DESC, tag DESC LIMIT 3 OFFSET 1"),
            "A.X 3, a.y 2, a.x 1");
}

TEST_F(PushdownTest, ComparisonsOfTagsAreThoseOfAPlainTable) {
  const std::string operands[] = {"'a.x'", "'A.X'", "'a'", "''", "5", "NULL", "x'61'", "'b%'"};
  for (const std::string op :
       {"=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT", "LIKE", "GLOB", "NOT LIKE"}) {
    for (const std::string& operand : operands) ExpectSame("tag " + op + " " + operand);
  }
  for (const std::string condition :
       {"tag LIKE 'a%'", "tag LIKE '%X'", "tag LIKE 'b!%' ESCAPE '!'", "tag GLOB 'a*'",
        "tag GLOB '*[xX]'", "tag GLOB 'T[[]3]'", "tag = 'a.x' COLLATE NOCASE",
        "tag IN ('a.x', 'nope', NULL)", "tag IN ('a.x', 'b%') AND tag_id IN (1, 2)",
        "tag = 'a.x' OR tag = 'a.y'", "tag = 'a.x' OR ts = 1", "tag = 'a.x' AND tag = 'a.y'",
        "tag > 'a' AND tag < 'b'", "(tag, ts) = ('a.x', 2)", "(tag, ts) > ('a.x', 2)",
        "(tag, ts) IN (VALUES ('a.x', 2), ('b%', 5))", "lower(tag) = 'a.x'",
        "tag LIKE 'A%' AND ts > 1"}) {
    ExpectSame(condition);
  }
  Run("PRAGMA case_sensitive_like = ON");
  ExpectSame("tag LIKE 'a%'");
}

TEST_F(PushdownTest, ComparisonsOfTimesInAllTheirForms) {
  Run("DELETE FROM plant; INSERT INTO plant(tag, time, value) VALUES ('a', '2026-01-01', 1), "
      "('a', '2026-01-02', 2), ('a', '2026-01-03', 3)");
  const auto values = [&](const std::string& where) {
    return Line("SELECT value FROM plant WHERE " + where + " ORDER BY ts");
  };
  EXPECT_EQ(values("time >= '2026-01-02'"), "2, 3");
  EXPECT_EQ(values("time >= '2026-01-02T00:00:00Z'"), "2, 3");
  EXPECT_EQ(values("time = '2026-01-02T01:00:00+01:00'"), "2");
  EXPECT_EQ(values("time <> '2026-01-02T00:00:00Z'"), "1, 3");
  EXPECT_EQ(values("'2026-01-02' > time"), "1");
  EXPECT_EQ(values("time BETWEEN '2026-01-02' AND '2026-01-03'"), "2, 3");
  EXPECT_EQ(values("time IN ('2026-01-02T00:00:00Z', '2026-01-03')"), "2, 3");
  EXPECT_EQ(values("time > datetime('2026-01-01')"), "2, 3");
  EXPECT_EQ(values("time > NULL"), "");
  EXPECT_EQ(values("time IS NOT NULL"), "1, 2, 3");
  EXPECT_EQ(values("ts >= '2026-01-02'"), "2, 3");
  EXPECT_EQ(values("ts >= '1767312000000000'"), "2, 3");
  EXPECT_EQ(values("time < 'now' AND time > '2026-01-02'"), "3");
  EXPECT_EQ(values("time GLOB '2026-01-0[12]*'"), "1, 2");
  EXPECT_EQ(values("time LIKE '2026-01-03%'"), "3");
}

TEST_F(PushdownTest, OrderBothWays) {
  for (const std::string order :
       {"tag, ts", "tag DESC, ts DESC", "tag, ts DESC", "tag DESC, time", "ts, tag",
        "ts DESC, tag DESC", "ts, tag DESC", "tag, ts, value", "tag_id, ts", "value, tag, ts",
        "ts DESC, value, tag", "tag COLLATE NOCASE, tag, ts"}) {
    const std::string tail = " ORDER BY " + order;
    EXPECT_EQ(Line("SELECT tag, ts FROM plant" + tail), Line("SELECT tag, ts FROM plain" + tail))
        << order;
  }
}

TEST_F(PushdownTest, LimitCountsOnlyRowsThatRemain) {
  for (const std::string condition :
       {"tag = 'a.x'", "tag GLOB 'a*'", "tag LIKE 'a%'", "+ts > 1", "ts <> 2", "value IS NOT 20",
        "tag = 'a.x' COLLATE NOCASE", "tag IN ('a.x', 'a.y')", "ts IN (1, 2, 3)", "ts > 1.5",
        "length(tag) = 3", "tag = 'a.x' OR ts = 3", "value > 1 AND tag NOT LIKE 'b%'"}) {
    for (const std::string limit : {"LIMIT 2", "LIMIT 2 OFFSET 1", "LIMIT -1 OFFSET 1", "LIMIT 0",
                                    "LIMIT 100 OFFSET -5", "LIMIT 1 OFFSET 100"}) {
      const std::string tail = " WHERE " + condition + " ORDER BY tag, ts " + limit;
      EXPECT_EQ(Line("SELECT tag, ts FROM plant" + tail), Line("SELECT tag, ts FROM plain" + tail))
          << tail;
      const std::string by_value = " WHERE " + condition + " ORDER BY value, tag, ts " + limit;
      EXPECT_EQ(Line("SELECT tag, ts FROM plant" + by_value),
                Line("SELECT tag, ts FROM plain" + by_value))
          << by_value;
    }
  }
}

TEST_F(PushdownTest, AggregatesGroupsAndWindows) {
  for (const std::string sql :
       {"SELECT count(*), min(ts), max(ts), sum(ts) FROM %", "SELECT max(ts) FROM %",
        "SELECT min(time) FROM %", "SELECT tag, count(*), max(value) FROM % GROUP BY tag",
        "SELECT tag_id, count(*) FROM % GROUP BY tag_id",
        "SELECT tag, count(*) FROM % GROUP BY tag ORDER BY tag DESC",
        "SELECT tag_id, count(*) FROM % GROUP BY tag_id ORDER BY tag_id DESC",
        "SELECT DISTINCT tag FROM % ORDER BY tag DESC", "SELECT count(DISTINCT tag) FROM %",
        "SELECT ts, count(*) FROM % GROUP BY ts", "SELECT DISTINCT ts FROM % ORDER BY ts",
        "SELECT tag, ts, lag(ts) OVER (PARTITION BY tag ORDER BY ts) FROM % ORDER BY 1, 2",
        "SELECT a.tag, b.tag, a.ts FROM % a JOIN % b ON a.ts = b.ts AND a.tag < b.tag ORDER BY 1, "
        "2, 3",
        "SELECT a.tag, b.ts FROM % a LEFT JOIN % b ON b.tag = a.tag AND b.ts > a.ts AND b.value > "
        "1 "
        "ORDER BY 1, 2",
        "SELECT tag, ts FROM % a WHERE ts = (SELECT max(ts) FROM % b WHERE b.tag = a.tag) ORDER BY "
        "1",
        "SELECT tag, (SELECT ts FROM % b WHERE b.tag = a.tag ORDER BY ts DESC LIMIT 1) FROM % a "
        "GROUP BY tag "
        "ORDER BY tag"}) {
    const auto on = [&](const std::string& table) {
      std::string text;
      for (const char c : sql) text += c == '%' ? table : std::string(1, c);
      return Line(text);
    };
    EXPECT_EQ(on("plant"), on("plain")) << sql;
  }
}

TEST_F(PushdownTest, AJoinLooksTagsUp) {
  Run("CREATE TABLE sensors(tag TEXT, place TEXT); INSERT INTO sensors VALUES ('a.x', 'roof')");
  const std::string plan =
      db_->PushedTo("SELECT place, value FROM plant JOIN sensors ON sensors.tag = plant.tag");
  EXPECT_THAT(plan, testing::HasSubstr("[SCAN sensors]"));
  EXPECT_THAT(plan, testing::HasSubstr("tag = ?"));
}

TEST_F(PushdownTest, WriteOnlyColumnsAreNull) {
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE command IS NULL AND ts_blob IS NULL"), "9");
  EXPECT_EQ(Line("SELECT count(*) FROM plant WHERE command = 'x'"), "0");
}

TEST_F(PushdownTest, TextTagsCompareTextsOfDigits) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('t', 1, 'x'), ('t', 2, '12')");
  EXPECT_EQ(Line("SELECT ts FROM plant WHERE tag = 't' AND value = '12'"), "2");
}

TEST_F(PushdownTest, TextsOfOneTimeInAListFindItOnce) {
  Run("DELETE FROM plant; INSERT INTO plant(tag, ts, value) VALUES ('a', 0, 1), ('b', 0, 2), ('a', "
      "1, 3), ('a', 2, 4)");
  const std::string list = " IN ('1970-01-01', '1970-01-01T00:00Z', '1970-01-01 00:00:00.000002')";
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE time" + list + " ORDER BY tag, ts"),
            "a 0, a 2, b 0");
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE ts" + list + " ORDER BY ts DESC, tag DESC"),
            "a 2, b 0, a 0");
  EXPECT_EQ(Line("SELECT ts FROM plant WHERE ts" + list + " AND ts IN (0, 1) AND tag = 'a'"), "0");
  EXPECT_EQ(Line("SELECT ts FROM plant WHERE time" + list + " AND ts > 2"), "");
  EXPECT_EQ(Line("SELECT ts FROM plant WHERE ts" + list + " ORDER BY ts DESC LIMIT 1"), "2");
}

TEST_F(PushdownTest, SqliteItselfComparesTimesAsTimes) {
  Run("DELETE FROM plant; INSERT INTO plant(tag, ts, value) VALUES ('a', 0, 1), ('b', 1000000, 2)");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE time > '1970-01-01T00:00Z' AND (tag = 'b' OR value = "
                 "1)"),
            "b");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE time = '1970-01-01T00:00' OR value = 7"), "a");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE +time = '1970-01-01 01:00:01+01'"), "b");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE time = '1970-01-01' AND time < "
                 "'1970-01-01T00:00:00.5'"),
            "a");
  EXPECT_EQ(Line("SELECT tag FROM plant WHERE +time GLOB '1970*' AND +time > '1970-01'"), "a, b");
}

TEST_F(PushdownTest, ALikeInALeftJoinKeepsTheRowsWithoutPartner) {
  Run("DELETE FROM plant; INSERT INTO plant(tag, ts, value) VALUES ('f1', 0, 1)");
  Run("CREATE TABLE names(name TEXT); INSERT INTO names VALUES ('F1'), ('f1'), ('g')");
  EXPECT_EQ(Line("SELECT name, ts FROM names LEFT JOIN plant ON tag = name AND tag LIKE 'F1'"),
            "F1 NULL, f1 0, g NULL");
}

TEST_F(PushdownTest, PagingByARowValueLosesNothing) {
  Run("DELETE FROM plant; INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 1), ('a', "
      "3, 1), ('b', 1, 1)");
  EXPECT_EQ(Line("SELECT tag, ts FROM plant WHERE (tag, ts) > ('a', 2) ORDER BY tag, ts LIMIT 2"),
            "a 3, b 1");
}

// Names are looked up by what the pattern begins with; those of the own transaction stand apart.
TEST_F(PushdownTest, APatternFindsNamesThatBeginSoAndNoOthers) {
  Run("CREATE VIRTUAL TABLE names USING xtdb(path='names.xtdb')");
  Run("INSERT INTO names(tag, ts, value) VALUES ('pum', 1, 1), ('pump', 1, 1), ('pump.1', 1, 1), "
      "('pump.2', 1, 1), ('pumq', 1, 1), ('qump', 1, 1)");
  const std::string glob = "SELECT tag FROM names WHERE tag GLOB 'pump*' ORDER BY tag";
  EXPECT_EQ(Line(glob), "pump, pump.1, pump.2");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('names', 'pump.?')"), "pump.1, pump.2");
  Run("BEGIN");
  Run("INSERT INTO names(tag, ts, value) VALUES ('pump.15', 1, 1), ('pumr', 1, 1)");
  EXPECT_EQ(Line(glob), "pump, pump.1, pump.15, pump.2");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_tags('names', 'pump.*')"), "pump.1, pump.15, pump.2");
  EXPECT_EQ(Line("SELECT tag FROM names WHERE tag GLOB '[pq]ump' ORDER BY tag"), "pump, qump");
  EXPECT_EQ(Line("SELECT tag FROM names WHERE tag GLOB 'p*' AND tag GLOB 'pump.1*' ORDER BY tag"),
            "pump.1, pump.15");
  Run("ROLLBACK");
  EXPECT_EQ(Line(glob), "pump, pump.1, pump.2");
}

}  // namespace
}  // namespace xtdb
