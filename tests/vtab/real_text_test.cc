#include "vtab/text/real_text.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

std::string TextOfReal(double value) {
  char text[kRealTextBytesMax];
  return std::string(text, FormatReal(value, text));
}

// What PostgreSQL 15 shows.
TEST(RealTextTest, NumbersLookAsInPostgres) {
  using Limits = std::numeric_limits<double>;
  const std::pair<double, const char*> golden[] = {{0.0, "0"},
                                                   {-0.0, "-0"},
                                                   {1.0, "1"},
                                                   {-1.5, "-1.5"},
                                                   {100.0, "100"},
                                                   {0.1 + 0.2, "0.30000000000000004"},
                                                   {1e14, "100000000000000"},
                                                   {123456789012345.0, "123456789012345"},
                                                   {1e15, "1e+15"},
                                                   {1e16, "1e+16"},
                                                   {-1.25e100, "-1.25e+100"},
                                                   {0.0001, "0.0001"},
                                                   {0.00012345, "0.00012345"},
                                                   {1e-5, "1e-05"},
                                                   {123456789012345678.0, "1.2345678901234568e+17"},
                                                   {5e-324, "5e-324"},
                                                   {Limits::max(), "1.7976931348623157e+308"},
                                                   {Limits::infinity(), "Infinity"},
                                                   {-Limits::infinity(), "-Infinity"},
                                                   {Limits::quiet_NaN(), "NaN"}};
  for (const auto& [value, expected] : golden) EXPECT_EQ(TextOfReal(value), expected);
}

// The shortest decimals of these lie in the middle between two doubles.
TEST(RealTextTest, MiddlesGetAnotherDigit) {
  EXPECT_EQ(TextOfReal(31057366192654232.0), "3.1057366192654232e+16");
  EXPECT_EQ(TextOfReal(818072576182279936.0), "8.180725761822799e+17");
  EXPECT_EQ(TextOfReal(2691383074051999744.0), "2.6913830740519997e+18");
  EXPECT_EQ(TextOfReal(150723535591833608388608.0), "1.5072353559183361e+23");
}

TEST(RealTextTest, EveryTextIsReadAsItsNumber) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (std::isnan(value)) continue;
    const std::string text = TextOfReal(value);
    ASSERT_LE(text.size(), 24u) << text;
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
}

TEST(RealTextTest, PgTextTakesAnyType) {
  TestDatabase db(":memory:");
  EXPECT_EQ(db.Line("SELECT pg_text(2.0), pg_text(42), pg_text('a b'), pg_text(''), "
                    "pg_text(x'00ff1aBC'), pg_text(x''), pg_text(NULL), pg_text(9e999)"),
            "2 42 a b  \\x00ff1abc \\x NULL Infinity");
  EXPECT_EQ(db.Line("SELECT typeof(pg_text(42)), typeof(pg_text(4.5)), typeof(pg_text(x'01')), "
                    "typeof(pg_text(NULL))"),
            "text text text null");
}

}  // namespace
}  // namespace xtdb
