// The example data of OPC UA Part 13 (OPC 10000-13, release 1.04), Annex A.1, and what its tables
// say of it: Interpolative (A.2.2), Average (A.3.2), TimeAverage2 (A.5.2), Minimum and Maximum
// (A.8.2, A.9.2), MaximumActualTime (A.11.2). Of the status a quality byte tells Good (192),
// Uncertain (64) and UncertainDataSubNormal (88).

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class HistorianTest : public testing::Test {
 protected:
  HistorianTest() {
    db_.Run(
        "CREATE VIRTUAL TABLE plant USING xtdb;"
        "CREATE TABLE raw(tag, second, value, quality); INSERT INTO raw VALUES "
        "('h1', 0, NULL, 0), ('h1', 10, 10, 192), ('h1', 20, 20, 192), ('h1', 30, 30, 192), "
        "('h1', 40, 40, 0), ('h1', 50, 50, 192), ('h1', 60, 60, 192), ('h1', 70, 70, 64), "
        "('h1', 80, 80, 192), ('h1', 90, 90, 192), "
        "('h2', 0, NULL, 0), ('h2', 2, 10, 192), ('h2', 25, 20, 192), ('h2', 28, 25, 192), "
        "('h2', 39, 30, 192), ('h2', 42, NULL, 0), ('h2', 48, 40, 192), ('h2', 52, 50, 192), "
        "('h2', 72, 60, 192), ('h2', 77, 70, 64), ('h2', 83, 70, 192), ('h2', 86, 80, 192), "
        "('h2', 90, 90, 192);"
        "INSERT INTO raw SELECT 'h3', second, value, quality FROM raw WHERE tag = 'h2';"
        "INSERT INTO plant(tag, ts, value, quality) SELECT tag, ts('2012-01-02 12:00') + second * "
        "1000000, value, quality FROM raw ORDER BY second DESC;"
        "SELECT xtdb_define_tag('plant', 'h1', NULL, NULL, NULL, 0), xtdb_define_tag('plant', "
        "'h2', NULL, NULL, NULL, 'linear'), xtdb_define_tag('plant', 'h3', NULL, NULL, NULL, "
        "'step');");
  }

  // The values of a column of a function, with three digits, "-" for NULL, and, of samples, q
  // behind uncertain and s behind sub-normal ones.
  std::string Sampled(const std::string& tag, const std::string& accept) {
    return db_.Line(
        "SELECT group_concat(CASE WHEN value IS NULL THEN '-' ELSE printf('%.3f', value) || CASE "
        "quality WHEN 192 THEN '' WHEN 88 THEN 's' WHEN 64 THEN 'q' ELSE quality END END, ' ') "
        "FROM xtdb_sample('plant', '" +
        tag + "', '2012-01-02 12:00:00', '2012-01-02 12:01:40', '5 s') WHERE accept = '" + accept +
        "'");
  }
  // Of all buckets of the range, also empty ones.
  std::string Figures(const std::string& column, const std::string& tag, const std::string& width,
                      const std::string& where) {
    return db_.Line("SELECT group_concat(CASE WHEN " + column +
                    " IS NULL THEN '-' ELSE printf('%.3f', " + column +
                    ") END, ' ') FROM ts_series('2012-01-02 12:00:00', '2012-01-02 12:01:39', '" +
                    width + "') s LEFT JOIN (SELECT ts, " + column +
                    " FROM xtdb_aggregate WHERE tbl = 'plant' AND tags = '" + tag +
                    "' AND start = '2012-01-02 12:00:00' AND stop = '2012-01-02 12:01:40' AND "
                    "width = '" +
                    width + "' AND origin = '2012-01-02 12:00:00' AND " + where +
                    ") a ON a.ts = s.ts AND a." + column + " IS NOT NULL");
  }

  TestDatabase db_{":memory:"};
};

TEST_F(HistorianTest, Interpolative) {
  EXPECT_EQ(Sampled("h1", "notbad"),
            "- - 10.000 15.000 20.000 25.000 30.000 35.000s 40.000s 45.000s 50.000 55.000 60.000 "
            "65.000s 70.000q 75.000s 80.000 85.000 90.000 90.000s");
  EXPECT_EQ(Sampled("h2", "good"),
            "- 11.304 13.478 15.652 17.826 20.000 25.909 28.182 31.111s 36.667s 45.000 51.500 "
            "54.000 56.500 59.000 62.727s 67.273s 76.667 90.000 90.000s");
  EXPECT_EQ(Sampled("h3", "good"),
            "- 10.000 10.000 10.000 10.000 20.000 25.000 25.000 30.000 30.000s 40.000 50.000 "
            "50.000 50.000 50.000 60.000 60.000s 70.000 90.000 90.000s");
}

// Behind the last value (12:01:35) the standard has no data; here it is held, as Interpolative
// does.
TEST_F(HistorianTest, TimeAverage2) {
  EXPECT_EQ(
      Figures("twa", "h1", "5 s", "accept = 'notbad' AND bounds = 'simple' AND fill = 'null'"),
      "- - 12.500 17.500 22.500 27.500 30.000 30.000 - - 52.500 57.500 62.500 67.500 72.500 "
      "77.500 82.500 87.500 90.000 90.000");
  EXPECT_EQ(Figures("twa", "h2", "5 s", "accept = 'good' AND bounds = 'simple' AND fill = 'null'")
                .substr(0, 104),
            "10.652 12.391 14.565 16.739 18.913 23.682 27.045 29.273 30.000 42.500 49.450 52.750 "
            "55.250 57.750 59.800");
  EXPECT_EQ(Figures("twa", "h3", "5 s", "accept = 'good' AND bounds = 'simple' AND fill = 'null'")
                .substr(0, 111),
            "10.000 10.000 10.000 10.000 10.000 22.000 25.000 26.000 30.000 40.000 46.000 50.000 "
            "50.000 50.000 56.000 60.000");
}

