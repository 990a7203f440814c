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
  ExpectError("time_bucket(time, '1 hour') FROM plant", "2026-01-01");
  ExpectError("date_trunc(time, 'hour') FROM plant", "hour");
}

}  // namespace
}  // namespace xtdb
