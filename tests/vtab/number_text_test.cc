#include "vtab/text/number_text.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtdb {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// Sends texts through a column of NUMERIC affinity of a real SQLite.
class SqliteNumeric {
 public:
  SqliteNumeric() {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(":memory:", &db), SQLITE_OK);
    db_.reset(db);
    EXPECT_EQ(sqlite3_exec(db, "CREATE TABLE t(v NUMERIC)", nullptr, nullptr, nullptr), SQLITE_OK);
    insert_ = Prepare("INSERT OR REPLACE INTO t(rowid, v) VALUES (1, ?)");
    select_ = Prepare("SELECT v FROM t");
  }

  std::optional<Number> Convert(const std::string& text) {
    sqlite3_reset(insert_.get());
    sqlite3_bind_text(insert_.get(), 1, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    EXPECT_EQ(sqlite3_step(insert_.get()), SQLITE_DONE);
    sqlite3_reset(select_.get());
    EXPECT_EQ(sqlite3_step(select_.get()), SQLITE_ROW);
    switch (sqlite3_column_type(select_.get(), 0)) {
      case SQLITE_INTEGER:
        return Number{.is_integer = true, .integer = sqlite3_column_int64(select_.get(), 0)};
      case SQLITE_FLOAT:
        return Number{.is_integer = false, .real = sqlite3_column_double(select_.get(), 0)};
      default:
        return std::nullopt;
    }
  }

 private:
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
  Statement Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_.get(), sql, -1, &statement, nullptr), SQLITE_OK) << sql;
    return Statement(statement);
  }

  std::unique_ptr<sqlite3, CloseDatabase> db_;
  Statement insert_;
  Statement select_;
};

// SQLite 3.40 reads decimals through long double and may miss the nearest double, far from 1 by
// more.
bool IsNear(double a, double b) {
  if (a == b) return true;
  if (std::isinf(a) || std::isinf(b)) return std::abs(std::isinf(a) ? b : a) > 1.7e308;
  return std::abs(a - b) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(a) +
                                std::numeric_limits<double>::denorm_min() * 4;
}

void ExpectAsSqlite(SqliteNumeric& sqlite, const std::string& text) {
  SCOPED_TRACE("text: " + text);
  const std::optional<Number> ours = ParseWholeNumber(text);
  const std::optional<Number> theirs = sqlite.Convert(text);
  ASSERT_EQ(ours.has_value(), theirs.has_value());
  if (!ours) return;
  if (ours->is_integer && theirs->is_integer && std::abs(ours->AsReal()) < 9e15) {
    EXPECT_EQ(ours->integer, theirs->integer);
    return;
  }
  // Next to 2^53 and 2^63 the rounding of the last bit decides between the two types.
  if (ours->is_integer != theirs->is_integer) {
    EXPECT_GT(std::abs(ours->AsReal()), 2e15);
  }
  EXPECT_TRUE(IsNear(ours->AsReal(), theirs->AsReal())) << ours->AsReal() << theirs->AsReal();
}

constexpr std::string_view kHandPicked[] = {"",
                                            " ",
                                            "0",
                                            "-0",
                                            "+0",
                                            "00",
                                            "-0.0",
                                            "1",
                                            "-1",
                                            "+1",
                                            "  12  ",
                                            "\t\n\v\f\r12\r",
                                            "1 2",
                                            "--1",
                                            "+-1",
                                            "- 1",
                                            "1-",
                                            ".",
                                            "+",
                                            "-",
                                            "+.",
                                            "5.",
                                            ".5",
                                            "-.5",
                                            "+.5",
                                            "5.e3",
                                            ".e3",
                                            "1e",
                                            "1e+",
                                            "1e-",
                                            "e1",
                                            "1e3",
                                            "1E3",
                                            "1e+3",
                                            "1e-3",
                                            "1.0",
                                            "1.5",
                                            "1.50",
                                            "100e-2",
                                            "1.5e1",
                                            "12.5e-1",
                                            "1e3 ",
                                            " 1e3",
                                            "1e3x",
                                            "1x",
                                            "x1",
                                            "0x10",
                                            "0X1F",
                                            "inf",
                                            "-inf",
                                            "nan",
                                            "NaN",
                                            "Infinity",
                                            "1_000",
                                            "1,5",
                                            "1.2.3",
                                            "1e5.5",
                                            "9223372036854775807",
                                            "9223372036854775808",
                                            "-9223372036854775808",
                                            "-9223372036854775809",
                                            "18446744073709551615",
                                            "99999999999999999999",
                                            "00000000000000000000000001",
                                            "1e18",
                                            "1e19",
                                            "-1e18",
                                            "9007199254740992",
                                            "9007199254740993",
                                            "9007199254740993.0",
                                            "9007199254740992.5",
                                            "4503599627370497.5",
                                            "2251799813685248.0",
                                            "2251799813685249.0",
                                            "1e15",
                                            "1e16",
                                            "1e17",
                                            "123456789012345678.0",
                                            "9223372036854774784.0",
                                            "9223372036854775807.0",
                                            "1e400",
                                            "-1e400",
                                            "1e-400",
                                            "-1e-400",
                                            "1e308",
                                            "1.7976931348623157e308",
                                            "1.8e308",
                                            "5e-324",
                                            "2e-324",
                                            "2.2250738585072014e-308",
                                            "0e999999999999",
                                            "0.0e-999999999999",
                                            "1e99999999999999999999",
                                            "0.000000000000000000000000000000000001",
                                            "71.25",
                                            "-40.5",
                                            "3.14159265358979",
                                            "0.1",
                                            "0.2",
                                            "0.3",
                                            "1e22",
                                            "1e23",
                                            "123456789.987654321",
                                            "1e0",
                                            "1e00",
                                            "\xc2\xa0"
                                            "1",
                                            "1\xc2\xa0",
                                            "\xff"};

