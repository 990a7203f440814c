// Aggregates of PostgreSQL's and TimescaleDB's names, by published values; tests/postgres asks a
// live server.

#include "tests/vtab/select_fixture.h"

namespace xtdb {
namespace {

class AggregateNamesTest : public SelectFixture {
 protected:
  AggregateNamesTest() {
    db_.Run(
        "CREATE TABLE t(x, y, k); INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 4, 'b'), "
        "(NULL, 5, 'b'), (4, NULL, 'b'), (4, 9, 'c')");
  }
};

TEST_F(AggregateNamesTest, SpreadIsExactFarFromZero) {
  EXPECT_EQ(Of("stddev(column1), var_pop(column1) * 3 FROM (VALUES (1e9 + 1), (1e9 + 2), (1e9 + "
               "3))"),
            "1.0 2.0");
  EXPECT_EQ(Of("stddev(x), stddev_pop(x), variance('7') FROM t WHERE x = 1"), "NULL 0.0 NULL");
  EXPECT_EQ(Of("stddev(x) FROM t WHERE 0"), "NULL");
}

TEST_F(AggregateNamesTest, RegressionTakesYFirst) {
  EXPECT_EQ(Of("round(corr(column1, column2), 12), regr_slope(column1, column2), "
               "round(regr_r2(column1, column2), 12), covar_pop(column1, column2), "
               "covar_samp(column1, column2) FROM (VALUES (1, 1), (2, 2), (4, 3))"),
            "0.981980506062 1.5 0.964285714286 1.0 1.5");
  EXPECT_EQ(Of("regr_count(x, y), regr_avgx(x, y), regr_avgy(x, y) FROM t"), "4 4.0 2.5");
  EXPECT_EQ(Of("regr_count(x, y), regr_sxx(x, y), corr(x, y) FROM t WHERE 0"), "0 NULL NULL");
}

TEST_F(AggregateNamesTest, PercentilesOfUnsortedRows) {
  EXPECT_EQ(Of("percentile_cont(column1, 0.5), percentile_cont(column1, 0.9), "
               "percentile_disc(column1, 0), percentile_disc(column1, 0.51), median(column1), "
               "mode(column1), percentiles(column1, '[0.1, 0.9]') "
               "FROM (VALUES (4), (1), (3), (2), (4))"),
            "3.0 4.0 1 3 3.0 4 [1.4,4]");
  EXPECT_EQ(Of("mode(k), percentile_disc(k, 0.5) FROM t"), "b b");
  EXPECT_EQ(Of("median(x), percentile_cont(x, NULL), mode(x) FROM t WHERE x IS NULL"),
            "NULL NULL NULL");
  ExpectError("percentile_cont(x, 1.5) FROM t", "percentile value 1.5 is not between 0 and 1");
  ExpectError("percentile_cont(x, y / 10.0) FROM t", "the fraction is 0.1 in one row and 0.2");
  ExpectError("percentiles(x, '0.1') FROM t", "write a JSON array such as '[0.1, 0.5, 0.9]'");
  ExpectError("percentiles(x, '[0.1,]') FROM t", "write a JSON array");
  ExpectError("percentiles(x, '[2]') FROM t", "percentile value 2 is not between 0 and 1");
  ExpectError("percentiles(x, '[' || (y / 9.0) || ']') FROM t WHERE y < 3", "in another");
}

TEST_F(AggregateNamesTest, FirstAndLastAreByTime) {
  EXPECT_EQ(Of("first(x, y), last(x, y), first(k, x), last(k, x) FROM t"), "1 4 a b");
  EXPECT_EQ(Of("first(k, 0), last(k, 0) FROM t"), "a a") << "of equal times the first row";
  EXPECT_EQ(Of("last(x, y) FROM t WHERE y <= 5"), "NULL") << "the value may be NULL";
  EXPECT_EQ(Of("last(k, y) FROM t WHERE y IS NULL"), "b");
  EXPECT_EQ(Of("last(column1, column2) FROM (VALUES ('a', '2026-01-02'), ('b', '2026-01-10'), "
               "('c', NULL))"),
            "b");
  EXPECT_EQ(Of("last(column1, column2) FROM (VALUES (1, 9007199254740993), (2, "
               "9007199254740992.0))"),
            "1");
}

TEST_F(AggregateNamesTest, HistogramCountsBelowWithinAndAbove) {
  EXPECT_EQ(Of("histogram(x, 2, 4, 2) FROM t"), "[1,1,1,2]");
  EXPECT_EQ(Of("histogram(x, 0, 1, 2) FROM t WHERE 0"), "NULL");
  ExpectError("histogram(x, 5, 4, 4) FROM t", "lower bound cannot exceed upper bound");
  ExpectError("histogram(x, 4, 4, 4) FROM t", "lower bound cannot equal upper bound");
  ExpectError("histogram(x, 0, 4, 0) FROM t", "the number of buckets is 0");
  ExpectError("histogram(x, 0, y, 4) FROM t", "must not change between rows");
}

TEST_F(AggregateNamesTest, AllStandOverWindows) {
  EXPECT_EQ(db_.Line("SELECT median(x) OVER (ORDER BY rowid ROWS BETWEEN 1 PRECEDING AND 1 "
                     "FOLLOWING), locf(x) OVER (ORDER BY rowid), last(x, y) OVER (ORDER BY rowid "
                     "ROWS 1 PRECEDING) FROM t"),
            "1.5 1 1, 2.0 2 2, 2.5 3 3, 3.5 3 NULL, 4.0 4 NULL, 4.0 4 4");
  EXPECT_EQ(db_.Line("SELECT mode(k) OVER w, histogram(x, 0, 4, 1) OVER w, percentiles(x, '[0]') "
                     "OVER w, percentile_disc(x, 1) OVER w FROM t WINDOW w AS (ORDER BY rowid ROWS "
                     "2 PRECEDING) LIMIT 4"),
            "a [0,1,0] [1] 1, a [0,2,0] [1] 2, a [0,3,0] [1] 3, b [0,2,0] [2] 3");
  EXPECT_EQ(db_.Line("SELECT k, count(*), median(x) FILTER (WHERE x > 1) FROM t GROUP BY k"),
            "a 2 2.0, b 3 3.5, c 1 4.0");
}

TEST_F(AggregateNamesTest, AFrameThatSlidesIsBounded) {
  const std::string numbers =
      "(WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "2200000) SELECT i FROM n)";
  EXPECT_EQ(Of("median(i) FROM " + numbers), "1100000.5");
  ExpectError(
      "count(r) FROM (SELECT var_pop(i) OVER (ROWS BETWEEN 2150000 PRECEDING AND CURRENT "
      "ROW) AS r FROM " +
          numbers + ")",
      "a frame that rows leave again has at most 16 MiB");
}

