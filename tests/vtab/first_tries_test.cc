// What newcomers write first: an error that says what to write, and never a wrong answer where the
// extension can tell.

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class FirstTriesTest : public testing::Test {
 protected:
  FirstTriesTest() {
    db_.Run(
        "CREATE VIRTUAL TABLE plant USING xtdb;"
        "INSERT INTO plant(tag, time, value) VALUES ('boiler.temp', '2026-01-01 00:00', 70), "
        "('boiler.temp', '2026-01-02 00:00', 71)");
  }
  void ExpectError(const std::string& select, const std::string& message) {
    const Outcome outcome = db_.Exec("SELECT " + select);
    EXPECT_NE(outcome.code, SQLITE_OK) << select;
    EXPECT_THAT(outcome.message, testing::HasSubstr(message)) << select;
  }
  TestDatabase db_{":memory:"};
};

TEST_F(FirstTriesTest, SecondsAndMillisecondsAreNoMicroseconds) {
  ExpectError("* FROM plant WHERE ts > 1767225600",
              "ts is microseconds, as which 1767225600 is 1970-01-01 00:29:27.225600, before all "
              "points; for seconds write 1767225600 * 1000000");
  ExpectError("* FROM plant WHERE ts > strftime('%s', '2026-01-01')", "for seconds write");
  ExpectError("* FROM plant WHERE ts < 1767225600000",
              "for milliseconds write 1767225600000 * 1000");
  ExpectError("* FROM plant WHERE ts IN (5, 1767225600)", "for seconds write");
  ExpectError("* FROM plant WHERE ts >= 1767225600.5", "for seconds write");
  ExpectError("* FROM xtdb_aggregate('plant', '*', 1767225600, 1767312000, '1 hour')",
              "start is microseconds");
  ExpectError("* FROM xtdb_sample('plant', '*', '2026-01-01', 1767312000, '1 hour')",
              "stop is microseconds");
  ExpectError("* FROM xtdb_at('plant', '*', 1767312000000)", "at is microseconds");
}

TEST_F(FirstTriesTest, ButOtherSmallNumbersAre) {
  for (const std::string ts : {"0", "1", "86400000000", "100000000", "31536000000000", "-1"}) {
    EXPECT_EQ(db_.Line("SELECT count(*) FROM plant WHERE ts > " + ts), "2") << ts;
  }
  EXPECT_EQ(db_.Line("SELECT count(*) FROM plant WHERE ts > 1767225600 * 1000000"), "1");
  db_.Run("CREATE VIRTUAL TABLE old USING xtdb");
  EXPECT_EQ(db_.Line("SELECT count(*) FROM old WHERE ts > 1767225600"), "0") << "nothing known";
  db_.Run("INSERT INTO old(tag, ts, value) VALUES ('a', 1767225601, 1)");
  EXPECT_EQ(db_.Line("SELECT count(*) FROM old WHERE ts > 1767225600"), "1");
}

TEST_F(FirstTriesTest, OwnPointsCount) {
  db_.Run("CREATE VIRTUAL TABLE fresh USING xtdb; BEGIN");
  db_.Run("INSERT INTO fresh(tag, time, value) VALUES ('a', '2026-01-01', 1)");
  ExpectError("* FROM fresh WHERE ts >= 1767225600", "for seconds write");
  db_.Run("ROLLBACK");
}

TEST_F(FirstTriesTest, NumbersThatWereDates) {
  ExpectError("* FROM plant WHERE time >= CAST('2026-01-01' AS timestamp)",
              "a year is what CAST and arithmetic make of a date: write the text as it is");
  ExpectError("* FROM plant WHERE time > now() - '1 day'", "ts_sub(now(), '1 day')");
  ExpectError("* FROM plant WHERE time > 1767225600", "to_timestamp(x) turns seconds into a time");
  ExpectError("* FROM plant WHERE time > '01/02/2026'", "write 'YYYY-MM-DD HH:MM:SS");
}

TEST_F(FirstTriesTest, IntervalsWithoutUnits) {
  ExpectError("ts_sub(now(), 1)", "an interval is a text, not 1; write its unit, too: '1 s'");
  ExpectError("time_bucket(300, time) FROM plant", "write the width's unit, too: '300 s'");
  ExpectError("* FROM xtdb_aggregate('plant', '*', '2026-01-01', '2026-01-02', 3600)", "'3600 s'");
  ExpectError("time_bucket('5 minuts', time) FROM plant", "minuts");
}

