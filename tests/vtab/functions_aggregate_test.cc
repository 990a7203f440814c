// xtdb_aggregate: arguments, figures and fill as SQL has them. What each figure is over any history
// is tested in tests/planner/aggregate_random_test.cc.

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class AggregateFunctionTest : public SqlTest {
 protected:
  // Points of 'a' at whole minutes since 2026-01-01.
  void Minutes(const std::string& rows) {
    Run("INSERT INTO plant(tag, ts, value, quality) SELECT 'a', 1767225600000000 + 60000000 * "
        "column1, column2, column3 FROM (VALUES " +
        rows + ")");
  }
  // `columns` of five-minute buckets from 00:00 to 00:20, times as minutes.
  std::string FiveMinutes(const std::string& columns, const std::string& where = "1") {
    return Line("SELECT (ts - 1767225600000000) / 60000000, " + columns +
                " FROM xtdb_aggregate('plant', 'a', '2026-01-01', '2026-01-01 00:20', '5 min')"
                " WHERE " +
                where);
  }
};

TEST_F(AggregateFunctionTest, BucketsHaveTheFiguresOfTheirPoints) {
  Minutes("(0, 1, 192), (1, 4, 192), (4, 1, 192), (15, 7, 192), (19, 8.5, 192)");
  EXPECT_EQ(FiveMinutes("count, min, max, sum, avg, first, last"),
            "0 3 1.0 4.0 6.0 2.0 1.0 1.0, 15 2 7.0 8.5 15.5 7.75 7.0 8.5");
  EXPECT_EQ(FiveMinutes("(first_ts - ts) / 60000000, (last_ts - ts) / 60000000"), "0 0 4, 15 0 4");
  EXPECT_EQ(Line("SELECT tag, time FROM xtdb_aggregate('plant', 'a', NULL, NULL, '1 hour')"),
            "a 2026-01-01 00:00:00.000");
}

TEST_F(AggregateFunctionTest, WithoutWidthThereIsOneBucket) {
  Minutes("(3, 1, 192), (700, 4, 192)");
  EXPECT_EQ(Line("SELECT time, count, sum FROM xtdb_aggregate('plant')"),
            "2026-01-01 00:03:00.000 2 5");
  EXPECT_EQ(Line("SELECT time, count, sum FROM xtdb_aggregate('plant', 'a', '2026-01-01 00:04')"),
            "2026-01-01 00:04:00.000 1 4");
}

TEST_F(AggregateFunctionTest, OnlyTheStartBelongsToTheRange) {
  Minutes("(0, 1, 192), (5, 2, 192), (20, 3, 192)");
  EXPECT_EQ(FiveMinutes("sum"), "0 1, 5 2");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_aggregate('plant', 'a', '2026-01-02', '2026-01-01')"),
            "0");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_aggregate('plant', NULL)"), "0");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_aggregate('plant', 'none')"), "0");
}

TEST_F(AggregateFunctionTest, BadPointsAreLeftOutUnlessAccepted) {
  Minutes("(0, 1, 192), (1, 10, 64), (2, 100, 0), (5, 7, 0)");
  EXPECT_EQ(FiveMinutes("count, sum, percent_good"), "0 2 11 33.3333333333333, 5 0 NULL 0.0");
  EXPECT_EQ(FiveMinutes("count, sum", "accept = 'good'"), "0 1 1, 5 0 NULL");
  EXPECT_EQ(FiveMinutes("count, sum", "accept = 'all'"), "0 3 111, 5 1 7");
}

TEST_F(AggregateFunctionTest, NullAndNanAreNoValues) {
  Minutes("(0, NULL, 192), (5, NULL, 192), (6, 2.5, 192)");
  EXPECT_EQ(FiveMinutes("count, min, avg, percent_good"), "0 0 NULL NULL 100.0, 5 1 2.5 2.5 100.0");
}