TEST_F(AggregateNamesTest, TextsThatAreNoNumbersAreErrors) {
  ExpectError("stddev('abc')", "a number is expected, not \"abc\"");
  ExpectError("corr(1, x'00')", "a number is expected, not a BLOB");
  EXPECT_EQ(Of("var_pop(column1) FROM (VALUES ('1'), (3))"), "1.0");
}

// Goal: a frame that has lost rows and then grows beyond what is kept says so, and what is told
// before is right.
TEST_F(AggregateNamesTest, AFrameThatIsTooLargeIsAnErrorNotAWrongAnswer) {
  db_.Run(
      "CREATE TABLE d(k, x); INSERT INTO d VALUES (1, 10), (2, 20), (10, 30); "
      "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 3000) INSERT INTO "
      "d "
      "SELECT 12, printf('%010000d', i) FROM r");
  EXPECT_EQ(Of("group_concat(k || ' ' || first) FROM (SELECT DISTINCT k, first(length(x), k) OVER "
               "(ORDER BY k RANGE BETWEEN 5 PRECEDING AND 2 FOLLOWING) AS first FROM d)"),
            "1 2,2 2,10 2,12 2");
  ExpectError(
      "max(s) FROM (SELECT first(x, k) OVER (ORDER BY k ROWS BETWEEN 2500 PRECEDING AND CURRENT "
      "ROW) s FROM d)",
      "first: a frame that rows leave again has at most 16 MiB of values; begin it with");
}