TEST_F(FirstTriesTest, ArgumentsTheOtherWayRound) {
  ExpectError("percentile_cont(0.5, value) FROM plant",
              "percentile value 70 is not between 0 and 1");
  ExpectError("approx_percentile(value, 0.5) FROM plant",
              "write approx_percentile(0.9, percentile_agg(x))");
  ExpectError("time_bucket(time, '1 hour') FROM plant", "write time_bucket('1 hour', time)");
  ExpectError("date_trunc(time, 'hour') FROM plant", "write date_trunc('hour', time)");
  ExpectError("date_part(time, 'hour') FROM plant", "write date_part('hour', time)");
  ExpectError("timezone(time, 'Europe/Berlin') FROM plant",
              "write timezone('Europe/Berlin', time)");
}

TEST_F(FirstTriesTest, TextsThatOtherFunctionsRead) {
  ExpectError("* FROM plant WHERE time > '-1 day'",
              "it is an interval; write ts_sub(now(), '1 day')");
  ExpectError("* FROM xtdb_aggregate('plant', 'boiler.temp', '1 hour')", "it is an interval");
  ExpectError("* FROM plant WHERE time > 'yesterday'",
              "beside the column ts the function ts('yesterday') reads it");
  ExpectError("* FROM plant WHERE time = '2026-01-01 08:00 Europe/Berlin'",
              "ts('2026-01-01 08:00 Europe/Berlin') reads it");
  ExpectError("* FROM plant WHERE time > '31.12.2026'",
              "to_timestamp('31.12.2026', 'DD.MM.YYYY') reads other forms");
  ExpectError("* FROM plant WHERE time > '20260102'", "a date is written '2026-01-02'");
  ExpectError("* FROM plant WHERE time > '20261302'", "does not take a number: \"20261302\"; the");
  ExpectError("to_timestamp('2026-01-02')",
              "a time text is taken as it is; other forms by to_timestamp(text, 'DD.MM.YYYY')");
  ExpectError("date_trunc('15 min', time) FROM plant", "write time_bucket('15 min', time)");
  ExpectError("date_trunc('dayy', time) FROM plant",
              "write second, minute, hour, day, week, month, quarter, year");
}

TEST_F(FirstTriesTest, AggregatesOfTextsAndOtherNamesForTheAverage) {
  db_.Run("INSERT INTO plant VALUES ('pump.state', '2026-01-01', 'running', 192)");
  ExpectError("median(value) FROM plant", "WHERE typeof(value) <> 'text'");
  ExpectError("mean(value) FROM plant", "the average of values is avg(x)");
}

TEST_F(FirstTriesTest, FunctionsThatGiveRowsStandBehindFrom) {
  ExpectError("xtdb_last('plant')", "xtdb_last gives rows; write SELECT * FROM xtdb_last('plant'");
  ExpectError("xtdb_tags()", "write SELECT * FROM xtdb_tags('plant')");
  ExpectError("xtdb_aggregate('plant', '*') FROM plant", "write SELECT * FROM xtdb_aggregate(");
  ExpectError("xtdb_at('plant', 'a', tag, 1, 2, 3) FROM plant", "SELECT * FROM xtdb_at(");
}

TEST_F(FirstTriesTest, ValuesThatAreNearlyNumbers) {
  const auto insert = [&](const std::string& value) {
    return db_.Exec("INSERT INTO plant(tag, time, value) VALUES ('boiler.temp', '2026-01-05', '" +
                    value + "')");
  };
  EXPECT_THAT(insert("71,5"), FailsWith(SQLITE_MISMATCH, "write 71.5, with a point"));
  EXPECT_THAT(insert("NaN"), FailsWith(SQLITE_MISMATCH, "write NULL where there is no value"));
  EXPECT_THAT(insert("null"), FailsWith(SQLITE_MISMATCH, "write NULL where there is no value"));
  EXPECT_THAT(insert("hot"), FailsWith(SQLITE_MISMATCH, "write such values to another tag"));
  EXPECT_THAT(insert("1,2,3"), FailsWith(SQLITE_MISMATCH, "write such values to another tag"));
}

TEST_F(FirstTriesTest, TablesOfTagsAndBuckets) {
  EXPECT_THAT(db_.Exec("CREATE VIRTUAL TABLE w USING xtdb_wide(plant, 'boiler.*')"),
              FailsWith(SQLITE_ERROR, "a column is of one tag, and this is a pattern"));
  db_.Run("CREATE VIRTUAL TABLE w USING xtdb_wide(plant, 'what?' AS what)");
  EXPECT_EQ(db_.Line("SELECT * FROM w"), "");
  db_.Run("CREATE VIRTUAL TABLE r USING xtdb_rollup(plant, width='1 day')");
  EXPECT_EQ(db_.Line("SELECT count FROM r"), "1, 1");
  EXPECT_THAT(db_.Exec("CREATE VIRTUAL TABLE s USING xtdb_rollup(tbl=plant, tags='a')"),
              FailsWith(SQLITE_ERROR, "write USING xtdb_rollup(plant, '1 hour')"));
}

}  // namespace
}  // namespace xtdb