TEST_F(AggregateFunctionTest, FillSaysWhatStandsInEmptyBuckets) {
  Minutes("(-30, 5, 192), (0, 1, 192), (4, 2, 192), (16, 5, 192)");
  EXPECT_EQ(FiveMinutes("count, avg, last", "fill = 'none'"), "0 2 1.5 2, 15 1 5.0 5");
  EXPECT_EQ(FiveMinutes("count, avg, last", "fill = 'null'"),
            "0 2 1.5 2, 5 0 NULL NULL, 10 0 NULL NULL, 15 1 5.0 5");
  EXPECT_EQ(FiveMinutes("count, avg, last, sum", "fill = 'locf'"),
            "0 2 1.5 2 3, 5 0 1.5 2 NULL, 10 0 1.5 2 NULL, 15 1 5.0 5 5");
  EXPECT_EQ(FiveMinutes("count, avg, last", "fill = 'linear'"),
            "0 2 1.5 2, 5 0 2.66666666666667 3, 10 0 3.83333333333333 4, 15 1 5.0 5");
}

TEST_F(AggregateFunctionTest, FillKnowsTheValueBeforeTheStartAndBehindTheStop) {
  Minutes("(-10, 4, 192), (30, 8, 192)");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'locf'"), "0 4.0, 5 4.0, 10 4.0, 15 4.0");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'linear'"), "0 5.0, 5 5.5, 10 6.0, 15 6.5");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'none'"), "");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'locf' AND max_gap = '15 min'"),
            "0 4.0, 5 4.0, 10 NULL, 15 NULL");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'linear' AND max_gap = '39 min'"), "");
}

// As TimescaleDB's locf and interpolate: a NULL that is there ends what is carried.
TEST_F(AggregateFunctionTest, ABucketWithoutAValueEndsWhatIsCarried) {
  Minutes("(0, 1, 192), (5, 9, 0), (16, 5, 192)");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'locf'"), "0 1.0, 5 NULL, 10 NULL, 15 5.0");
  EXPECT_EQ(FiveMinutes("avg", "fill = 'linear'"), "0 1.0, 5 NULL, 10 NULL, 15 5.0");
}

TEST_F(AggregateFunctionTest, WhatIsCarriedIntoACutBucketIsAsOldAsItsBegin) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('g', 10, 7)");
  const auto filled = [&](int64_t start) {
    return Line("SELECT first FROM xtdb_aggregate WHERE tbl = 'plant' AND tags = 'g' AND start = " +
                std::to_string(start) +
                " AND stop = 18 AND width = '10 us' AND origin = 'epoch' AND fill = 'locf' AND "
                "max_gap = '5 us'");
  };
  EXPECT_EQ(filled(15), "7");
  EXPECT_EQ(filled(16), "");
}

// A sensor that was bad for a long time: the buckets are not gone through again for each of them.
TEST_F(AggregateFunctionTest, ManyBucketsWithoutAValue) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('bad', 0, 1), ('bad', 60000, 2)");
  Run("WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 50000) INSERT INTO "
      "plant(tag, ts, value, quality) SELECT 'bad', i, i, 0 FROM r");
  // In memory, and then from the statistics of blocks.
  const auto check = [&](const std::string& more) {
    SCOPED_TRACE(more);
    EXPECT_EQ(Line("SELECT count(*), count(twa) FROM xtdb_aggregate('plant', 'bad', NULL, NULL, '1 "
                   "us')" +
                   more),
              more == " WHERE bounds = 'simple'" ? "50002 1" : "50002 50001");
    EXPECT_EQ(Line("SELECT count(*), sum(integral) FROM xtdb_aggregate('plant', 'bad', 0, 60001, "
                   "'10 ms')" +
                   more),
              more == " WHERE bounds = 'simple'" ? "7 3.0e-06"
              : more.empty()                     ? "7 0.060002"
                                                 : "7 0.090002");
  };
  const std::vector<std::string> all = {"", " WHERE bounds = 'simple'", " WHERE mode = 'linear'"};
  for (const std::string& more : all) check(more);
  Run("SELECT xtdb_seal('plant')");
  for (const std::string& more : all) check(more);
}

