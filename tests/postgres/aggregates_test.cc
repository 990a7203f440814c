// Aggregates, plain and over windows: the same figures to the last bit as a live PostgreSQL's.

#include "tests/postgres/postgres_fixture.h"

namespace xtdb {
namespace {

class AggregatesTest : public PostgresTest {
 protected:
  // overflows: with numbers whose squares are too large. PostgreSQL computes all frames of a window
  // before the first row comes, so that one which overflows ends the query before others come.
  std::string RandomNumber(bool overflows) {
    switch (Below(overflows ? 12 : 11)) {
      case 0:
        return "NULL";
      case 1:
        return "0";
      case 2:
        return std::to_string(1'000'000'000 + Below(5));
      case 3:
        return "-" + std::to_string(Below(1000)) + ".5";
      case 4:
        return std::to_string(Below(1'000'000)) + "e-12";
      case 11:
        return std::to_string(Below(100)) + "e200";
      default:
        return std::to_string(Below(20)) + "." + std::to_string(Below(100));
    }
  }

  // Rows of a place, two numbers and a letter.
  std::string RandomRows(bool overflows = false) {
    const bool is_plain = Below(3) != 0;
    const auto number = [&] {
      return is_plain ? std::to_string(Below(9)) : RandomNumber(overflows);
    };
    std::string rows;
    const uint64_t count = 1 + Below(Below(4) == 0 ? 60 : 8);
    for (uint64_t i = 0; i < count; ++i) {
      rows += (i == 0 ? "(" : ", (") + std::to_string(i) + ", " + number() + ", " + number() + ")";
    }
    return rows;
  }

  struct Call {
    std::string ours;
    std::string theirs;
  };
  Call RandomCall() {
    static const std::vector<std::string> of_one = {"stddev",   "stddev_samp", "stddev_pop",
                                                    "variance", "var_samp",    "var_pop"};
    static const std::vector<std::string> of_two = {
        "corr",     "covar_pop", "covar_samp", "regr_count", "regr_avgx",      "regr_avgy",
        "regr_sxx", "regr_syy",  "regr_sxy",   "regr_slope", "regr_intercept", "regr_r2"};
    if (Below(2) == 0) {
      const std::string name = OneOf(of_one);
      return {name + "(a + 0.0)", name + "(a::float8)"};
    }
    const std::string name = OneOf(of_two);
    return {name + "(a + 0.0, b + 0.0)", name + "(a::float8, b::float8)"};
  }
  static std::string From(const std::string& rows) {
    return " FROM (SELECT * FROM (VALUES " + rows + ") v(i, a, b) ORDER BY i) w";
  }
  // SQLite names the columns of VALUES itself.
  static std::string OurFrom(const std::string& rows) {
    return " FROM (SELECT column1 AS i, column2 AS a, column3 AS b FROM (VALUES " + rows + "))";
  }
};

TEST_F(AggregatesTest, Statistics) {
  std::vector<Question> questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string rows = RandomRows(/*overflows=*/true);
    const Call call = RandomCall();
    questions.push_back(
        {"(SELECT " + call.ours + OurFrom(rows) + ")", "SELECT " + call.theirs + From(rows)});
  }
  Compare(questions);
}

// PostgreSQL computes those of integers by decimal numbers; here they are REALs, which differ from
// them in the last digits at most.
TEST_F(AggregatesTest, StatisticsOfIntegers) {
  std::vector<Question> questions;
  for (int i = 0; i < 1000; ++i) {
    const int64_t base = static_cast<int64_t>(Below(3)) * 3'000'000'000'000'000;
    const uint64_t spread = Below(2) == 0 ? 10 : 10'000;
    std::string rows;
    for (uint64_t row = 2 + Below(20); row > 0; --row) {
      rows += (rows.empty() ? "(" : ", (") +
              std::to_string(base + static_cast<int64_t>(Below(spread))) + ")";
    }
    const std::string name =
        OneOf(std::vector<std::string>{"stddev", "variance", "var_pop", "stddev_pop"});
    // Ten digits, moved away from where halves are rounded either way.
    const std::string from = name + "(column1) * 1.0000000000003 FROM (VALUES " + rows + ")";
    const std::string theirs = name + "(column1) * 1.0000000000003";
    questions.push_back({"printf('%.10g', (SELECT " + from + "))",
                         "SELECT trim_scale(round(" + theirs + ", 10 - CASE WHEN " + theirs +
                             " = 0 THEN 1 ELSE floor(log(" + theirs +
                             "))::int + 1 END))::text FROM (VALUES " + rows + ") v"});
  }
  Compare(questions);
}

TEST_F(AggregatesTest, StatisticsOverWindows) {
  std::vector<Question> questions;
  const std::vector<std::string> frames = {
      "ORDER BY i",
      "ORDER BY i ROWS 3 PRECEDING",
      "ORDER BY i ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING",
      "ORDER BY i ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING",
      "ORDER BY i ROWS BETWEEN 4 PRECEDING AND 2 PRECEDING",
      "ORDER BY i DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING"};
  for (int i = 0; i < 3000; ++i) {
    const std::string rows = RandomRows(), frame = OneOf(frames);
    const Call call = RandomCall();
    const std::string place = ") x WHERE i = " + std::to_string(Below(8));
    questions.push_back({"(SELECT r FROM (SELECT i, " + call.ours + " OVER (" + frame + ") AS r" +
                             OurFrom(rows) + place + ")",
                         "SELECT r FROM (SELECT i, " + call.theirs + " OVER (" + frame + ") AS r" +
                             From(rows) + place});
  }
  Compare(questions);
}

TEST_F(AggregatesTest, Percentiles) {
  std::vector<Question> questions;
  const std::vector<std::string> fractions = {"0", "1", "0.5", "0.25", "0.9", "0.333", "0.51"};
  for (int i = 0; i < 4000; ++i) {
    const std::string rows = RandomRows(), fraction = OneOf(fractions);
    const std::string name = Below(2) == 0 ? "percentile_cont" : "percentile_disc";
    questions.push_back(
        {"(SELECT " + name + "(a, " + fraction + ") + 0.0" + OurFrom(rows) + ")",
         "SELECT " + name + "(" + fraction + ") WITHIN GROUP (ORDER BY a::float8)" + From(rows)});
    questions.push_back({"(SELECT mode(a) + 0.0" + OurFrom(rows) + ")",
                         "SELECT mode() WITHIN GROUP (ORDER BY a::float8)" + From(rows)});
  }
  questions.push_back({"(SELECT percentile_cont(column1, 1.5) FROM (VALUES (1)))",
                       "SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY a) FROM (VALUES (1)) "
                       "v(a)"});
  Compare(questions);
}

}  // namespace
}  // namespace xtdb
