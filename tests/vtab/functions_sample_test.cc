// xtdb_at, xtdb_sample, xtdb_vectors.

#include <cmath>
#include <cstring>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class SampleFunctionTest : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('a', 0, 1, 192), ('a', 10, 3, 192), "
        "('a', 20, 100, 0), ('a', 30, 7, 64), ('s', 5, 'on', 192), ('n', 5, NULL, 192)");
  }
  std::string At(int64_t ts, const std::string& more = "") {
    return Line("SELECT tag, value, quality, source_ts FROM xtdb_at('plant', 'a', " +
                std::to_string(ts) + ")" + more);
  }
  std::string Grid(const std::string& more) {
    return Line("SELECT ts, value FROM xtdb_sample('plant', 'a', 0, 40, '10 us') " + more);
  }
};

TEST_F(SampleFunctionTest, AValueHoldsUntilTheNext) {
  EXPECT_EQ(At(-1), "");
  EXPECT_EQ(At(0), "a 1 192 0");
  EXPECT_EQ(At(9), "a 1 192 0");
  EXPECT_EQ(At(15), "a 3 192 10");
  EXPECT_EQ(At(25), "a 3 88 10") << "a bad one is no value, but leaves a doubt";
  EXPECT_EQ(At(25, " WHERE accept = 'all'"), "a 100 0 20");
  EXPECT_EQ(At(1'000'000), "a 7 88 30") << "nobody knows what comes";
  EXPECT_EQ(At(1'000'000, " WHERE max_gap = '1 ms'"), "");
}

TEST_F(SampleFunctionTest, OrALineJoinsThem) {
  const std::string linear = " WHERE mode = 'linear'";
  EXPECT_EQ(At(5, linear), "a 2.0 192 0");
  EXPECT_EQ(At(10, linear), "a 3 192 10");
  EXPECT_EQ(At(20, linear), "a 5.0 88 10") << "over a bad point, to an uncertain one";
  EXPECT_EQ(At(31, linear), "a 7 88 30") << "held behind the last one";
  EXPECT_EQ(At(20, linear + " AND max_gap = '19 us'"), "");
  EXPECT_EQ(At(20, linear + " AND max_gap = '20 us'"), "a 5.0 88 10");
}

TEST_F(SampleFunctionTest, OrTheNearestOrTheExactPointCounts) {
  EXPECT_EQ(At(4, " WHERE mode = 'nearest'"), "a 1 192 0");
  EXPECT_EQ(At(5, " WHERE mode = 'nearest'"), "a 1 192 0");
  EXPECT_EQ(At(6, " WHERE mode = 'nearest'"), "a 3 192 10");
  EXPECT_EQ(At(-6, " WHERE mode = 'nearest' AND max_gap = '5 us'"), "");
  EXPECT_EQ(At(10, " WHERE mode = 'exact'"), "a 3 192 10");
  EXPECT_EQ(At(11, " WHERE mode = 'exact'"), "");
}

TEST_F(SampleFunctionTest, EachTagHasARowIfItHasAValue) {
  EXPECT_EQ(Line("SELECT tag, time, value, ts FROM xtdb_at('plant', '*', 7)"),
            "a 1970-01-01 00:00:00.000007 1 7, s 1970-01-01 00:00:00.000007 on 7");
  EXPECT_EQ(Line("SELECT tag FROM xtdb_at('plant') WHERE at = 7 AND tag = 's'"), "s");
  EXPECT_EQ(Line("SELECT value FROM xtdb_at('plant', 's', 7, 'linear')"), "");
}

TEST_F(SampleFunctionTest, AGridHasARowForEachTime) {
  EXPECT_EQ(Grid(""), "0 1, 10 3, 20 3, 30 7");
  EXPECT_EQ(Grid("WHERE mode = 'linear'"), "0 1, 10 3, 20 5.0, 30 7");
  EXPECT_EQ(Grid("WHERE mode = 'exact'"), "0 1, 10 3, 20 NULL, 30 7");
  EXPECT_EQ(Line("SELECT ts, value FROM xtdb_sample('plant', 'a', -3, 12, '5 us')"),
            "-3 NULL, 2 1, 7 1");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_sample('plant', 'a', 5, 5, '1 us')"), "0");
}

// A value found for one time serves the next ones.
TEST_F(SampleFunctionTest, ADenseGridIsTheSameAsSingleTimes) {
  for (const char* const mode : {"step", "linear", "nearest", "exact"}) {
    const std::string from = std::string("FROM xtdb_sample('plant', 'a', -5, 45, '1 us', '") + mode;
    for (const Row& row : db_->Query("SELECT ts, value, quality, source_ts " + from + "')")) {
      const std::string one = Line("SELECT value, quality, source_ts FROM xtdb_at('plant', 'a', " +
                                   row[0] + ", '" + mode + "')");
      const std::string grid = row[1] + " " + row[2] + " " + row[3];
      EXPECT_EQ(grid, one.empty() ? "NULL NULL NULL" : one) << mode << " at " << row[0];
    }
  }
}