TEST_F(AggregateFunctionTest, TimeWeightedFiguresHoldAValueUntilTheNext) {
  Minutes("(-1, 10, 192), (1, 20, 192), (7, 30, 192)");
  // 1 min of 10 and 4 of 20; 2 of 20 and 3 of 30; 30 from there on.
  EXPECT_EQ(FiveMinutes("twa, integral", "fill = 'null'"),
            "0 18.0 5400.0, 5 26.0 7800.0, 10 30.0 9000.0, 15 30.0 9000.0");
  // Behind the last point it holds, too.
  EXPECT_EQ(FiveMinutes("twa", "mode = 'linear'"), "0 22.1666666666667, 5 29.3333333333333");
  EXPECT_EQ(FiveMinutes("twa, integral", "max_gap = '2 min'"),
            "0 16.6666666666667 3000.0, 5 30.0 3600.0");
  EXPECT_EQ(Line("SELECT twa, integral FROM xtdb_aggregate('plant', 'a')"), "17.5 8400.0")
      << "without a stop it ends with the last value";
}

TEST_F(AggregateFunctionTest, DeviationsAreExactWhereSquaresAreNot) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('d', 1, 1e9 + 1), ('d', 2, 1e9 + 2), "
      "('d', 3, 1e9 + 3), ('one', 1, 5)");
  EXPECT_EQ(Line("SELECT tag, stddev FROM xtdb_aggregate('plant')"), "d 1.0, one NULL");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line("SELECT tag, stddev FROM xtdb_aggregate('plant')"), "d 1.0, one NULL");
}

TEST_F(AggregateFunctionTest, SumsOfIntegersAreIntegersOrAnError) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('i', 1, 9223372036854775807), ('i', 2, 1), "
      "('i', 5, -2)");
  EXPECT_THAT(Exec("SELECT sum FROM xtdb_aggregate('plant', 'i', NULL, 3)"),
              FailsWith(SQLITE_ERROR, "integer overflow"));
  EXPECT_EQ(Line("SELECT sum FROM xtdb_aggregate('plant', 'i')"), "9223372036854775806");
  EXPECT_EQ(Line("SELECT count, max FROM xtdb_aggregate('plant', 'i', NULL, 3)"),
            "2 9223372036854775807");
}

TEST_F(AggregateFunctionTest, TextTagsHaveCountEndsAndRange) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('s', 1, 'run'), ('s', 2, 'idle'), ('s', 3, "
      "'off')");
  EXPECT_EQ(Line("SELECT count, first, last, min, max, sum, avg, twa FROM xtdb_aggregate('plant')"),
            "3 run off idle run NULL NULL NULL");
  EXPECT_EQ(Line("SELECT ts, last FROM xtdb_aggregate('plant', 's', 0, 5, '2 us') "
                 "WHERE fill = 'locf' AND origin = 0"),
            "0 run, 2 off, 4 off");
}

TEST_F(AggregateFunctionTest, MonthsAndOriginsCutAsTimeBucketDoes) {
  Run("INSERT INTO plant(tag, time, value) VALUES ('m', '2026-01-31', 1), ('m', '2026-02-01', 2), "
      "('m', '2026-03-31 23:59:59', 4)");
  EXPECT_EQ(Line("SELECT substr(time, 1, 10), sum FROM xtdb_aggregate('plant', 'm', NULL, NULL, "
                 "'1 mon')"),
            "2026-01-01 1, 2026-02-01 2, 2026-03-01 4");
  EXPECT_EQ(Line("SELECT substr(time, 1, 10), sum FROM xtdb_aggregate('plant', 'm', NULL, NULL, "
                 "'2 mons', '2000-02-01')"),
            "2025-12-01 1, 2026-02-01 6");
  EXPECT_EQ(Line("SELECT time, sum FROM xtdb_aggregate('plant', 'm', NULL, NULL, '1 day', "
                 "'2000-01-01 06:00')"),
            "2026-01-30 06:00:00.000 1, 2026-01-31 06:00:00.000 2, 2026-03-31 06:00:00.000 4");
}

