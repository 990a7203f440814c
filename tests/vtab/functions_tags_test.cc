#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TagFunctionsTest : public SqlTest {
 protected:
  // `count` points of `tag`, a second apart from `from_s` on.
  void Fill(const std::string& tag, int from_s, int count) {
    Run("WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n LIMIT " +
        std::to_string(count) + ") INSERT INTO plant(tag, ts, value) SELECT '" + tag + "', (" +
        std::to_string(from_s) + " + i) * 1000000, i + 0.5 FROM n");
  }
};

TEST_F(TagFunctionsTest, AnEmptyContainerHasNoTags) {
  EXPECT_EQ(Line("SELECT * FROM xtdb_tags('plant')"), "");
  EXPECT_EQ(Line("SELECT * FROM xtdb_last('plant')"), "");
}

TEST_F(TagFunctionsTest, ATagIsDescribed) {
  Run("SELECT xtdb_define_tag('plant', 'boiler', 'float64', 'degC', 'upper end')");
  Run("INSERT INTO plant VALUES ('boiler', '2026-01-02 03:04:05.5', 71.25, 192), "
      "('boiler', '2026-01-02 03:04:06.000001', NULL, 0)");
  EXPECT_EQ(db_->Query("SELECT * FROM xtdb_tags('plant')"),
            (Rows{{"boiler", "1", "float64", "degC", "upper end", "2", "2026-01-02 03:04:05.500",
                   "2026-01-02 03:04:06.000001", "1767323045500000", "1767323046000001", "NULL",
                   "0", "0", "NULL", "NULL"}}));
}

TEST_F(TagFunctionsTest, ATagWithoutPointsHasNoTimes) {
  Run("SELECT xtdb_define_tag('plant', 'later', NULL)");
  EXPECT_EQ(db_->Query("SELECT * FROM xtdb_tags('plant')"),
            (Rows{{"later", "1", "NULL", "NULL", "NULL", "0", "NULL", "NULL", "NULL", "NULL",
                   "NULL", "NULL", "0", "NULL", "NULL"}}));
  EXPECT_EQ(Line("SELECT * FROM xtdb_last('plant')"), "");
}

TEST_F(TagFunctionsTest, FiguresAreThoseOfThePointsBeforeAndAfterAFlush) {
  const std::string query =
      "SELECT tag, points, first_ts, last_ts, last_value FROM xtdb_tags('plant')";
  const std::string truth =
      "SELECT tag, count(*), min(ts), max(ts), (SELECT value FROM plant q WHERE q.tag = p.tag "
      "ORDER BY ts DESC LIMIT 1) FROM plant p GROUP BY tag";
  Fill("a", 0, 3000);
  Fill("b", 500, 1);
  EXPECT_EQ(Line(query), Line(truth));
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line(query), "a 3000 0 2999000000 2999.5, b 1 500000000 500000000 0.5");
  Fill("a", 2500, 1000);
  Run("DELETE FROM plant WHERE tag = 'b'");
  Run("DELETE FROM plant WHERE tag = 'a' AND ts < 10000000");
  EXPECT_EQ(Line(query), "a 3490 10000000 3499000000 999.5, b 0 NULL NULL NULL");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line(query), "a 3490 10000000 3499000000 999.5, b 0 NULL NULL NULL");
}

TEST_F(TagFunctionsTest, BytesAreThoseOfTheBlocks) {
  Fill("a", 0, 1);
  EXPECT_EQ(Line("SELECT bytes, bytes_per_point FROM xtdb_tags('plant')"), "0 NULL");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT bytes, bytes_per_point FROM xtdb_tags('plant')"), "16384 16384.0");
  EXPECT_EQ(Line("SELECT sum(bytes) FROM xtdb_blocks('plant')"), "16384");
}

TEST_F(TagFunctionsTest, AListOfNamesReadsNoStatistics) {
  Fill("a", 0, 10);
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_tags('plant')"), "1");
  EXPECT_EQ(Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'blocks_considered'"),
            "0");
  EXPECT_EQ(Line("SELECT points FROM xtdb_tags('plant')"), "10");
  EXPECT_EQ(
      Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'blocks_from_statistics'"),
      "1");
}

TEST_F(TagFunctionsTest, LastIsTheNewestPointOfEachTag) {
  Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('n', 1, 7, 192), ('t', 5, 'off', 192), "
      "('t', 9, 'on', 64), ('n', 2, NULL, 0)");
  EXPECT_EQ(Line("SELECT * FROM xtdb_last('plant')"),
            "n 1970-01-01 00:00:00.000002 NULL 0 2, t 1970-01-01 00:00:00.000009 on 64 9");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT tag, value, ts FROM xtdb_last('plant', 't')"), "t on 9");
  Run("DELETE FROM plant WHERE ts = 9");
  EXPECT_EQ(Line("SELECT tag, value, ts FROM xtdb_last('plant', 't')"), "t off 5");
}

TEST_F(TagFunctionsTest, ValuesHaveTheTypeOfTheirTag) {
  Run("SELECT xtdb_define_tag('plant', 'f', 'float32'), xtdb_define_tag('plant', 'b', 'bool')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('f', 1, 0.25), ('b', 1, 1), ('w', 1, 3), "
      "('inf', 1, 9e999)");
  Run("SELECT xtdb_flush('plant')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('w', 0, 0.5)");
  EXPECT_EQ(Line("SELECT tag, value, typeof(value) FROM xtdb_last('plant')"),
            "b 1 integer, f 0.25 real, inf Inf real, w 3.0 real");
  EXPECT_EQ(Line("SELECT tag, last_value, typeof(last_value) FROM xtdb_tags('plant')"),
            "b 1 integer, f 0.25 real, inf Inf real, w 3.0 real");
}

