#include "vtab/csv/fast_fields.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <random>
#include <string>

#include "vtab/csv/point_parser.h"
#include "vtab/csv/structural_index.h"

namespace xtdb {
namespace {

// Behind the text stand digits, which must not be taken for a part of it.
std::optional<CsvNumber> Read(const std::string& text, char point = '.') {
  const std::string padded = text + std::string(kCsvSlackBytes, '7');
  CsvNumber number{};
  if (!ReadPlainNumber(padded.data(), text.size(), point, number)) return std::nullopt;
  return number;
}

class Reference {
 public:
  explicit Reference(bool decimal_comma) : parser_(Schema(decimal_comma), 0) {}

  void ExpectSame(const std::string& text) const {
    const std::optional<CsvNumber> number = Read(text, parser_.schema().decimal_comma ? ',' : '.');
    if (!number) return;
    CsvPoint point;
    parser_.ParseValue(text, false, point);
    EXPECT_EQ(number->type, point.type) << text;
    EXPECT_EQ(number->bits, point.point.bits) << text;
  }

 private:
  static CsvSchema Schema(bool decimal_comma) {
    CsvSchema schema;
    schema.decimal_comma = decimal_comma;
    return schema;
  }
  const PointParser parser_;
};

TEST(ReadPlainNumberTest, ReadsTheUsualForms) {
  const std::string kNumbers[] = {"0",
                                  "-0",
                                  "7",
                                  "-12",
                                  "12345678",
                                  "123456789",
                                  "0.5",
                                  ".5",
                                  "5.",
                                  "-0.0",
                                  "1234.567",
                                  "-1234.567",
                                  "007",
                                  "0000.001",
                                  "12345.6789",
                                  "9999999999999999",
                                  "-1234567890123456",
                                  "20.904140822674041",
                                  "1.7976931348623157e+308",
                                  "4.9406564584124654e-324",
                                  "1e5",
                                  "123456e-3",
                                  "0e0",
                                  "-0e0",
                                  "0.00000000",
                                  "-0.00000000"};
  const Reference reference(false);
  for (const std::string& text : kNumbers) {
    EXPECT_TRUE(Read(text).has_value()) << text;
    reference.ExpectSame(text);
  }
}

TEST(ReadPlainNumberTest, LeavesEverythingElseToTheGeneralParser) {
  const std::string kOthers[] = {"",
                                 "-",
                                 ".",
                                 "-.",
                                 "+1",
                                 " 1",
                                 "1 ",
                                 "1_0",
                                 "0x10",
                                 "1e",
                                 "1.2.3",
                                 "..1",
                                 "1-",
                                 "--1",
                                 "nan",
                                 "inf",
                                 "-infinity",
                                 "1,5",
                                 "1:2",
                                 "1/2",
                                 "12345678901234567890",
                                 "1e400",
                                 "99999999999999999999999999.99999999999999999",
                                 "abcdefghi",
                                 std::string("1\0", 2),
                                 std::string("\0", 1),
                                 "1\xB2"};
  for (const std::string& text : kOthers) EXPECT_FALSE(Read(text).has_value()) << text;
}

TEST(ReadPlainNumberTest, TakesTheDecimalCommaOfTheFile) {
  const std::optional<CsvNumber> number = Read("-71,25", ',');
  ASSERT_TRUE(number.has_value());
  EXPECT_EQ(number->bits, FromDouble(-71.25));
  EXPECT_FALSE(Read("71.25", ',').has_value());
  EXPECT_FALSE(Read("1.234,5", ',').has_value());
}

TEST(ReadPlainNumberTest, AgreesWithTheGeneralParserOnSeededTexts) {
  std::mt19937_64 random(2);
  constexpr std::string_view kAlphabet = "0123456789012345678901234567890123456789..,-+eE x";
  const Reference with_point(false), with_comma(true);
  for (int round = 0; round < 300'000; ++round) {
    std::string text;
    for (uint64_t left = random() % 20; left > 0; --left) {
      text += kAlphabet[random() % kAlphabet.size()];
    }
    with_point.ExpectSame(text);
    with_comma.ExpectSame(text);
  }
}

TEST(ReadPlainNumberTest, AgreesWithTheGeneralParserOnPrintedDoubles) {
  std::mt19937_64 random(3);
  const Reference reference(false);
  for (int round = 0; round < 100'000; ++round) {
    const ValueBits bits = random();
    char text[64];
    const int digits = static_cast<int>(random() % 18);
    std::snprintf(text, sizeof(text), "%.*g", digits, AsDouble(bits));
    reference.ExpectSame(text);
    std::snprintf(text, sizeof(text), "%.*f", digits % 8,
                  static_cast<double>(static_cast<int64_t>(bits) >> (random() % 64)) / 1000.0);
    reference.ExpectSame(text);
  }
}

TEST(AreEqualTest, LooksAtEveryByte) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'a');
    EXPECT_TRUE(AreEqual(text.data(), std::string(text).data(), size));
    for (size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'b';
      EXPECT_FALSE(AreEqual(text.data(), other.data(), size)) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace xtdb