TEST_F(AggregateFunctionTest, BucketsOfAZoneFollowItsClock) {
  Run("INSERT INTO plant(tag, time, value) VALUES ('a', '2026-03-28 22:59', 1), "
      "('a', '2026-03-28 23:00', 2), ('a', '2026-03-29 21:59', 3), ('a', '2026-03-29 22:00', 4)");
  const std::string call = "xtdb_aggregate('plant', 'a', NULL, NULL, ";
  EXPECT_EQ(Line("SELECT time, sum FROM " + call + "'1 day') WHERE timezone = 'Europe/Berlin'"),
            "2026-03-27 23:00:00.000 1, 2026-03-28 23:00:00.000 5, 2026-03-29 22:00:00.000 4");
  EXPECT_EQ(Line("SELECT time, sum FROM " + call + "'1 mon', NULL, 'america/new_york')"),
            "2026-03-01 05:00:00.000 10");
  // An origin is a moment, like every time.
  EXPECT_EQ(Line("SELECT time, sum FROM " + call +
                 "'1 day', '2026-01-01 06:00+01') "
                 "WHERE timezone = 'Europe/Berlin'"),
            "2026-03-28 05:00:00.000 3, 2026-03-29 04:00:00.000 7");
  // In the very second in which the clock is put back: 02:15 was there at 00:15 UTC already.
  Run("INSERT INTO plant(tag, time, value) VALUES ('z', '2026-10-25 01:00', 1), "
      "('z', '2500-10-31 01:00:05', 2)");
  EXPECT_EQ(Line("SELECT time, sum FROM xtdb_aggregate('plant', 'z', NULL, NULL, '45 min') WHERE "
                 "timezone = 'Europe/Berlin'"),
            "2026-10-25 00:15:00.000 1, 2500-10-31 00:15:00.000 2");
  Run("CREATE VIRTUAL TABLE daily USING xtdb_rollup(plant, '1 day', timezone='Europe/Berlin')");
  EXPECT_EQ(Line("SELECT count(*) FROM daily WHERE tag = 'a' AND time >= '2026-03-28 23:00'"), "2");
  EXPECT_THAT(Exec("SELECT * FROM " + call + "'1 day', NULL, 'Mars/Olympus')"),
              FailsWith(SQLITE_ERROR, "time zone \"Mars/Olympus\" not recognized"));
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE no USING xtdb_rollup(plant, '1 day', timezone='x')"),
              FailsWith(SQLITE_ERROR, "time zone \"x\" not recognized"));
}

TEST_F(AggregateFunctionTest, OwnPointsAreSeenBeforeTheCommit) {
  Minutes("(0, 1, 192)");
  Run("SELECT xtdb_flush('plant')");
  Run("BEGIN");
  Minutes("(0, 2, 192), (-1, 5, 192), (6, 3, 192)");
  EXPECT_EQ(FiveMinutes("sum, twa", "mode = 'step'"), "0 2 2.0, 5 3 2.8");
  Run("ROLLBACK");
  EXPECT_EQ(FiveMinutes("sum"), "0 1");
}

TEST_F(AggregateFunctionTest, TagsComeByNameAndBucketsByTime) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('b', 5, 1), ('a', 5, 1), ('b', 1, 2), ('c', 1, "
      "3)");
  const std::string from = " FROM xtdb_aggregate('plant', '*', NULL, NULL, '2 us')";
  EXPECT_EQ(Line("SELECT tag, ts" + from), "a 4, b 0, b 4, c 0");
  EXPECT_EQ(Line("SELECT tag, ts" + from + " WHERE tag IN ('c', 'a') ORDER BY tag, time"),
            "a 4, c 0");
  EXPECT_THAT(Line("EXPLAIN QUERY PLAN SELECT tag, ts" + from + " ORDER BY tag, ts"),
              HasSubstr("; by tag, time"));
  EXPECT_THAT(Line("EXPLAIN QUERY PLAN SELECT ts" + from + " WHERE tag = 'a' ORDER BY time"),
              testing::Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(Line("EXPLAIN QUERY PLAN SELECT ts" + from + " ORDER BY time"),
              HasSubstr("TEMP B-TREE"));
  EXPECT_EQ(Line("SELECT tag, ts" + from + " ORDER BY ts DESC, tag"), "a 4, b 4, b 0, c 0");
}

TEST_F(AggregateFunctionTest, AFilterOnTheTimeDropsWholeBuckets) {
  Minutes("(0, 1, 192), (4, 1, 192), (5, 1, 192), (9, 1, 192)");
  EXPECT_EQ(FiveMinutes("count", "time > '2026-01-01T00:00:00Z'"), "5 2");
  EXPECT_EQ(FiveMinutes("count", "time < '2026-01-01 00:04'"), "0 2");
}

