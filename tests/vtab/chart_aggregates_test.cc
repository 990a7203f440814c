// sparkline and xtdb_chart: pictures as texts.

#include <algorithm>

#include "tests/vtab/select_fixture.h"
#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

// Rows n(i), from 0.
std::string Numbers(int last) {
  return "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(last) + ") ";
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

class ChartAggregatesTest : public SelectFixture {
 protected:
  // From rows n(0) to n(last); beginning with a line break, as the expected one does.
  std::string Picture(const std::string& call, int last = 24) {
    return "\n" + db_.Line(Numbers(last) + "SELECT " + call + " FROM n") + "\n";
  }
};

class SparklineTest : public ChartAggregatesTest {};

TEST_F(SparklineTest, ACharacterIsARowAndABlankNull) {
  EXPECT_EQ(Of("sparkline(column1) FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7))"),
            "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Of("sparkline(column1) FROM (VALUES (NULL), (-1), (NULL), (1), (NULL))"), " ▁ █ ");
}

TEST_F(SparklineTest, AlikeValuesAreInTheMiddle) {
  EXPECT_EQ(Of("sparkline(column1) FROM (VALUES (5), (5.0), ('5'))"), "▄▄▄");
  EXPECT_EQ(Of("sparkline(column1) FROM (VALUES (0.3), (0.1 + 0.2))"), "▄▄");
}

TEST_F(SparklineTest, OfNoRowsItIsNullAndOfNullsBlank) {
  EXPECT_EQ(Of("sparkline(1) WHERE 0"), "NULL");
  EXPECT_EQ(Of("'[' || sparkline(NULL) || ']'"), "[ ]");
}

TEST_F(SparklineTest, ManyRowsAreSharedOutEvenlyAndKeepTheirPeaks) {
  EXPECT_EQ(Picture("sparkline(abs(12 - i), 5)"), "\n█▃▁▃█\n");
  const std::string up = db_.Line(Numbers(999'999) + "SELECT sparkline(i = 505000) FROM n");
  EXPECT_EQ(CharacterCount(up), 80u);
  EXPECT_EQ(up.find("█"), 40 * std::string("▁").size()) << "one row of a million";
  const std::string down = db_.Line(Numbers(999'999) +
                                    "SELECT sparkline(CASE i WHEN 1 THEN -1 ELSE i % 2 END, 20) "
                                    "FROM n WHERE i <> 999998");
  EXPECT_EQ(CharacterCount(down), 20u);
  EXPECT_EQ(down.find("▁"), 0u);
}

TEST_F(SparklineTest, InfinitiesStretchNothing) {
  EXPECT_EQ(Of("sparkline(column1) FROM (VALUES (0), (9e999), (1), (-9e999))"), "▁██▁");
}

TEST_F(SparklineTest, StandsOverAWindow) {
  EXPECT_EQ(db_.Line(Numbers(3) + "SELECT sparkline(i) OVER (ORDER BY i ROWS 2 PRECEDING) FROM n"),
            "▄, ▁█, ▁▅█, ▁▅█");
}

TEST_F(SparklineTest, WrongArgumentsAreNamed) {
  ExpectError("sparkline('hot')", "a number is expected, not \"hot\"");
  ExpectError("sparkline(1, 0)",
              "the width is 0; write a whole number of characters from 1 to 500");
  ExpectError("sparkline(1, 2.5)", "the width is 2.5;");
  ExpectError("sparkline(1, column1) FROM (VALUES (5), (6))",
              "the width is 5 in one row and 6 in another");
  EXPECT_EQ(Of("sparkline(1, NULL)"), "▄");
}

TEST_F(ChartAggregatesTest, ALineHasAxesWithTheDateWhereItChanges) {
  EXPECT_EQ(Picture("xtdb_chart(1767225600000000 + i * 3600000000, 70 + (i - 12) * (i - 12) / "
                    "40.0, 30, 9)"),
            R"(
   │⠱⡀                       ⡜
   │ ⠱⡀                    ⢀⠎
72 ┤  ⠘⢄                  ⡠⠃
   │    ⠑⢄              ⡠⠔⠁
   │      ⠑⢄         ⢀⡠⠊
70 ┤        ⠉⠢⠤⣀⣀⣀⡠⠤⠔⠁
   └┬────────────┬───────────┬
  00:00        12:00     00:00
2026-01-01          2026-01-02
)");
}

TEST_F(ChartAggregatesTest, NullBreaksTheLine) {
  EXPECT_EQ(Picture("xtdb_chart(ts_add('2026-01-01', i || ' hours'), CASE WHEN i NOT BETWEEN 8 "
                    "AND 10 THEN i % 6 END, 30, 7)"),
            R"(
5 ┤    ⢀⢾      ⢇    ⢀⠔⡇    ⢀⢾
  │   ⡠⠃ ⡇     ⢸   ⡠⠃ ⢸  ⢀⠔⠁ ⡇
  │ ⢠⠊   ⡇      ⡇ ⡔⠁  ⢸ ⢠⠊   ⡇
0 ┤⡰⠁    ⢸⠎     ⢱⠎     ⡷⠁    ⢸
  └┬────────────┬────────────┬
 00:00        12:00      00:00
2026-01-01          2026-01-02
)");
}

TEST_F(ChartAggregatesTest, SeveralLinesHaveLettersAndALegend) {
  EXPECT_EQ("\n" +
                db_.Line(Numbers(24) +
                         "SELECT xtdb_chart(i * 1000000, i * k, CASE k WHEN 1 THEN 'up' ELSE "
                         "'down' END, 30, 9) FROM n, (SELECT 1 AS k UNION SELECT -1)") +
                "\n",
            R"(
 20 ┤                 ⢀⣀⠄ ⠒⠒ ⠈
    │        ⢀ ⠠⠤B ⠒⠉
    │⢀⣀ ⠠⠔⠂ ⠉⠁
    │⠉⠉⠑⠒A⠤⢄⣀⡀
    │        ⠈⠉⠑⠒⠒⠤⠤⣀⣀
-20 ┤                 ⠉⠉⠒A⠤⠤⣀⣀
    └┬──────────────┬─────────
 00:00:00       00:00:15
1970-01-01
A down   B up
)");
}

TEST_F(ChartAggregatesTest, OnePointIsADot) {
  EXPECT_EQ("\n" + Of("xtdb_chart('2026-01-02 03:04:05', -4, 20, 6)") + "\n", R"(
-3.9 ┤
     │       ⠄
-4.1 ┤
     └┬────────────┬
  03:04:04  03:04:06
 2026-01-02
)");
}

TEST_F(ChartAggregatesTest, AConstantLiesInTheMiddle) {
  EXPECT_EQ(Picture("xtdb_chart(i * 60000000, 42, 'level', 30, 6)", 2), R"(
43 ┤
   │⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤
41 ┤
   └┬────────────┬───────────┬
  00:00        00:01     00:02
1970-01-01
level
)");
}

TEST_F(ChartAggregatesTest, HugeTinyAndInfiniteValues) {
  EXPECT_EQ("\n" +
                Of("xtdb_chart(column1, 2e15 * column2, 30, 6) FROM (VALUES ('2020-01-01', -1), "
                   "('2024-01-01', 1))") +
                "\n",
            R"(
 2e15 ┤               ⢀⣀⡠⠤⠔⠒⠊⠉
      │       ⢀⣀⡠⠤⠔⠒⠊⠉⠁
-2e15 ┤⣀⡠⠤⠔⠒⠊⠉⠁
      └┬──────────┬──────────┬
     2020       2022      2024
)");
  EXPECT_EQ("\n" +
                Of("xtdb_chart(column1, 1e-9 * column2, 30, 6) FROM (VALUES ('2020-01-01', "
                   "-1), ('2024-01-01', 1), ('2023-01-01', -9e999))") +
                "\n",
            R"(
 1e-9 ┤                      ⠈
      │
-1e-9 ┤⡀
      └┬──────────┬──────────┬
     2020       2022      2024
1 infinite value is left out
)");
}

TEST_F(ChartAggregatesTest, AnUnusualDistanceIsAGap) {
  const std::string chart = Picture(
      "xtdb_chart((i + CASE WHEN i > 12 THEN 12 ELSE 0 END) * "
      "60000000, 1, 40, 6)");
  EXPECT_THAT(chart, testing::HasSubstr("⠤⠤    ")) << chart;
}

TEST_F(ChartAggregatesTest, AMillionPointsInAnyOrderShowOneThatStandsOut) {
  const std::string of_points =
      "SELECT xtdb_chart(i * 1000, CASE i WHEN 600000 THEN 9 ELSE i % 3 END, 30, 8) FROM n";
  const std::string rising = db_.Line(Numbers(999'999) + of_points);
  EXPECT_EQ("\n" + rising + "\n", R"(
  │                ⡇
  │                ⡇
5 ┤                ⡇
  │⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
0 ┤⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
  └┬───────────────┬──────────
 00:00           00:10
1970-01-01
)");
  EXPECT_EQ(db_.Line("WITH RECURSIVE k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < "
                     "999999), n(i) AS (SELECT j * 7 % 1000000 FROM k) " +
                     of_points),
            rising);
}

// The last line has no end, no line a blank at its end, and the picture its size.
TEST_F(ChartAggregatesTest, APictureHasTheSizeThatWasAskedFor) {
  for (const auto& [width, height] :
       std::vector<std::pair<size_t, size_t>>{{20, 4}, {76, 20}, {500, 200}}) {
    const std::string size = std::to_string(width) + ", " + std::to_string(height);
    const std::vector<std::string> lines = LinesOf(
        db_.Line(Numbers(300) + "SELECT xtdb_chart(i * 7000000, i % 7, " + size + ") FROM n"));
    EXPECT_EQ(lines.size(), height);
    for (const std::string& line : lines) {
      EXPECT_LE(CharacterCount(line), width) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
    EXPECT_EQ(CharacterCount(lines[height - 3]), width) << "the axis of time";
  }
  const std::vector<std::string> usual =
      LinesOf(db_.Line(Numbers(300) + "SELECT xtdb_chart(i * 7000000, i % 7) FROM n"));
  EXPECT_EQ(usual.size(), 20u);
}

TEST_F(ChartAggregatesTest, WithoutPointsItSaysSo) {
  EXPECT_EQ(Of("xtdb_chart(1, 2) WHERE 0"), "no points");
  EXPECT_EQ(Of("xtdb_chart(1, NULL)"), "no points");
  EXPECT_EQ(Of("xtdb_chart(NULL, 1)"), "no points");
  EXPECT_EQ(Of("xtdb_chart(column1, 9e999) FROM (VALUES (1), (2))"),
            "no points\n2 infinite values are left out");
}

TEST_F(ChartAggregatesTest, ALongLegendGoesOnInTheNextLine) {
  const std::string chart = db_.Line(
      "SELECT xtdb_chart(column1, column1, 'a tag with a long name ' || column1, 30, 6) FROM "
      "(VALUES (1), (2), (3), (4))");
  EXPECT_THAT(chart, testing::EndsWith("\nA a tag with a long name 1\nB a tag with a long name "
                                       "2\nC a tag with a long name 3\nD a tag with a long name 4"))
      << chart;
}

TEST_F(ChartAggregatesTest, ALineWithoutANameIsInTheLegendBesideOthers) {
  EXPECT_THAT(Of("xtdb_chart(column1, column1, column2) FROM (VALUES (1, NULL), (2, 'a'))"),
              testing::EndsWith("\nA (no name)   B a"));
  EXPECT_EQ(Of("xtdb_chart(1, 1, NULL)"), Of("xtdb_chart(1, 1)"));
  EXPECT_THAT(Of("xtdb_chart(1, 1, 7, 40, 10)"), testing::EndsWith("\n7"))
      << "with all arguments given a number is a name, too";
}

TEST_F(ChartAggregatesTest, StandsOverAWindow) {
  const std::string alone = Of("xtdb_chart(column1, column1, 20, 6) FROM (VALUES (2), (3))");
  const Rows rows = db_.Query(
      "SELECT xtdb_chart(column1, column1, 20, 6) OVER (ORDER BY column1 ROWS 1 PRECEDING) FROM "
      "(VALUES (1), (2), (3))");
  EXPECT_EQ(rows[2][0], alone);
}

TEST_F(ChartAggregatesTest, WrongArgumentsAreNamed) {
  ExpectError("xtdb_chart(1, 'hot')", "a number is expected, not \"hot\"");
  ExpectError("xtdb_chart('noon', 1)", "not a time: \"noon\"");
  ExpectError("xtdb_chart('infinity', 1)",
              "a chart shows times from 0001-01-01 to 9999-12-31, not \"infinity\"");
  ExpectError("xtdb_chart(1, 1, 3)",
              "the width is 3; write a whole number of characters from 20 to 500; the name of a "
              "line is a text");
  ExpectError("xtdb_chart(1, 1, 40, 300)",
              "the height is 300; write a whole number of characters "
              "from 4 to 200");
  ExpectError("xtdb_chart(1, 1, 'a', 40, 'high')", "a number is expected, not \"high\"");
  ExpectError(
      "xtdb_chart(column1, 1, 'tag ' || column1) FROM (VALUES (1), (2), (3), (4), (5), "
      "(6), (7), (8), (9), (10), (11), (12), (13))",
      "more than 12 lines; choose some with WHERE, or draw a chart of each with GROUP BY");
}

}  // namespace
}  // namespace xtdb