TEST_F(SampleFunctionTest, OwnPointsAreSeen) {
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 25, 50)");
  EXPECT_EQ(At(27), "a 50 192 25");
  Run("ROLLBACK");
  EXPECT_EQ(At(27), "a 3 88 10");
}

TEST_F(SampleFunctionTest, WrongArgumentsAreNamed) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_at('plant')"),
              FailsWith(SQLITE_ERROR, "at what time? write xtdb_at('plant', tags, '2026"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_at('plant', '*', 9223372036854775807)"),
              FailsWith(SQLITE_ERROR, "timestamp out of range"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_at('plant', '*', 1, 'spline')"),
              FailsWith(SQLITE_ERROR, "write step, linear, nearest or exact"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_sample('plant', '*', 1)"),
              FailsWith(SQLITE_ERROR, "from when on, and how often?"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_sample('plant', '*', 1, 2, '1 mon')"),
              FailsWith(SQLITE_ERROR, "no fixed length"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_sample('plant', '*', 1, 2, 5)"),
              FailsWith(SQLITE_ERROR, "write its unit, too"));
}

TEST_F(SampleFunctionTest, AConditionOnTheTimeIsWhereItBegins) {
  EXPECT_EQ(Line("SELECT ts, value FROM xtdb_sample('plant', 'a', '1900-01-01', '2900-01-01', "
                 "'1 us') WHERE time = '1970-01-01 00:00:00.00001'"),
            "10 3");
  EXPECT_EQ(Grid("WHERE time > '1970-01-01 00:00:00.000005' AND time < '1970-01-01 "
                 "00:00:00.00003'"),
            "10 3, 20 3");
}

// Blocks that a transaction wrote and took back leave room to others: what was read of them must
// not be taken for those.
TEST_F(SampleFunctionTest, WhatWasReadOfARolledBackTransactionIsForgotten) {
  Run("CREATE VIRTUAL TABLE small USING xtdb(path='small.xtdb', buffer='1M', chunk_size='4M')");
  Run("INSERT INTO small(tag, ts, value) VALUES ('before', 1, 1)");
  Run("SELECT xtdb_flush('small')");
  const auto fill = [&](const std::string& add) {
    Run("INSERT INTO small(tag, ts, value) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 200000) SELECT 'a', i, i * 0.37 + " +
        add + " FROM n");
  };
  const auto expect = [&](double add) {
    for (const int64_t ts : {1, 5000, 77777, 199999}) {
      const std::string at =
          Line("SELECT value FROM xtdb_at('small', 'a', " + std::to_string(ts) + ")");
      EXPECT_DOUBLE_EQ(std::stod(at), static_cast<double>(ts) * 0.37 + add) << ts;
    }
  };
  for (const int round : {1, 2, 3}) {
    Run("BEGIN");
    fill(std::to_string(round));
    expect(round);
    Run(round < 3 ? "ROLLBACK" : "COMMIT");
  }
  expect(3);
  EXPECT_EQ(Line("SELECT xtdb_check('small')"), "ok");
}

class PlotFunctionTest : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    Run("INSERT INTO plant(tag, ts, value) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 99) SELECT 'a', i, (i * 37) % 100 FROM n");
    Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('b', 40, 5, 192), ('b', 41, 500, 0)");
  }
};

TEST_F(PlotFunctionTest, EachPixelHasItsFirstLeastGreatestAndLast) {
  EXPECT_EQ(Line("SELECT ts, first, min, max, last, count FROM xtdb_plot('plant', 'a', 0, 100, 4)"),
            "0 0 0 96 88 25, 25 25 2 99 13 25, 50 50 1 98 38 25, 75 75 4 97 63 25");
  EXPECT_EQ(Line("SELECT tag, ts, count FROM xtdb_plot('plant', '*', NULL, NULL, 2)"),
            "a 0 50, a 50 50, b 0 1");
  EXPECT_EQ(Line("SELECT max FROM xtdb_plot('plant', 'b', NULL, NULL, 1) WHERE accept = 'all'"),
            "500");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_plot('plant', 'a', 0, 100, 1000)"), "100");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_plot('plant', 'none', NULL, NULL, 10)"), "0");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_plot('plant', 'a', 100, 0, 10)"), "0");
}

