#include "engine/codec/real_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/hex.h"
#include "tests/engine/section_test_support.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr OneCodec kBinary{TryAppendBinary, ReadBinary};
constexpr OneCodec kSplit{TryAppendSplit, ReadSplit};
constexpr OneCodec kOrdered{TryAppendOrdered, ReadOrdered};

double Uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

TEST(BinaryCodecTest, ConvertersTakeTheBitsTheyHave) {
  std::mt19937_64 random(1);
  for (const int unit : {-1074, -1050, -20, 0, 3, 900, 1000}) {
    SCOPED_TRACE(unit);
    const auto bits = MakeDoubles(1024, [&](size_t) {
      return std::ldexp(static_cast<double>(static_cast<int64_t>(random() % 4096) - 2048), unit);
    });
    EXPECT_LE(kBinary.ExpectRoundTrip(ValueType::kFloat64, bits), 1024U * 12 / 8 + 12);
  }
  for (const int unit : {-149, -130, -20, 0, 100}) {
    const auto bits = MakeFloats(1024, [&](size_t) {
      return std::ldexp(static_cast<double>(static_cast<int64_t>(random() % 4096) - 2048), unit);
    });
    EXPECT_LE(kBinary.ExpectRoundTrip(ValueType::kFloat32, bits), 1024U * 12 / 8 + 12);
  }
}

