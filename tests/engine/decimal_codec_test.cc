#include "engine/codec/decimal_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/hex.h"
#include "tests/engine/section_test_support.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr OneCodec kDecimal{TryAppendDecimal, ReadDecimal};
constexpr unsigned kHasUnits = 16;
constexpr unsigned kHasExceptions = 32;

unsigned HeadOf(ValueType type, const std::vector<ValueBits>& bits) {
  const auto section = kDecimal.SectionOf(type, bits);
  return section.empty() ? 0xFF : std::to_integer<unsigned>(section[0]);
}

double PowerOfTen(size_t exponent) {
  double power = 1;
  for (size_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

TEST(DecimalCodecTest, DecimalsOfEveryNumberOfDigitsAreExact) {
  std::mt19937_64 random(1);
  for (size_t digits = 0; digits <= 15; ++digits) {
    SCOPED_TRACE(digits);
    const auto bits = MakeDoubles(1024, [&](size_t i) {
      const auto integer = static_cast<int64_t>(random() % 2000) - 1000 + (i == 0 ? 1 : 0);
      return static_cast<double>(integer | 1) / PowerOfTen(digits);
    });
    EXPECT_EQ(HeadOf(ValueType::kFloat64, bits), digits) << "no units, no exceptions";
    EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits), 1024U * 11 / 8 + 10);
  }
}

TEST(DecimalCodecTest, FloatsOfSevenDigitsAreExact) {
  std::mt19937_64 random(2);
  for (size_t digits = 0; digits <= 7; ++digits) {
    SCOPED_TRACE(digits);
    const auto bits = MakeFloats(1024, [&](size_t) {
      return static_cast<double>(static_cast<int64_t>(random() % 200'000 | 1) - 100'000) /
             PowerOfTen(digits);
    });
    EXPECT_EQ(HeadOf(ValueType::kFloat32, bits), digits);
    EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat32, bits), 1024U * 18 / 8 + 10);
  }
}

TEST(DecimalCodecTest, SumsAreAFewUnitsBesideTheirDecimal) {
  std::mt19937_64 random(3);
  const auto sums = MakeDoubles(1024, [&](size_t) {
    double sum = 0;
    for (uint64_t i = random() % 30; i > 0; --i) sum += 0.1;
    return sum + 0.2;
  });
  EXPECT_EQ(HeadOf(ValueType::kFloat64, sums), 1U | kHasUnits);
  EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat64, sums), 1024U * 9 / 8 + 20);
  // So many doubles above and below.
  const auto beside = MakeDoubles(1024, [&](size_t) {
    const double exact = static_cast<double>(static_cast<int64_t>(random() % 999) - 500) / 100;
    const uint64_t units = random() % 9 - 4;
    return AsDouble(exact == 0 ? FromDouble(0.01) + units : FromDouble(exact) + units);
  });
  EXPECT_EQ(HeadOf(ValueType::kFloat64, beside), 2U | kHasUnits);
  EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat64, beside), 1024U * 14 / 8 + 20);
  const auto floats = MakeFloats(1024, [&](size_t) {
    return AsFloat(FromFloat(static_cast<float>(random() % 999 + 1) / 100.0F) + random() % 9 - 4);
  });
  EXPECT_EQ(HeadOf(ValueType::kFloat32, floats), 2U | kHasUnits);
  EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat32, floats), 1024U * 14 / 8 + 20);
}

TEST(DecimalCodecTest, UnitsPassZeroAndTheInfinities) {
  // -0.0 is the float before +0.0, NaN those behind the infinities.
  const std::vector<ValueBits> zeros{FromDouble(0.5), 0x8000'0000'0000'0000, FromDouble(-0.5), 0};
  kDecimal.ExpectRoundTrip(ValueType::kFloat64, zeros);
  const std::vector<ValueBits> zeros32{FromFloat(0.5F), 0x8000'0000, FromFloat(-0.5F), 0};
  kDecimal.ExpectRoundTrip(ValueType::kFloat32, zeros32);
}

TEST(DecimalCodecTest, OddNumbersAreExceptionsAnywhere) {
  const auto decimals =
      MakeDoubles(1024, [](size_t i) { return static_cast<double>(i % 77) / 10; });
  const auto floats = MakeFloats(1024, [](size_t i) { return static_cast<float>(i % 77) / 10.0F; });
  for (const size_t row : {0, 1, 511, 1022, 1023}) {
    for (const ValueBits odd : OddDoubles()) {
      SCOPED_TRACE(testing::Message() << "row=" << row << " bits=" << odd);
      auto bits = decimals;
      bits[row] = odd;
      EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits), 1024U * 8);
    }
    for (const ValueBits odd : OddFloats()) {
      auto bits = floats;
      bits[row] = odd;
      kDecimal.ExpectRoundTrip(ValueType::kFloat32, bits);
    }
  }
  auto bits = decimals;
  bits[0] = bits[1023] = 0x7FF8'0000'0000'0000;
  EXPECT_EQ(HeadOf(ValueType::kFloat64, bits), 1U | kHasExceptions);
  EXPECT_LE(kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits), 1024U * 10 / 8 + 40);
}

