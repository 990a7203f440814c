// pg_text: the text that a live PostgreSQL shows for the same bits.

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>

#include "tests/postgres/postgres_fixture.h"

namespace xtdb {
namespace {

class PgTextTest : public PostgresTest {
 protected:
  // SQLite reads distant literals to a neighbour of what they are.
  PgTextTest() {
    sqlite3_create_function(
        db_.get(), "real_of_bits", 1, SQLITE_UTF8, nullptr,
        [](sqlite3_context* context, int, sqlite3_value** arguments) {
          sqlite3_result_double(context, std::bit_cast<double>(sqlite3_value_int64(arguments[0])));
        },
        nullptr, nullptr);
  }

  static Question Ask(double value) {
    const auto bits = std::to_string(std::bit_cast<int64_t>(value));
    char text[40];
    // So many digits tell every double from its neighbours.
    std::snprintf(text, sizeof(text), "%.16e", value);
    return {"pg_text(real_of_bits(" + bits + "))", "float8 '" + std::string(text) + "'"};
  }
};

TEST_F(PgTextTest, DoublesOfAnyBits) {
  std::vector<Question> questions;
  while (questions.size() < 50'000) {
    const auto value = std::bit_cast<double>(Below(std::numeric_limits<uint64_t>::max()));
    if (!std::isnan(value)) questions.push_back(Ask(value));
  }
  Compare(questions);
}

TEST_F(PgTextTest, DoublesAsMeasured) {
  std::vector<Question> questions;
  for (int i = 0; i < 20'000; ++i) {
    const auto whole = static_cast<double>(Below(2'000'000'000)) - 1e9;
    questions.push_back(Ask(whole / std::pow(10, static_cast<double>(Below(15)))));
    questions.push_back(Ask(whole * std::pow(10, static_cast<double>(Below(15)))));
  }
  for (int exponent = -330; exponent <= 310; ++exponent) {
    questions.push_back(Ask(std::pow(10, exponent)));
    questions.push_back(Ask(std::ldexp(1.0, exponent)));
    questions.push_back(Ask(-std::ldexp(1.0, exponent * 3)));
  }
  Compare(questions);
}

// Whole numbers beyond 2^53, whose middles may be short decimals; one bit of a mantissa decides on
// which side of the middle a reader goes.
TEST_F(PgTextTest, WholeNumbersThatAreFarApart) {
  std::vector<Question> questions;
  for (int i = 0; i < 50'000; ++i) {
    const bool is_power = i % 50 == 0;
    const uint64_t mantissa = (uint64_t{1} << 52) + (is_power ? 0 : Below(uint64_t{1} << 52) & ~1);
    questions.push_back(Ask(std::ldexp(static_cast<double>(mantissa), 1 + i % 26)));
  }
  Compare(questions);
}

TEST_F(PgTextTest, EdgesAndOtherTypes) {
  using Limits = std::numeric_limits<double>;
  std::vector<Question> questions;
  for (const double value :
       {0.0, -0.0, 1.0, -1.5, 1e14, 1e15, 1e16, 999999999999999.9, 123456789012345.6, 0.0001,
        0.00001, 9.999e-5, 5e-324, Limits::min(), Limits::max(), Limits::infinity(),
        -Limits::infinity(), 9007199254740993.0, 1.0 / 3}) {
    questions.push_back(Ask(value));
  }
  questions.push_back({"pg_text(-9223372036854775808)", "(-9223372036854775808)::int8"});
  questions.push_back({"pg_text('a\"b ä')", "'a\"b ä'"});
  questions.push_back({"pg_text('')", "''"});
  questions.push_back({"pg_text(x'00ff1aBC')", "bytea '\\x00ff1aBC'"});
  questions.push_back({"pg_text(x'')", "bytea ''"});
  questions.push_back({"pg_text(NULL)", "NULL"});
  Compare(questions);
}

}  // namespace
}  // namespace xtdb
