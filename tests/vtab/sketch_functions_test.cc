// Sketches in SQL, by the values that TimescaleDB Toolkit publishes in its documents and tests.

#include "tests/vtab/select_fixture.h"

namespace xtdb {
namespace {

class SketchFunctionsTest : public SelectFixture {
 protected:
  SketchFunctionsTest() {
    db_.Run(
        "CREATE TABLE hundred(n); WITH RECURSIVE c(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM c "
        "WHERE n < 100) INSERT INTO hundred SELECT n FROM c;"
        "CREATE TABLE steps(ts, val); INSERT INTO steps VALUES ('2020-01-01 00:10', 10.0), "
        "('2020-01-01 00:00', 10.0), ('2020-01-01 00:01', 20.0), ('2020-01-01 00:02', 10.0), "
        "('2020-01-01 00:03', 20.0), ('2020-01-01 00:04', 10.0), ('2020-01-01 00:08', 30.0), "
        "('2020-01-01 00:10:30', 20.0), ('2020-01-01 00:20', 30.0), (NULL, 5), ('2020-01-02', "
        "NULL)");
  }
};

TEST_F(SketchFunctionsTest, PercentilesArePublishedOnes) {
  EXPECT_EQ(Of("approx_percentile(0.90, uddsketch(100, 0.01, n)) = 90.93094205022494, "
               "approx_percentile_rank(90, uddsketch(100, 0.01, n)), error(uddsketch(100, 0.01, "
               "n)), mean(uddsketch(100, 0.01, n)), num_vals(uddsketch(100, 0.01, n)) "
               "FROM hundred WHERE n > 0"),
            "1 0.89 0.01 50.5 100");
  EXPECT_EQ(Of("approx_percentile(0.01, percentile_agg(n)), approx_percentile_rank(99, "
               "uddsketch(100, 0.001, n)) = 0.9900990099009901, approx_percentile_rank(99, "
               "percentile_agg(n)) = 0.9851485148514851 FROM hundred"),
            "0.999 1 1");
}

TEST_F(SketchFunctionsTest, OfNoRowsThereIsNone) {
  EXPECT_EQ(Of("percentile_agg(n), hyperloglog(16, n), counter_agg(n, n), time_weight('locf', n, "
               "n), lttb(n, n, 3), rollup(n), approx_count_distinct(n) FROM hundred WHERE n < 0"),
            "NULL NULL NULL NULL NULL NULL 0");
  EXPECT_EQ(Of("approx_percentile(0.5, NULL), rate(NULL), average(NULL), distinct_count(NULL)"),
            "NULL NULL NULL NULL");
}

TEST_F(SketchFunctionsTest, DistinctValuesAreThoseOfSqlite) {
  EXPECT_EQ(Of("approx_count_distinct(column1) FROM (VALUES (1), (1.0), ('1'), (x'31'), (NULL), "
               "(-0.0), (0), ('a'), ('A'))"),
            "6");
  EXPECT_EQ(Of("distinct_count(rollup(h)), stderror(rollup(h)) FROM (SELECT hyperloglog(4096, n) "
               "h FROM hundred GROUP BY n % 7)"),
            "101 0.01625");
  // The next power of two, as Toolkit has it.
  EXPECT_EQ(Of("stderror(hyperloglog(17, n)) = stderror(hyperloglog(32, n)) FROM hundred"), "1");
}

TEST_F(SketchFunctionsTest, TimeWeightsArePublishedOnes) {
  EXPECT_EQ(Of("average(time_weight('Linear', ts, val)), average(time_weight('LOCF', ts, val)), "
               "integral(time_weight('LOCF', ts, val)), integral(time_weight('LOCF', ts, val), "
               "'hour') FROM steps"),
            "21.25 17.75 21300.0 5.91666666666667");
  for (const std::string method : {"Linear", " locf "}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(Of("average(rollup(w)) FROM (SELECT time_weight('" + method +
                 "', ts, val) w FROM steps WHERE ts IS NOT NULL GROUP BY date_trunc('minute', "
                 "ts) ORDER BY max(val))"),
              method == "Linear" ? "21.25" : "17.75");
  }
  EXPECT_EQ(Of("first_time(w), last_time(w), first_val(w), last_val(w) FROM (SELECT "
               "time_weight('linear', ts, val) w FROM steps)"),
            "2020-01-01 00:00:00.000 2020-01-01 00:20:00.000 10.0 30.0");
  EXPECT_EQ(Of("average(time_weight('linear', ts, val)) FROM steps WHERE val = 20 AND ts < "
               "'2020-01-01 00:02'"),
            "NULL");
}

TEST_F(SketchFunctionsTest, CountersArePublishedOnes) {
  db_.Run(
      "CREATE TABLE c AS SELECT counter_agg(column1 * 1000000, column2) s, gauge_agg(column1 * "
      "1000000, column2) g FROM (VALUES (15, 15), (0, 10), (5, 5), (10, 30), (10, 99))");
  EXPECT_EQ(Of("delta(s), rate(s), idelta_left(s), idelta_right(s), irate_left(s), "
               "irate_right(s), num_changes(s), num_resets(s), num_elements(s), time_delta(s), "
               "first_time(s) FROM c"),
            "45.0 3.0 5.0 15.0 1.0 3.0 3 2 4 15.0 1970-01-01 00:00:00.000");
  EXPECT_EQ(Of("delta(g), num_resets(g) FROM c"), "5.0 0");
  EXPECT_EQ(Of("delta(rollup(s)), num_resets(rollup(s)) FROM (SELECT counter_agg(n, n % 30) s FROM "
               "hundred GROUP BY n / 20 ORDER BY n DESC)"),
            "97.0 3");
}

TEST_F(SketchFunctionsTest, DownsampledWavesArePublishedOnes) {
  db_.Run(
      "CREATE TABLE wave AS SELECT ts_add('2020-01-01', (10 + n) || ' days') AS time, "
      "10 + 5 * cos((10 + n) / 10.0) AS val FROM hundred");
  const auto days = [&](int wanted) {
    return Of(
        "group_concat(substr(value ->> 0, 1, 10) || printf(' %.2f', value ->> 1)) FROM "
        "json_each((SELECT lttb(time, val, " +
        std::to_string(wanted) + ") FROM wave))");
  };
  EXPECT_EQ(days(8),
            "2020-01-11 12.70,2020-01-27 5.72,2020-02-06 5.52,2020-02-27 14.17,2020-03-09 "
            "14.35,2020-03-30 5.67,2020-04-09 5.55,2020-04-20 10.02");
  EXPECT_EQ(days(17),
            "2020-01-11 12.70,2020-01-13 11.81,2020-01-22 7.48,2020-01-28 5.48,2020-02-03 "
            "5.06,2020-02-09 6.37,2020-02-14 8.46,2020-02-24 13.17,2020-03-01 14.80,2020-03-07 "
            "14.75,2020-03-13 13.04,2020-03-23 8.30,2020-03-29 5.94,2020-04-04 5.00,2020-04-10 "
            "5.80,2020-04-14 7.20,2020-04-20 10.02");
  EXPECT_EQ(Of("lttb(n, n, 3) FROM hundred WHERE n < 2"), "[[0,0],[1,1]]");
}

TEST_F(SketchFunctionsTest, AllStandOverAWindow) {
  EXPECT_EQ(Of("group_concat(d) FROM (SELECT delta(counter_agg(n, n % 4) OVER (ORDER BY n ROWS "
               "BETWEEN 2 PRECEDING AND CURRENT ROW)) d FROM hundred LIMIT 6)"),
            "0.0,1.0,2.0,2.0,1.0,1.0");
  EXPECT_EQ(Of("group_concat(d) FROM (SELECT distinct_count(hyperloglog(64, n / 2) OVER (ORDER BY "
               "n ROWS 2 PRECEDING)) d FROM hundred LIMIT 5)"),
            "1,1,2,2,2");
  EXPECT_EQ(Of("group_concat(d) FROM (SELECT num_vals(rollup(s) OVER (ORDER BY k ROWS 1 "
               "PRECEDING)) d FROM (SELECT n % 3 AS k, percentile_agg(n) s FROM hundred GROUP BY "
               "1))"),
            "34,68,67");
}

// Of sketches as they were given, which are small, not as they are when taken apart.
TEST_F(SketchFunctionsTest, ManySmallSketchesTakeLittleMemory) {
  EXPECT_EQ(
      Of("distinct_count(rollup(h)) BETWEEN 2950 AND 3050 FROM (WITH RECURSIVE r(i) AS (SELECT 1 "
         "UNION ALL SELECT i + 1 FROM r WHERE i < 3000) SELECT hyperloglog(262144, i) h FROM r "
         "GROUP BY i)"),
      "1");
}

TEST_F(SketchFunctionsTest, SketchesLiveInTables) {
  db_.Run(
      "CREATE TABLE hourly(hour PRIMARY KEY, sketch BLOB); INSERT INTO hourly SELECT n / 10, "
      "percentile_agg(n) FROM hundred GROUP BY 1");
  EXPECT_EQ(Of("round(approx_percentile(0.5, rollup(sketch)), 1), num_vals(rollup(sketch)) FROM "
               "hourly"),
            "50.0 101");
}

TEST_F(SketchFunctionsTest, ErrorsSayWhatToWrite) {
  ExpectError("approx_percentile(n, 0.9) FROM hundred",
              "the second argument is 0.9, not a sketch; write approx_percentile(0.9, "
              "percentile_agg(x))");
  ExpectError("approx_percentile(95, percentile_agg(n)) FROM hundred",
              "percentile value 95 is not between 0 and 1");
  ExpectError("approx_percentile(0.5, counter_agg(n, n)) FROM hundred",
              "a sketch of counter_agg where one of percentile_agg or uddsketch is expected");
  ExpectError("rate(n) FROM hundred", "not a sketch: 0; percentile_agg(x), counter_agg(ts, x)");
  ExpectError("rate(x'00')", "a BLOB of 1 bytes that is no sketch");
  ExpectError(
      "rate(CAST(replace(hex(s), '7854736B01', '7854736B02') AS BLOB)) FROM (SELECT "
      "percentile_agg(n) s FROM hundred)",
      "that is no sketch");
  ExpectError("rate(substr(s, 1, length(s) - 1)) FROM (SELECT percentile_agg(n) s FROM hundred)",
              "wrong checksum");
  ExpectError("distinct_count(approx_count_distinct(n)) FROM hundred", "is the count already");
  ExpectError("first_time(percentile_agg(n)) FROM hundred", "has no times");
  ExpectError("uddsketch(1, 0.1, n) FROM hundred", "the number of buckets is 1; write one from 8");
  ExpectError("uddsketch(10, 1, n) FROM hundred", "the greatest error is 1");
  ExpectError("uddsketch(10 + n, 0.1, n) FROM hundred", "must not change between rows");
  ExpectError("hyperloglog(10, n) FROM hundred", "write one from 16 to 262144");
  ExpectError("time_weight('stepped', n, n) FROM hundred",
              "unknown method \"stepped\"; write 'LOCF' or 'linear'");
  ExpectError("time_weight('locf', 'infinity', n) FROM hundred", "not a finite one");
  ExpectError("integral(time_weight('locf', n, n), 'month') FROM hundred", "unknown unit");
  ExpectError("lttb(n, n, 2) FROM hundred", "resolution must be greater than 2");
  ExpectError("counter_agg('soon', n) FROM hundred", "soon");
  ExpectError("counter_agg(n, 'high') FROM hundred", "a number is expected, not \"high\"");
  ExpectError(
      "rollup(s) FROM (SELECT percentile_agg(n) s FROM hundred UNION ALL SELECT "
      "counter_agg(n, n) FROM hundred)",
      "a sketch of counter_agg cannot be merged with one of percentile_agg");
  ExpectError("rollup(s) FROM (SELECT counter_agg(n, n) s FROM hundred GROUP BY n % 2)",
              "overlap in time");
}

}  // namespace
}  // namespace xtdb