// The line goes on over the points that do not count: at 12:00:45 from 36.667 to 40 and 45.
TEST_F(HistorianTest, TimeAverage) {
  EXPECT_EQ(db_.Line("SELECT twa, integral FROM xtdb_aggregate WHERE tbl = 'plant' AND tags = 'h2' "
                     "AND start = '2012-01-02 12:00:45' AND stop = '2012-01-02 12:00:50' AND "
                     "accept = 'good'"),
            "40.0 200.0");
}

TEST_F(HistorianTest, AverageMinimumMaximum) {
  EXPECT_EQ(Figures("avg", "h2", "5 s", "accept = 'good'"),
            "10.000 - - - - 22.500 - 30.000 - 40.000 50.000 - - - 60.000 - 70.000 80.000 90.000 -");
  EXPECT_EQ(Figures("avg", "h1", "5 s", "accept = 'good'"),
            "- - 10.000 - 20.000 - 30.000 - - - 50.000 - 60.000 - - - 80.000 - 90.000 -");
  EXPECT_EQ(Figures("min", "h1", "16 s", "accept = 'good'"), "10.000 20.000 - 50.000 - 80.000 -");
  EXPECT_EQ(Figures("max", "h1", "16 s", "accept = 'good'"), "10.000 30.000 - 60.000 - 90.000 -");
  for (const std::string tag : {"h2", "h3"}) {
    EXPECT_EQ(Figures("min", tag, "16 s", "accept = 'good'"),
              "10.000 20.000 30.000 40.000 60.000 70.000 -");
    EXPECT_EQ(Figures("max", tag, "16 s", "accept = 'good'"),
              "10.000 25.000 30.000 50.000 60.000 90.000 -");
  }
}

TEST_F(HistorianTest, MaximumActualTime) {
  EXPECT_EQ(
      db_.Line("SELECT group_concat(substr(time, 15, 5) || ' ' || highest, ', ') FROM (SELECT "
               "time, max(value) AS highest FROM plant WHERE tag = 'h2' AND quality >= 192 "
               "GROUP BY time_bucket('16 s', ts, '2012-01-02 12:00:00'))"),
      "00:02 10, 00:28 25, 00:39 30, 00:52 50, 01:12 60, 01:30 90");
}

TEST_F(HistorianTest, NoBoundsMeanNothingFromOutside) {
  const std::string call =
      "SELECT twa, integral FROM xtdb_aggregate WHERE tbl = 'plant' AND tags = 'h2' AND start = "
      "'2012-01-02 12:00:24' AND stop = '2012-01-02 12:00:32' AND accept = 'good' AND bounds = ";
  EXPECT_EQ(db_.Line(call + "'none'"), "22.5 67.5");
  EXPECT_EQ(db_.Line(call + "'interpolated' AND mode = 'step'"), "21.25 170.0");
  EXPECT_EQ(db_.Line("SELECT count(*) FROM xtdb_aggregate WHERE tbl = 'plant' AND tags = 'h2' AND "
                     "start = '2012-01-02 12:00:30' AND stop = '2012-01-02 12:00:38' AND width = "
                     "'1 s' AND fill = 'locf' AND bounds = 'none'"),
            "0");
  EXPECT_THAT(db_.Exec(call + "'both'").message,
              testing::HasSubstr("bounds is \"both\"; write interpolated, simple or none"));
}

TEST_F(HistorianTest, ModeSaysOtherwiseThanTheTag) {
  const auto at = [&](const std::string& tag, const std::string& mode) {
    return db_.Line("SELECT printf('%.3f', value) FROM xtdb_at('plant', '" + tag +
                    "', '2012-01-02 12:00:30'" + mode + ") WHERE accept = 'good'");
  };
  EXPECT_EQ(at("h2", ""), "25.909");
  EXPECT_EQ(at("h2", ", 'step'"), "25.000");
  EXPECT_EQ(at("h3", ""), "25.000");
  EXPECT_EQ(at("h3", ", 'linear'"), "25.909");
}

TEST_F(HistorianTest, HoldingBehindTheLastValueEndsWithTheGap) {
  const auto at = [&](const std::string& time, const std::string& gap) {
    return db_.Line(
        "SELECT ifnull(max(value || ' ' || quality), 'none') FROM xtdb_at WHERE tbl = "
        "'plant' AND tags = 'h2' AND at = '2012-01-02 " +
        time + "' AND max_gap = '" + gap + "'");
  };
  EXPECT_EQ(at("12:01:50", "1 min"), "90 88");
  EXPECT_EQ(at("12:01:50", "19 s"), "none");
}

TEST_F(HistorianTest, StepIsKeptWithTheTag) {
  EXPECT_EQ(db_.Line("SELECT group_concat(tag || ' ' || step) FROM xtdb_tags('plant')"),
            "h1 0,h2 0,h3 1");
  db_.Run("SELECT xtdb_define_tag('plant', 'h3', NULL, 'bar')");
  EXPECT_EQ(db_.Line("SELECT unit, step FROM xtdb_tags('plant', 'h3')"), "bar 1");
  db_.Run("SELECT xtdb_define_tag('plant', 'new', 'float64')");
  EXPECT_EQ(db_.Line("SELECT step FROM xtdb_tags('plant', 'new')"), "NULL");
  EXPECT_THAT(db_.Exec("SELECT xtdb_define_tag('plant', 'h3', NULL, NULL, NULL, 'maybe')").message,
              testing::HasSubstr("step is \"maybe\"; write 1 if a value holds until the next"));
}

}  // namespace
}  // namespace xtdb