TEST_F(AggregateFunctionTest, TagsOfAnotherTableDriveAJoin) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('b', 1, 2), ('c', 1, 4)");
  Run("CREATE TABLE wanted(name TEXT, factor INTEGER)");
  Run("INSERT INTO wanted VALUES ('a', 10), ('c', 100)");
  EXPECT_EQ(Line("SELECT name, sum * factor FROM wanted, xtdb_aggregate('plant', name) ORDER BY 1"),
            "a 10, c 400");
}

TEST_F(AggregateFunctionTest, BlocksWithinABucketAreNotRead) {
  Run("INSERT INTO plant(tag, ts, value) SELECT 'a', value * 1000, value FROM "
      "(WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < "
      "99999) "
      "SELECT value FROM n)");
  Run("SELECT xtdb_flush('plant')");
  const auto counter = [&](const std::string& name) {
    return Line("SELECT value FROM xtdb_last_query('plant') WHERE name = '" + name + "'");
  };
  EXPECT_EQ(Line("SELECT count, sum, stddev, twa FROM xtdb_aggregate('plant')"),
            "100000 4999950000 28867.6577966877 49999.0");
  EXPECT_EQ(counter("vectors_decoded") + counter("blocks_read"), "00");
  EXPECT_EQ(Line("SELECT count(*), sum(count) FROM xtdb_aggregate('plant', 'a', NULL, NULL, "
                 "'25 s')"),
            "4 100000");
  // Three edges within vectors, the rest of them from the table.
  EXPECT_EQ(counter("vectors_decoded"), "3");
}

TEST_F(AggregateFunctionTest, LinesBetweenLargeIntegersStayIntegers) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('i', 0, 9223372036854775807), "
      "('i', 20, 9223372036854775807), ('j', 0, 9007199254740993), ('j', 20, 9007199254740993), "
      "('k', 0, -9223372036854775807), ('k', 20, 9223372036854775807)");
  EXPECT_EQ(Line("SELECT tag, min FROM xtdb_aggregate('plant', '*', 0, 30, '10 us') "
                 "WHERE fill = 'linear' AND ts = 10"),
            "i 9223372036854775807, j 9007199254740993, k 0");
}

TEST_F(AggregateFunctionTest, ALineDoesNotLeaveItsEndsWhereTheRangeCutsABucket) {
  Minutes("(10, 10, 192), (90, 20, 192)");
  EXPECT_EQ(Line("SELECT avg FROM xtdb_aggregate('plant', 'a', '2026-01-01 00:30', "
                 "'2026-01-01 01:30', '1 hour') WHERE fill = 'linear'"),
            "12.5, 16.25");
}

TEST_F(AggregateFunctionTest, DeviationsOfLargeIntegersDoNotDependOnTheFlush) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('i', 1, 1152921504606846976), "
      "('i', 2, 1152921504606846977)");
  Run("SELECT xtdb_flush('plant')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('i', 3, 1152921504606847103), "
      "('i', 4, 1152921504606847104)");
  const std::string stddev = "SELECT round(stddev, 6) FROM xtdb_aggregate('plant', 'i')";
  EXPECT_EQ(Line(stddev), "73.325757");
  Run("SELECT xtdb_flush('plant')");
  EXPECT_EQ(Line(stddev), "73.325757");
}

TEST_F(AggregateFunctionTest, AValueOfTheFutureIsNotHeld) {
  Run("INSERT INTO plant(tag, time, value) VALUES ('f', '2500-01-01', 7)");
  EXPECT_EQ(Line("SELECT count, twa FROM xtdb_aggregate('plant', 'f', '2400-01-01', '2600-01-01', "
                 "'1 month')"),
            "1 NULL");
}