TEST(DecimalCodecTest, AnEighthOfExceptionsIsTakenAndMoreAreNot) {
  auto bits = MakeDoubles(1024, [](size_t i) { return static_cast<double>(i % 77) / 10; });
  for (size_t i = 0; i < 128; ++i) bits[i * 8] = 0x7FF8'0000'0000'0000 + i;
  kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits);
  bits[1] = 0x7FF8'0000'0000'0000;
  EXPECT_TRUE(kDecimal.SectionOf(ValueType::kFloat64, bits).empty());
}

TEST(DecimalCodecTest, AFewRowsOfMoreDigitsThanTheSampleRaiseTheExponent) {
  auto bits = MakeDoubles(1024, [](size_t i) { return static_cast<double>(i % 77); });
  bits[5] = FromDouble(3.25);
  EXPECT_EQ(HeadOf(ValueType::kFloat64, bits), 2U);
  kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits);
}

TEST(DecimalCodecTest, NumbersNextTo51BitsComeBack) {
  for (const double limit : {0x1p51, 0x1p50, -0x1p51}) {
    for (const double scale : {1.0, 10.0, 1000.0}) {
      const auto bits = MakeDoubles(
          200, [&](size_t i) { return (limit + static_cast<double>(i) - 100) / scale; });
      const auto section = kDecimal.SectionOf(ValueType::kFloat64, bits);
      if (!section.empty()) kDecimal.ExpectRoundTrip(ValueType::kFloat64, bits);
      // Half of the rows are beyond: no decimals.
      EXPECT_EQ(section.empty(), std::fabs(limit) == 0x1p51 && scale == 1) << limit << " " << scale;
    }
  }
}

TEST(DecimalCodecTest, NoiseAndOtherTypesAreNoDecimals) {
  std::mt19937_64 random(4);
  std::vector<ValueBits> noise(1024);
  for (ValueBits& bits : noise) bits = random();
  EXPECT_TRUE(kDecimal.SectionOf(ValueType::kFloat64, noise).empty());
  EXPECT_TRUE(kDecimal.SectionOf(ValueType::kInt64, {1, 2, 3}).empty());
  EXPECT_TRUE(kDecimal.SectionOf(ValueType::kBool, {1, 0}).empty());
}

TEST(DecimalCodecTest, MixturesOfDecimalsComeBack) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const size_t count = seed % 10 == 0 ? 1024 : 1 + random() % 60;
    const uint64_t odd_share = 9 + random() % 200;
    const auto odd64 = OddDoubles(), odd32 = OddFloats();
    const auto value = [&] {
      const auto integer = static_cast<double>(static_cast<int64_t>(random()) >> random() % 64);
      return integer / PowerOfTen(random() % 16);
    };
    auto doubles = MakeDoubles(count, [&](size_t) { return value(); });
    auto floats = MakeFloats(count, [&](size_t) { return value(); });
    for (size_t i = 0; i < count; ++i) {
      if (random() % odd_share == 0) doubles[i] = odd64[random() % odd64.size()];
      if (random() % odd_share == 0) floats[i] = odd32[random() % odd32.size()];
    }
    for (const bool compress : {false, true}) {
      if (!kDecimal.SectionOf(ValueType::kFloat64, doubles).empty()) {
        kDecimal.ExpectRoundTrip(ValueType::kFloat64, doubles, compress);
      }
      if (!kDecimal.SectionOf(ValueType::kFloat32, floats).empty()) {
        kDecimal.ExpectRoundTrip(ValueType::kFloat32, floats, compress);
      }
    }
    if (HasFailure()) return;
  }
}

TEST(DecimalCodecTest, HeadsIntegersAndExceptionsOutOfTheirRangeAreCorruption) {
  const auto status = [](std::initializer_list<unsigned> section) {
    return kDecimal.ReadStatus(ValueType::kFloat64, 2, section);
  };
  ASSERT_OK(status({0x0F, 0, 2}));
  EXPECT_THAT(status({0x40, 0, 2}), HasMessage(HasSubstr("head")));
  EXPECT_THAT(status({0x80, 0, 2}), HasMessage(HasSubstr("head")));
  EXPECT_THAT(status({}), HasMessage(HasSubstr("head")));
  ASSERT_OK(status({0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08}));  // 2^51
  EXPECT_THAT(status({0, 0, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08}),
              HasMessage(HasSubstr("beyond")));
  ASSERT_OK(status({0x20, 0, 2, 1, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_THAT(status({0x20, 0, 2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
              HasMessage(HasSubstr("number")));
  EXPECT_THAT(status({0x20, 0, 2, 3, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
              HasMessage(HasSubstr("number")));
  EXPECT_THAT(status({0x20, 0, 2, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
              HasMessage(HasSubstr("outside")));
  EXPECT_THAT(status({0x20, 0, 2, 1, 1, 4, 1, 2, 3, 4, 5, 6, 7, 8}),
              HasMessage(HasSubstr("number")))
      << "padding";
  EXPECT_THAT(status({0x20, 0, 2, 1, 1, 0, 1, 2, 3, 4, 5, 6, 7}), HasMessage(HasSubstr("number")));
}

}  // namespace
}  // namespace xtdb