TEST_F(AggregateNamesTest, LargeIntegersLoseNoDigits) {
  db_.Run(
      "CREATE TABLE big AS WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i "
      "< "
      "999) SELECT i, 1000000000000000 + i % 2 AS a, 4611686018427387904 + i * 64 AS b, "
      "1767323045000000 + i AS ts FROM r");
  EXPECT_EQ(Of("round(stddev(a), 12), stddev(b) / 64 - stddev(i) FROM big"), "0.500250187656 0.0");
  EXPECT_EQ(Of("regr_slope(2.0 * i, ts), corr(2.0 * i, ts), regr_avgx(i, ts) - 1767323045000000, "
               "round(regr_intercept(i, ts)) FROM big"),
            "2.0 1.0 499.5 -1.767323045e+15");
  EXPECT_EQ(Of("stddev(column1), var_pop(column1) FROM (VALUES (7), (7.5), (8))"),
            "0.5 0.166666666666667");
}

TEST_F(AggregateNamesTest, CorrelationsReachTheEndsOfDoubles) {
  for (const std::string scale : {"1e-100", "1e78", "1e150"}) {
    EXPECT_EQ(Of("round(corr(x, 2 * x), 12), round(regr_r2(x, 2 * x), 12) FROM (SELECT " + scale +
                 " * column1 AS x FROM (VALUES (1), (2), (3)))"),
              "1.0 1.0")
        << scale;
  }
}

TEST_F(AggregateNamesTest, AHistogramOfNoRowsIsNullOverAWindowToo) {
  EXPECT_EQ(
      Of("group_concat(ifnull(h, '-'), ' ') FROM (SELECT histogram(x, 0, 10, 2) OVER (ORDER BY "
         "id ROWS CURRENT ROW) h FROM (SELECT 1 id, NULL x UNION ALL SELECT 2, 5 UNION ALL "
         "SELECT 3, NULL))"),
      "- [0,0,1,0] -");
  EXPECT_EQ(Of("histogram(column1, -1.7e308, 1.7e308, 4) FROM (VALUES (1), (2), (-1e308), (1e308), "
               "(1.7e308))"),
            "[0,1,0,2,1,1]");
  ExpectError("histogram(1, 0, 10, 'abc')", "histogram: a number is expected");
  ExpectError("histogram(1, 0, 10, 5.5)", "the number of buckets is 5.5; write a whole one");
}

TEST_F(AggregateNamesTest, TimesInDifferentFormsAreTimes) {
  EXPECT_EQ(Of("last(column2, column1), first(column2, column1) FROM (VALUES "
               "('2026-03-29T12:00:00Z', 1), ('2026-03-29 13:00', 2), (1774780000000000, 3))"),
            "2 3");
  EXPECT_EQ(Of("last(column2, column1) FROM (VALUES ('b', 1), ('a', 2), (5, 3))"), "1");
}

TEST_F(AggregateNamesTest, ErrorsNameTheFunction) {
  ExpectError("stddev('abc')", "stddev: a number is expected, not \"abc\"");
  ExpectError("regr_count('abc', 1)", "regr_count: a number is expected");
  ExpectError("percentile_cont(0.9, x + 1) FROM t", "it comes behind the values");
}

TEST_F(AggregateNamesTest, PercentilesOfHugeAndInfiniteValues) {
  EXPECT_EQ(Of("median(column1) FROM (VALUES (-1.7e308), (1.7e308))"), "0.0");
  EXPECT_EQ(Of("median(column1) FROM (VALUES (9e999), (9e999))"), "Inf");
  EXPECT_EQ(Of("percentiles(column1, '[0, 1]') FROM (VALUES (9e999), (1))"), "[1,9e999]");
}

// A running one does not sort everything for each row.
TEST_F(AggregateNamesTest, ARunningMedianIsThatOfAllSoFar) {
  EXPECT_EQ(
      Of("group_concat(m) FROM (SELECT median(column1) OVER (ROWS UNBOUNDED PRECEDING) m FROM "
         "(VALUES (5), (1), (4), (2), (3)))"),
      "5.0,3.0,4.0,3.0,3.0");
  EXPECT_EQ(Of("group_concat(m) FROM (SELECT mode(column1) OVER (ROWS UNBOUNDED PRECEDING) m FROM "
               "(VALUES ('b'), ('a'), ('b'), ('a'), ('a')))"),
            "b,a,b,a,a");
}

}  // namespace
}  // namespace xtdb