TEST_F(PlotFunctionTest, ArgumentsAndTextsAreChecked) {
  EXPECT_THAT(Exec("SELECT * FROM xtdb_plot('plant')"),
              FailsWith(SQLITE_ERROR, "how many pixels?"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_plot('plant', 'a', 0, 9, 0)"),
              FailsWith(SQLITE_ERROR, "write 1 to 100000"));
  EXPECT_THAT(Exec("SELECT * FROM xtdb_plot('plant', 'a', 0, 9, 'wide')"),
              FailsWith(SQLITE_ERROR, "write an integer"));
  Run("INSERT INTO plant(tag, ts, value) VALUES ('s', 1, 'on')");
  EXPECT_THAT(Exec("SELECT * FROM xtdb_plot('plant', 's', NULL, NULL, 5)"),
              FailsWith(SQLITE_MISMATCH, "'s' is text"));
}

class VectorsFunctionTest : public SqlTest {
 protected:
  template <typename T>
  static std::vector<T> ArrayOf(const std::string& blob) {
    std::vector<T> array(blob.size() / sizeof(T));
    std::memcpy(array.data(), blob.data(), array.size() * sizeof(T));
    return array;
  }
};

TEST_F(VectorsFunctionTest, ArraysHoldThePointsInOrder) {
  Run("INSERT INTO plant(tag, ts, value, quality) VALUES ('f', 2, 2.5, 64), ('f', 1, 1, 192), "
      "('i', 5, 7, 0)");
  const Rows rows = db_->Query(
      "SELECT tag, type, count, ts, value, quality, nulls "
      "FROM xtdb_vectors('plant')");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][0] + rows[0][1] + rows[0][2], "ffloat642");
  EXPECT_EQ(ArrayOf<int64_t>(rows[0][3]), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(ArrayOf<double>(rows[0][4]), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(ArrayOf<uint8_t>(rows[0][5]), (std::vector<uint8_t>{192, 64}));
  EXPECT_EQ(rows[0][6], "NULL");
  EXPECT_EQ(rows[1][1], "int64");
  EXPECT_EQ(ArrayOf<int64_t>(rows[1][4]), (std::vector<int64_t>{7}));
}

TEST_F(VectorsFunctionTest, NullsAreMarkedAndTypesWidened) {
  Run("SELECT xtdb_define_tag('plant', 'b', 'bool'), xtdb_define_tag('plant', 'r', 'float32')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('b', 1, 1), ('b', 2, NULL), ('b', 3, 0), "
      "('r', 1, 0.5), ('r', 2, NULL), ('w', 1, 3)");
  Run("SELECT xtdb_flush('plant')");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('w', 2, 0.5)");
  const Rows rows = db_->Query("SELECT tag, type, value, hex(nulls) FROM xtdb_vectors('plant')");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(ArrayOf<int64_t>(rows[0][2]), (std::vector<int64_t>{1, 0, 0}));
  EXPECT_EQ(rows[0][1] + rows[0][3], "int6402");
  const auto reals = ArrayOf<double>(rows[1][2]);
  EXPECT_EQ(reals[0], 0.5);
  EXPECT_TRUE(std::isnan(reals[1]));
  EXPECT_EQ(rows[1][1] + rows[1][3], "float6402");
  EXPECT_EQ(ArrayOf<double>(rows[2][2]), (std::vector<double>{3, 0.5}));
}

TEST_F(VectorsFunctionTest, LongTagsAreSeveralRowsAndRangesAreCut) {
  Run("INSERT INTO plant(tag, ts, value) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
      "FROM n WHERE i < 29999) SELECT 'a', i, i * 0.5 FROM n");
  Run("SELECT xtdb_flush('plant')");
  std::vector<int64_t> times;
  for (const Row& row : db_->Query("SELECT ts FROM xtdb_vectors('plant', 'a', 100, 29000)")) {
    const std::vector<int64_t> some = ArrayOf<int64_t>(row[0]);
    times.insert(times.end(), some.begin(), some.end());
  }
  ASSERT_EQ(times.size(), 28'900u);
  EXPECT_EQ(times.front(), 100);
  EXPECT_EQ(times.back(), 28'999);
  EXPECT_EQ(Line("SELECT sum(count), count(*) > 3 FROM xtdb_vectors('plant')"), "30000 1");
}

TEST_F(VectorsFunctionTest, ATextIsAnError) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('s', 1, 'on')");
  EXPECT_THAT(Exec("SELECT * FROM xtdb_vectors('plant')"),
              FailsWith(SQLITE_MISMATCH, "tag 's' is text, which no array holds"));
}

}  // namespace
}  // namespace xtdb