TEST(BinaryCodecTest, AnyRangeOf62BitsFitsAndMoreDoesNot) {
  const auto fits = [](int top) {
    return !kBinary.SectionOf(ValueType::kFloat64, {FromDouble(1), FromDouble(std::ldexp(1, top))})
                .empty();
  };
  EXPECT_TRUE(fits(61));
  EXPECT_FALSE(fits(62));
  kBinary.ExpectRoundTrip(ValueType::kFloat64,
                          {FromDouble(-1), FromDouble(-0x1p61), FromDouble(0)});
  // The finest and the coarsest unit there are.
  kBinary.ExpectRoundTrip(ValueType::kFloat64, {1, 0x8000'0000'0000'0001, 3});
  kBinary.ExpectRoundTrip(ValueType::kFloat64, {FromDouble(0x1p1023), FromDouble(-0x1p1023)});
}

TEST(BinaryCodecTest, OddNumbersAreExceptionsAnywhere) {
  for (const size_t row : {0, 1, 1023}) {
    for (const ValueBits odd :
         {OddDoubles()[0], OddDoubles()[1], OddDoubles()[2], OddDoubles()[3], uint64_t{1} << 63}) {
      auto bits = MakeDoubles(1024, [](size_t i) { return static_cast<double>(i * i % 999) / 64; });
      bits[row] = odd;
      EXPECT_LE(kBinary.ExpectRoundTrip(ValueType::kFloat64, bits), 1024U * 11 / 8 + 40);
    }
    for (size_t odd = 0; odd < 5; ++odd) {
      auto bits = MakeFloats(1024, [](size_t i) { return static_cast<float>(i * i % 999) / 64; });
      bits[row] = OddFloats()[odd];
      EXPECT_LE(kBinary.ExpectRoundTrip(ValueType::kFloat32, bits), 1024U * 11 / 8 + 40);
    }
  }
  EXPECT_TRUE(kBinary.SectionOf(ValueType::kFloat64, {0, 0}).empty()) << "nothing but zeros";
  EXPECT_TRUE(kBinary.SectionOf(ValueType::kFloat64, {OddDoubles()[0], FromDouble(1)}).empty());
}

TEST(BinaryCodecTest, ExponentsOutOfTheirRangeAreCorruption) {
  const auto status = [](std::initializer_list<unsigned> section) {
    return kBinary.ReadStatus(ValueType::kFloat64, 2, section);
  };
  ASSERT_OK(status({0, 0, 0, 2}));
  ASSERT_OK(status({0, 0xE3, 0x10, 0, 2}));  // -1074
  EXPECT_THAT(status({0, 0xE5, 0x10, 0, 2}), HasMessage(HasSubstr("exponent")));
  ASSERT_OK(status({0, 0xFE, 0x0F, 0, 2}));  // 1023
  EXPECT_THAT(status({0, 0x80, 0x10, 0, 2}), HasMessage(HasSubstr("exponent")));
  EXPECT_THAT(status({2, 0, 0, 2}), HasMessage(HasSubstr("head")));
}

TEST(SplitCodecTest, BytesOfAnExample) {
  const std::vector<ValueBits> bits{FromDouble(0x1.01p3), FromDouble(-0x1.fep0),
                                    FromDouble(0x1.03p3)};
  EXPECT_EQ(Hex(kSplit.SectionOf(ValueType::kFloat64, bits)),
            "2c "              // 44 zeros: 8 bits each are left
            "02 02 04 ff 0b "  // two left parts: 0x402 and 0xbff
            "01 00 01 02 "     // which one
            "01 fe 03");
}

TEST(SplitCodecTest, NoiseTakesItsMantissas) {
  std::mt19937_64 random(2);
  const auto doubles = MakeDoubles(1024, [&](size_t) { return 1 + Uniform(random); });
  EXPECT_LE(kSplit.ExpectRoundTrip(ValueType::kFloat64, doubles), 1024U * 52 / 8 + 10);
  const auto floats = MakeFloats(1024, [&](size_t) { return 1 + Uniform(random) / 2; });
  EXPECT_LE(kSplit.ExpectRoundTrip(ValueType::kFloat32, floats), 1024U * 23 / 8 + 10);
}

TEST(SplitCodecTest, UpTo64LeftPartsAreTaken) {
  const auto with_lefts = [](size_t count) {
    std::vector<ValueBits> bits(1024);
    for (size_t i = 0; i < bits.size(); ++i) bits[i] = (i % count) * 31 << 52 | (i & 1);
    return bits;
  };
  for (const size_t count : {1, 2, 63, 64}) {
    kSplit.ExpectRoundTrip(ValueType::kFloat64, with_lefts(count));
  }
  EXPECT_TRUE(kSplit.SectionOf(ValueType::kFloat64, with_lefts(65)).empty());
}

TEST(SplitCodecTest, OddNumbersAreOrdinaryOnes) {
  kSplit.ExpectRoundTrip(ValueType::kFloat64, OddDoubles());
  kSplit.ExpectRoundTrip(ValueType::kFloat32, OddFloats());
  kSplit.ExpectRoundTrip(ValueType::kFloat64, std::vector<ValueBits>(3, 0xFFFF'FFFF'FFFF'FFFF));
  kSplit.ExpectRoundTrip(ValueType::kFloat32, std::vector<ValueBits>(3, 0xFFFF'FFFF));
  kSplit.ExpectRoundTrip(ValueType::kFloat64, MakeDoubles(20, [](size_t) { return 1.0; }));
}

TEST(SplitCodecTest, PartsOutOfTheirRangeAreCorruption) {
  const auto status = [](ValueType type, std::initializer_list<unsigned> section) {
    return kSplit.ReadStatus(type, 2, section);
  };
  const auto k64 = ValueType::kFloat64, k32 = ValueType::kFloat32;
  ASSERT_OK(status(k64, {52, 1, 0xFF, 0x0F, 0, 0}));
  EXPECT_THAT(status(k64, {52, 1, 0x00, 0x10, 0, 0}), HasMessage(HasSubstr("left part")));
  EXPECT_THAT(status(k64, {53, 1, 0, 0, 0, 0}), HasMessage(HasSubstr("head")));
  EXPECT_THAT(status(k64, {52, 0, 0, 0}), HasMessage(HasSubstr("head")));
  EXPECT_THAT(status(k64, {52, 1, 0, 0, 0, 2}), HasMessage(HasSubstr("code")));
  EXPECT_THAT(status(k64, {52, 1, 0, 0, 0, 0x80, 0x04}), HasMessage(HasSubstr("code"))) << "256";
  EXPECT_THAT(status(k64, {51, 1, 0, 0, 0, 0}), HasMessage(HasSubstr("size")));
  EXPECT_THAT(status(k64, {51, 1, 0, 0, 0, 0, 4}), HasMessage(HasSubstr("padding")));
  ASSERT_OK(status(k32, {23, 1, 0xFF, 0x01, 0, 0}));
  EXPECT_THAT(status(k32, {23, 1, 0x00, 0x02, 0, 0}), HasMessage(HasSubstr("left part")));
  EXPECT_THAT(status(k32, {24, 1, 0, 0, 0, 0}), HasMessage(HasSubstr("head")));
}

TEST(OrderedCodecTest, NeighboursAreNear) {
  const auto smooth =
      MakeDoubles(1024, [](size_t i) { return std::exp(static_cast<double>(i) / 7); });
  EXPECT_LE(kOrdered.ExpectRoundTrip(ValueType::kFloat64, smooth), 1024U * 51 / 8);
  const auto through_zero = MakeFloats(
      1024, [](size_t i) { return AsFloat((i < 512 ? 511 - i : 0x8000'0000 + i - 512)); });
  EXPECT_LE(kOrdered.ExpectRoundTrip(ValueType::kFloat32, through_zero), 20U);
}

TEST(OrderedCodecTest, OddNumbersAreOrdinaryOnes) {
  kOrdered.ExpectRoundTrip(ValueType::kFloat64, OddDoubles());
  kOrdered.ExpectRoundTrip(ValueType::kFloat32, OddFloats());
}

TEST(RealCodecsTest, OtherTypesAreNotTaken) {
  for (const ValueType type : {ValueType::kInt64, ValueType::kInt32, ValueType::kBool}) {
    for (const OneCodec& codec : {kBinary, kSplit, kOrdered}) {
      EXPECT_TRUE(codec.SectionOf(type, {1, 2, 3}).empty());
      EXPECT_THAT(codec.ReadStatus(type, 2, {0, 0, 0, 2}), HasCode(StatusCode::kCorruption));
    }
  }
}

TEST(RealCodecsTest, MixturesComeBack) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const size_t count = seed % 10 == 0 ? 1024 : 1 + random() % 60;
    const uint64_t odd_share = 5 + random() % 200;
    const int spread = 1 + static_cast<int>(random() % 60);
    const auto odd64 = OddDoubles(), odd32 = OddFloats();
    const unsigned bits_lost = static_cast<unsigned>(random() % 52);
    const auto value = [&] {
      return std::ldexp(static_cast<double>(random() >> 11 >> bits_lost << bits_lost),
                        -30 - static_cast<int>(random() % static_cast<unsigned>(spread)));
    };
    auto doubles = MakeDoubles(count, [&](size_t) { return value(); });
    auto floats = MakeFloats(count, [&](size_t) { return value(); });
    for (size_t i = 0; i < count; ++i) {
      if (random() % odd_share == 0) doubles[i] = odd64[random() % odd64.size()];
      if (random() % odd_share == 0) floats[i] = odd32[random() % odd32.size()];
    }
    for (const OneCodec& codec : {kBinary, kSplit, kOrdered}) {
      for (const bool compress : {false, true}) {
        if (!codec.SectionOf(ValueType::kFloat64, doubles).empty()) {
          codec.ExpectRoundTrip(ValueType::kFloat64, doubles, compress);
        }
        if (!codec.SectionOf(ValueType::kFloat32, floats).empty()) {
          codec.ExpectRoundTrip(ValueType::kFloat32, floats, compress);
        }
      }
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace xtdb