TEST_F(TagFunctionsTest, NanIsNull) {
  Run("SELECT xtdb_append('plant', 'a', CAST(x'0100000000000000' AS BLOB), x'000000000000f87f')");
  EXPECT_EQ(Line("SELECT value FROM xtdb_last('plant')"), "NULL");
}

TEST_F(TagFunctionsTest, BlocksShowWhatTheyHold) {
  Fill("a", 0, 2000);
  Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('a', 3000000000, NULL, 0)");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_blocks('plant')"), "0");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT tag, chunk, block, first_ts, last_ts, points, good, nulls, deleted, min, "
                 "max, type, vectors, bytes FROM xtdb_blocks('plant')"),
            "a 1 0 0 3000000000 2001 2000 1 0 0.5 1999.5 float64 2 16384");
  EXPECT_THAT(Line("SELECT encoding FROM xtdb_blocks('plant')"), HasSubstr("; 2 vectors"));
  EXPECT_EQ(Line("SELECT data_bytes <= bytes AND bytes_per_point = 1.0 * bytes / points AND "
                 "flush_lsn > 0 FROM xtdb_blocks('plant')"),
            "1");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_blocks('plant') WHERE tag = 'b'"), "0");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_blocks('plant') WHERE tag = 'a'"), "1");
}

TEST_F(TagFunctionsTest, ChunksShowTheirStateAndSums) {
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_chunks('plant')"), "0");
  Fill("a", 0, 10);
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(
      Line("SELECT slot, sequence, kind, state, blocks, points, first_ts, last_ts, used_bytes, "
           "chunk_bytes FROM xtdb_chunks('plant')"),
      "0 1 raw allocated 1 10 0 9000000 16384 4194304");
  Run("SELECT xtdb_seal('plant')");
  EXPECT_EQ(
      Line("SELECT slot, sequence, kind, state, blocks, points, first_ts, last_ts, used_bytes, "
           "chunk_bytes FROM xtdb_chunks('plant')"),
      "0 1 raw sealed 1 10 0 9000000 16384 4194304");
  Fill("a", 100, 1);
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT sequence, state, points FROM xtdb_chunks('plant')"),
            "1 sealed 10, 2 allocated 1");
}

TEST_F(TagFunctionsTest, StatsCountTagsPointsAndCommits) {
  Fill("a", 0, 10);
  EXPECT_EQ(Line("SELECT name, value FROM xtdb_stats('plant') WHERE name IN ('tags', "
                 "'buffered_points', 'commits', 'points_written') ORDER BY name"),
            "buffered_points 10, commits 1, points_written 10, tags 1");
  EXPECT_EQ(Line("SELECT count(*) > 20, count(*) - count(value), count(*) - count(unit), "
                 "count(*) - count(DISTINCT name) FROM xtdb_stats('plant')"),
            "1 0 0 0");
  EXPECT_EQ(Line("SELECT value FROM xtdb_stats('plant') WHERE name IN ('retention', 'max_bytes')"),
            "0, 0");
  Run("CREATE VIRTUAL TABLE rolling USING xtdb(path='r.xtdb', retention='1 day', max_bytes='9M')");
  EXPECT_EQ(
      Line("SELECT value FROM xtdb_stats('rolling') WHERE name IN ('retention', 'max_bytes')"),
      "86400000000, 9437184");
}

// Also of a tag whose points stand in one block with newer ones of others.
TEST_F(TagFunctionsTest, WhatRetentionHidesIsNotTheLast) {
  Run("CREATE VIRTUAL TABLE rolling USING xtdb(path='r.xtdb', retention='1 day')");
  Run("INSERT INTO rolling(tag, ts, value) SELECT column1, unixepoch() * 1000000 + "
      "column2 * 3600000000, column3 FROM (VALUES ('both', -50, 1), ('both', -1, 2), "
      "('new', -2, 3), ('old', -50, 4), ('old', -49, 5))");
  Run("SELECT xtdb_flush('rolling')");
  EXPECT_EQ(Line("SELECT count(DISTINCT block) FROM xtdb_blocks('rolling')"), "1");
  Run("SELECT xtdb_retain('rolling')");
  EXPECT_EQ(Line("SELECT tag, value FROM xtdb_last('rolling')"), "both 2, new 3");
  EXPECT_EQ(Line("SELECT tag, value FROM xtdb_at('rolling', '*', '9999-01-01')"), "both 2, new 3");
  EXPECT_EQ(Line("SELECT tag, value FROM rolling ORDER BY tag"), "both 2, new 3");
}

TEST_F(TagFunctionsTest, EventsTellWhatHasGone) {
  Fill("a", 0, 10);
  Run("SELECT xtdb_seal('plant')");
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', 9)"), "0");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_events('plant')"), "0");
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', '1971-01-01')"), "1");
  EXPECT_EQ(Line("SELECT level, kind, message FROM xtdb_events('plant')"),
            "info drop chunks gone: 1, points: 10, bytes: 16384");
}

TEST_F(TagFunctionsTest, TheLastQueryIsTold) {
  Fill("a", 0, 10);
  Run("SELECT xtdb_flush('plant')");
  Run("SELECT value FROM plant WHERE tag = 'a'");
  EXPECT_EQ(Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'rows'"), "10");
  EXPECT_THAT(Line("SELECT value FROM xtdb_last_query('plant') WHERE name = 'summary'"),
              StartsWith("1 tag; "));
}

}  // namespace
}  // namespace xtdb