TEST(ParseWholeNumberTest, AgreesWithSqliteOnHandPickedTexts) {
  SqliteNumeric sqlite;
  for (const std::string_view text : kHandPicked) ExpectAsSqlite(sqlite, std::string(text));
  // Later ones take what stands before the NUL for the number.
  if (sqlite3_libversion_number() < 3'041'000) ExpectAsSqlite(sqlite, std::string("1\0", 2));
  ExpectAsSqlite(sqlite, std::string("\0", 1));
  ExpectAsSqlite(sqlite, std::string(400, '9'));
  ExpectAsSqlite(sqlite, std::string("0.").append(400, '0').append("1"));
  ExpectAsSqlite(sqlite, std::string(300, '0').append("7"));
}

// Goal: the same texts are numbers, of the same type and value. Method: seeded texts over the
// alphabet of numbers, so that nearly right ones are frequent.
TEST(ParseWholeNumberTest, AgreesWithSqliteOnSeededTexts) {
  SqliteNumeric sqlite;
  std::mt19937_64 random(42);
  constexpr std::string_view kAlphabet = "0123456789012345678900..ee+- ";
  for (int i = 0; i < 60'000 && !testing::Test::HasFailure(); ++i) {
    std::string text;
    for (uint64_t left = random() % 12; left > 0; --left)
      text += kAlphabet[random() % kAlphabet.size()];
    ExpectAsSqlite(sqlite, text);
  }
  for (int i = 0; i < 60'000 && !testing::Test::HasFailure(); ++i) {
    std::string text = std::to_string(static_cast<int64_t>(random()) >> (random() % 64));
    if (i % 3 == 0) text += "." + std::to_string(random() % 1'000);
    if (i % 5 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    ExpectAsSqlite(sqlite, text);
  }
}

TEST(ParseWholeNumberTest, DigitsThatFitAreIntegers) {
  const std::optional<Number> lowest = ParseWholeNumber("-9223372036854775808");
  ASSERT_TRUE(lowest && lowest->is_integer);
  EXPECT_EQ(lowest->integer, std::numeric_limits<int64_t>::min());
  const std::optional<Number> highest = ParseWholeNumber("+009223372036854775807");
  ASSERT_TRUE(highest && highest->is_integer);
  EXPECT_EQ(highest->integer, std::numeric_limits<int64_t>::max());
  const std::optional<Number> beyond = ParseWholeNumber("9223372036854775808");
  ASSERT_TRUE(beyond && !beyond->is_integer);
  EXPECT_EQ(beyond->real, 0x1p63);
}

TEST(ParseWholeNumberTest, WholeRealsBecomeIntegers) {
  for (const auto& [text, integer] :
       std::vector<std::pair<std::string, int64_t>>{{"1e3", 1000},
                                                    {"1.0", 1},
                                                    {"-0.0", 0},
                                                    {"1e-400", 0},
                                                    {"1e18", 1'000'000'000'000'000'000}}) {
    const std::optional<Number> number = ParseWholeNumber(text);
    ASSERT_TRUE(number && number->is_integer) << text;
    EXPECT_EQ(number->integer, integer) << text;
  }
}

TEST(ParseWholeNumberTest, BeyondTheDoublesIsInfinity) {
  const std::optional<Number> high = ParseWholeNumber("1e400");
  ASSERT_TRUE(high && !high->is_integer);
  EXPECT_EQ(high->real, std::numeric_limits<double>::infinity());
  const std::optional<Number> low = ParseWholeNumber(std::string("-").append(400, '9'));
  ASSERT_TRUE(low && !low->is_integer);
  EXPECT_EQ(low->real, -std::numeric_limits<double>::infinity());
}

// Goal: the nearest double, as strtod has it, on both the quick and the slow path.
TEST(ParseWholeNumberTest, RoundsCorrectly) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 300'000; ++i) {
    auto value = std::bit_cast<double>(static_cast<uint64_t>(random()));
    if (!std::isfinite(value)) continue;
    if (i % 2 == 0)
      value = static_cast<double>(static_cast<int64_t>(random() % 2'000'000) - 1'000'000) / 1000.0;
    char text[64];
    std::snprintf(text, sizeof(text), i % 3 == 0 ? "%.17g" : i % 3 == 1 ? "%.25e" : "%.6g", value);
    const std::optional<Number> number = ParseWholeNumber(text);
    ASSERT_TRUE(number) << text;
    ASSERT_EQ(number->AsReal(), std::strtod(text, nullptr)) << text;
  }
}

}  // namespace
}  // namespace xtdb