TEST_F(AggregateFunctionTest, AnArgumentWithinAnOrIsAnError) {
  Minutes("(0, 1, 192)");
  // A later SQLite calls the function once for each side; this one scans all of it.
  const std::string of_two =
      "SELECT count(*) FROM xtdb_aggregate('plant') WHERE (tags = 'a' AND "
      "width = '1 hour') OR (tags = 'b' AND width = '1 day')";
  const Outcome outcome = Exec(of_two);
  if (outcome.code == SQLITE_OK) {
    EXPECT_EQ(Line(of_two), "1");
  } else {
    EXPECT_THAT(outcome, FailsWith(SQLITE_ERROR, "is an argument, and was not given"));
  }
  EXPECT_THAT(Exec("SELECT * FROM xtdb_aggregate('plant') WHERE +tags = 'a'"),
              FailsWith(SQLITE_ERROR, "tags is an argument, and was not given"));
}

TEST_F(AggregateFunctionTest, RowsThatAreDroppedCanBeInterrupted) {
  Minutes("(0, 1, 192)");
  int calls = 0;
  const auto interrupt = [](unsigned, void* count, void* statement, void*) {
    const char* const sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    if (std::string_view(sql) == "SELECT 1" && ++*static_cast<int*>(count) == 3) {
      sqlite3_interrupt(sqlite3_db_handle(static_cast<sqlite3_stmt*>(statement)));
    }
    return 0;
  };
  sqlite3_trace_v2(db_->get(), SQLITE_TRACE_STMT, interrupt, &calls);
  EXPECT_THAT(Exec("SELECT * FROM xtdb_aggregate('plant', 'a', '1970-01-01', NULL, '1 ms') "
                   "WHERE fill = 'null' AND time = '1980-01-01'"),
              FailsWith(SQLITE_INTERRUPT, "interrupted"));
  sqlite3_trace_v2(db_->get(), 0, nullptr, nullptr);
  EXPECT_EQ(calls, 3);
}

TEST_F(AggregateFunctionTest, WrongArgumentsAreNamed) {
  const std::pair<std::string, std::string> wrong[] = {
      {"", "which table? write xtdb_aggregate('plant', tags, start, stop, width)"},
      {"'none'", "there are: plant"},
      {"'plant', x'00'", "tags is"},
      {"'plant', 'a', 'soon'", "soon"},
      {"'plant', 'a', 1.5", "start is 1.5"},
      {"'plant', 'a', NULL, NULL, 3600", "width is 3600; write its unit, too: '3600 s'"},
      {"'plant', 'a', NULL, NULL, '3600'", "'3600 s'"},
      {"'plant', 'a', NULL, NULL, '0 s'", "period must be greater than 0"},
      {"'plant', 'a', NULL, NULL, '-1 mon'", "period must be greater than 0"},
      {"'plant', 'a', NULL, NULL, '1 mon 1 day'", "cannot have day or time component"},
      {"'plant', 'a', NULL, NULL, '100000000 days'", "longer than all of time"},
      {"'plant', 'a', NULL, NULL, '4000000 mons'", "longer than all of time"},
      {"'plant', 'a', NULL, NULL, 'often'", "often"},
      {"'plant', 'a', NULL, NULL, '1 h', 'once'", "once"},
      {"'plant', 'a', NULL, NULL, '1 h', NULL, NULL, 'spline'",
       "fill is \"spline\"; write none, null, locf or linear"},
      {"'plant', 'a', NULL, NULL, '1 h', NULL, NULL, NULL, '1 mon'", "no fixed length"},
      {"'plant', 'a', NULL, NULL, '1 h', NULL, NULL, NULL, '0 s'", "greater than 0"},
      {"'plant', 'a', NULL, NULL, '1 h', NULL, NULL, NULL, NULL, 'some'",
       "write good, notbad or all"},
      {"'plant', 'a', NULL, NULL, '1 h', NULL, NULL, NULL, NULL, NULL, 'x'",
       "write step or linear"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_THAT(Exec("SELECT * FROM xtdb_aggregate(" + arguments + ")"),
                FailsWith(SQLITE_ERROR, message))
        << arguments;
  }
  EXPECT_THAT(Exec("SELECT * FROM xtdb_aggregate('plant') WHERE start >= '2026-01-01'"),
              FailsWith(SQLITE_ERROR, "use the column time"));
}

}  // namespace
}  // namespace xtdb
