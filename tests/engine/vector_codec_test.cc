#include "engine/codec/vector_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::Lt;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr ValueBits kNanWithPayload = 0x7FF8'0000'DEAD'BEEF;
constexpr ValueBits kSignalingNan = 0xFFF0'0000'0000'0001;

std::vector<ValueBits> Doubles(const std::vector<double>& values) {
  std::vector<ValueBits> bits;
  for (const double value : values) bits.push_back(FromDouble(value));
  return bits;
}

std::vector<ValueBits> Integers(const std::vector<int64_t>& values) {
  std::vector<ValueBits> bits;
  for (const int64_t value : values) bits.push_back(FromInt64(value));
  return bits;
}

TEST(VectorCodecTest, SpecialDoublesKeepTheirBits) {
  std::vector<ValueBits> bits = Doubles({0.0, -0.0, kInfinity, -kInfinity, 0x1p-1074, -0x1p-1074,
                                         std::numeric_limits<double>::max(), 1.5, -2.25});
  bits.push_back(kNanWithPayload);
  bits.push_back(kSignalingNan);
  ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat64, bits));
  for (const ValueBits one : bits) {
    ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat64, {one}));
    ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat64, {one, one, one}));
    std::vector<ValueBits> decimals(100, FromDouble(21.5));
    decimals[50] = one;
    ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat64, decimals));
  }
}

TEST(VectorCodecTest, SpecialFloatsKeepTheirBits) {
  std::vector<ValueBits> bits{0, 0x8000'0000, 0x7F80'0000, 0xFF80'0000,
                              1, 0x7FC0'1234, 0x7F80'0001};
  for (const float value : {1.5F, 0.1F, -21.37F, 3.4e38F}) bits.push_back(FromFloat(value));
  ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat32, bits));
  for (const ValueBits one : bits)
    ExpectRoundTrips(ColumnsWithBits(ValueType::kFloat32, {one, one}));
}

TEST(VectorCodecTest, IntegersAtTheirLimitsWrapAndComeBack) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
  for (const auto& values :
       std::vector<std::vector<int64_t>>{{kLeast},
                                         {kGreatest, kLeast},
                                         {kLeast, kGreatest, kLeast, kGreatest, 0, -1},
                                         {kLeast, kLeast + 1, kLeast + 2},
                                         {kGreatest, 0, kLeast},
                                         {-1, 0, 1, kGreatest}}) {
    ExpectRoundTrips(ColumnsWithBits(ValueType::kInt64, Integers(values)));
  }
  std::vector<int64_t> wrapping;  // a ramp through the limit, in steps of 2^55
  uint64_t next = static_cast<uint64_t>(kGreatest) - (uint64_t{500} << 55);
  for (int i = 0; i < 1024; ++i, next += uint64_t{1} << 55) {
    wrapping.push_back(static_cast<int64_t>(next));
  }
  ExpectRoundTrips(ColumnsWithBits(ValueType::kInt64, Integers(wrapping)));
  ExpectRoundTrips(
      ColumnsWithBits(ValueType::kInt32, Integers({std::numeric_limits<int32_t>::min(), -1, 0, 1,
                                                   std::numeric_limits<int32_t>::max()})));
  ExpectRoundTrips(ColumnsWithBits(ValueType::kBool, Integers({0, 1, 1, 0, 1})));
}

TEST(VectorCodecTest, TimesInEveryUnitAndAtBothEndsComeBack) {
  for (const int64_t unit_us : {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1}) {
    for (const int64_t first : {int64_t{0}, int64_t{-987'654'321}, kTsMin, kTsMax - 40 * unit_us}) {
      std::vector<int64_t> times;
      for (const int64_t step : {0, 1, 2, 3, 7, 8, 40}) times.push_back(first + step * unit_us);
      ExpectRoundTrips(ColumnsWithTimes(times));
    }
  }
  ExpectRoundTrips(ColumnsWithTimes({kTsMin, kTsMax}));
  ExpectRoundTrips(ColumnsWithTimes({kTsMin, -1, 0, 1, kTsMax}));
  ExpectRoundTrips(ColumnsWithTimes({kTsMin}));
  ExpectRoundTrips(ColumnsWithTimes({kTsMax}));
}

TEST(VectorCodecTest, TextsOfAllShapesComeBack) {
  ExpectRoundTrips(ColumnsWithTexts({""}));
  ExpectRoundTrips(ColumnsWithTexts({"", "", ""}));
  ExpectRoundTrips(ColumnsWithTexts({std::string("a\0b", 3), "\xFF\xFE\xC0\x80", "", "ok"}));
  ExpectRoundTrips(ColumnsWithTexts(std::vector<std::string>(1024, "running")));
  ExpectRoundTrips(ColumnsWithTexts({"a", std::string(1 << 20, 'x'), "b"}));
  std::string noise(1 << 20, '\0');
  std::mt19937_64 random(3);
  for (char& one : noise) one = static_cast<char>(random());
  ExpectRoundTrips(ColumnsWithTexts({"a", noise}));
}

TEST(VectorCodecTest, TheLongestTextComesBackCompressedAndPlain) {
  std::string text(kTextBytesMax, 'x');
  PointColumns columns = ColumnsWithTexts({text});
  EXPECT_EQ(EncodingOf(columns), "step+zstd");
  ExpectRoundTrip(columns, {});
  std::mt19937_64 random(4);
  for (size_t i = 0; i < text.size(); i += 8) {
    const uint64_t word = random();
    std::memcpy(text.data() + i, &word, sizeof(word));
  }
  columns = ColumnsWithTexts({text});
  EXPECT_EQ(EncodingOf(columns), "step+text");
  ExpectRoundTrip(columns, {});
}

TEST(VectorCodecTest, RefsMayPointAnywhereInTheHeap) {
  PointColumns columns = ColumnsWithTexts({"zero", "one", "two", "three"});
  std::swap(columns.bits[0], columns.bits[3]);
  columns.bits[1] = columns.bits[2];
  ExpectRoundTrips(columns);
}

TEST(VectorCodecTest, NullAndDeletedRowsHaveBitsZeroAndKeepTheirQuality) {
  for (const ValueType type :
       {ValueType::kNone, ValueType::kBool, ValueType::kInt32, ValueType::kInt64,
        ValueType::kFloat32, ValueType::kFloat64, ValueType::kText}) {
    PointColumns columns = ColumnsOf(type);
    for (int64_t i = 0; i < 100; ++i) {
      const bool gap = type == ValueType::kNone || i % 2 == 0;
      uint8_t flags = gap ? (i % 4 == 0 ? kPointNull : kPointDeleted) : uint8_t{0};
      if (i == 40) flags = kPointFlagsAll;
      ValueBits bits = 1;
      if (type == ValueType::kFloat64) bits = FromDouble(20.5);
      if (type == ValueType::kFloat32) bits = FromFloat(20.5F);
      columns.Append(Point{i * i, bits, static_cast<Quality>(i * 7), flags, "text"});
    }
    ExpectRoundTrips(columns);
  }
}

TEST(VectorCodecTest, GapsCostNoMoreThanRepetition) {
  std::vector<ValueBits> bits(1024, FromDouble(1e300));
  PointColumns columns = ColumnsWithBits(ValueType::kFloat64, bits);
  for (size_t row = 0; row < columns.size(); row += 2) {
    columns.bits[row] = 0;
    columns.flags[row] = kPointNull;
  }
  EXPECT_EQ(EncodingOf(columns), "step+constant");
  ExpectRoundTrips(columns);
}

TEST(VectorCodecTest, ChoosesTheSmallest) {
  std::vector<ValueBits> decimals, counters, noise, states, binary, reals, setpoints;
  std::mt19937_64 random(5);
  for (int i = 0; i < 1024; ++i) {
    decimals.push_back(FromDouble((2000 + i * 37 % 500) / 100.0));
    counters.push_back(FromInt64(1'000'000'000'000 + i * 3));
    noise.push_back(random());
    states.push_back(FromInt64(int64_t{i * i % 7} * 1'000'000'007));
    binary.push_back(FromDouble(std::ldexp(static_cast<double>(random() >> 30), -34)));
    reals.push_back(FromDouble(1 + static_cast<double>(random() >> 11) * 0x1p-53));
    setpoints.push_back(FromDouble(std::sqrt(static_cast<double>(2 + i * i % 7))));
  }
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kFloat64, decimals)), "step+decimal");
  EXPECT_THAT(Encoded(ColumnsWithBits(ValueType::kFloat64, decimals)).size(), Lt(1200U));
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kInt64, counters)), "step+packed");
  EXPECT_THAT(Encoded(ColumnsWithBits(ValueType::kInt64, counters)).size(), Lt(20U));
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kFloat64, noise)), "step+raw");
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kInt64, noise)), "step+raw");
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kInt64, states)), "step+dictionary");
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kFloat64, setpoints)), "step+dictionary");
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kFloat64, binary)), "step+binary");
  EXPECT_EQ(EncodingOf(ColumnsWithBits(ValueType::kFloat64, reals)), "step+split");
  EXPECT_EQ(
      EncodingOf(ColumnsWithTimes({0, 1'000'000, 1'500'000, 9'000'000, 9'500'000, 10'000'000})),
      "grid+packed");
  EXPECT_EQ(EncodingOf(ColumnsWithTimes({0, 1000, 900'000, 901'000, 950'000, 1'950'000})),
            "delta+packed");
  EXPECT_EQ(EncodingOf(ColumnsWithTexts(std::vector<std::string>(50, "pump on"))),
            "step+dictionary");
  EXPECT_EQ(EncodingOf(ColumnsWithTexts({"x", "y"})), "step+text");
  EXPECT_EQ(EncodingOf(ColumnsWithTimes({5})), "step+packed");
}

TEST(VectorCodecTest, FloatsThatAreShortDecimalsArePacked) {
  std::vector<ValueBits> bits;
  for (int i = 0; i < 512; ++i) bits.push_back(FromFloat(static_cast<float>(200 + i % 90) / 10.0F));
  const PointColumns columns = ColumnsWithBits(ValueType::kFloat32, bits);
  EXPECT_EQ(EncodingOf(columns), "step+decimal");
  ExpectRoundTrips(columns);
}

TEST(VectorCodecTest, RawRecordsAreTakenWhereTheyAreExact) {
  const CodecOptions raw{true};
  const auto reach = [](int64_t units, int64_t unit_us) {
    return ColumnsWithTimes({3, 3 + unit_us, 3 + units * unit_us});
  };
  for (const int64_t unit_us : kRecordUnitsUs) {
    SCOPED_TRACE(unit_us);
    EXPECT_EQ(EncodingOf(reach((1 << 24) - 1, unit_us), raw), "records");
    ExpectRoundTrips(reach((1 << 24) - 1, unit_us));
    ExpectRoundTrips(reach((1 << 24) + 0, unit_us));
    ExpectRoundTrips(reach((1 << 24) + 1, unit_us));
    EXPECT_NE(EncodingOf(reach((1 << 24) + 1, unit_us), raw), "records");
  }
  EXPECT_NE(EncodingOf(reach(1 << 24, 1), raw), "records");
  EXPECT_NE(EncodingOf(ColumnsWithTexts({"a"}), raw), "records");
  EXPECT_EQ(Encoded(ColumnsWithBits(ValueType::kBool, {1, 0, 1}), raw).size(), 2U + 1 + 3 * 5);
  EXPECT_EQ(Encoded(ColumnsWithBits(ValueType::kInt32, {1, 2, 3}), raw).size(), 2U + 1 + 3 * 8);
  EXPECT_EQ(Encoded(ColumnsWithBits(ValueType::kFloat64, {1, 2, 3}), raw).size(), 2U + 1 + 3 * 12);
}

TEST(NextVectorRowsTest, EndsAtTheRowsLimitAndAtTheEnd) {
  const PointColumns columns = ColumnsWithBits(ValueType::kInt64, std::vector<ValueBits>(1500, 1));
  EXPECT_EQ(NextVectorRows(columns, 0, {}), 1024U);
  EXPECT_EQ(NextVectorRows(columns, 476, {}), 1024U);
  EXPECT_EQ(NextVectorRows(columns, 477, {}), 1023U);
  EXPECT_EQ(NextVectorRows(columns, 1499, {}), 1U);
  EXPECT_EQ(NextVectorRows(columns, 1500, {}), 0U);
  EXPECT_EQ(NextVectorRows(columns, 0, CodecOptions{true}), 1024U);
}

TEST(NextVectorRowsTest, TextFillsAVectorExactlyAndALongerOneStandsAlone) {
  const std::string half(kVectorTextBytesMax / 2, 'x');
  PointColumns columns = ColumnsWithTexts({half, half, "", "y", half + half + "z", "", "w"});
  EXPECT_EQ(NextVectorRows(columns, 0, {}), 3U);
  EXPECT_EQ(NextVectorRows(columns, 3, {}), 1U);
  EXPECT_EQ(NextVectorRows(columns, 4, {}), 1U);
  EXPECT_EQ(NextVectorRows(columns, 5, {}), 2U);
  ExpectRoundTrips(columns);
}

TEST(NextVectorRowsTest, RecordsEndWhereTheirOffsetWould) {
  constexpr int64_t kReach = (int64_t{1} << 24) - 1;
  const CodecOptions raw{true};
  EXPECT_EQ(NextVectorRows(ColumnsWithTimes({0, 1, kReach, kReach + 1}), 0, raw), 3U);
  EXPECT_EQ(NextVectorRows(ColumnsWithTimes({0, kReach * 100'000, (kReach + 1) * 100'000}), 0, raw),
            2U);
  // The third time needs a finer unit, in which the second is out of reach too.
  EXPECT_EQ(NextVectorRows(ColumnsWithTimes({0, 86'400'000'000, 86'400'000'001}), 0, raw), 2U);
  EXPECT_EQ(NextVectorRows(ColumnsWithTimes({0, 86'400'000'000, 86'400'000'001}), 0, {}), 3U);
  EXPECT_EQ(NextVectorRows(ColumnsWithTimes({kTsMin, kTsMax}), 0, raw), 1U);
}

// Goal: whatever the shape of the columns, they come back. Method: seeded mixtures of shapes.
ValueBits RandomBits(ValueType type, int shape, std::mt19937_64& random, int64_t row) {
  const auto small = static_cast<int64_t>(random() % 2000) - 1000;
  switch (type) {
    case ValueType::kBool:
      return random() & 1;
    case ValueType::kInt32:
      return FromInt64(shape == 0 ? static_cast<int32_t>(random()) : row * 3 + small % 5);
    case ValueType::kInt64:
      return shape == 0 ? random() : FromInt64(shape == 1 ? row * 1'000'003 : small);
    case ValueType::kFloat32:
      if (shape == 0) return random() & 0xFFFF'FFFF;
      return FromFloat(static_cast<float>(small) / 100.0F);
    case ValueType::kFloat64:
      if (shape == 0) return random();
      return FromDouble(static_cast<double>(small) /
                        std::pow(10.0, static_cast<double>(shape * 3)));
    default:
      return 0;
  }
}

PointColumns RandomColumns(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto type = static_cast<ValueType>(random() % (kValueTypeLast + 1));
  const size_t count = std::vector<size_t>{1, 2, 3, 63, 500, 1023, 1024, 1025}[random() % 8];
  const int shape = static_cast<int>(random() % 5);
  const uint64_t gap_every = random() % 4;
  const auto unit_us = static_cast<int64_t>(std::pow(10.0, static_cast<double>(random() % 7)));
  const uint64_t jitter = 1 + random() % 3 * (random() % 1000);
  PointColumns columns = ColumnsOf(type);
  auto ts_us = static_cast<int64_t>(random() % 4'000'000'000'000'000) - 2'000'000'000'000'000;
  for (size_t row = 0; row < count; ++row) {
    uint8_t flags = 0;
    if (gap_every != 0 && random() % gap_every == 0) {
      flags = static_cast<uint8_t>(1 + random() % 3);
    }
    if (type == ValueType::kNone && flags == 0) flags = kPointNull;
    const std::string text(random() % (shape == 0 ? 200 : 8), static_cast<char>(random()));
    const ValueBits bits =
        flags != 0 ? 0 : RandomBits(type, shape, random, static_cast<int64_t>(row));
    const auto quality = static_cast<Quality>(shape == 2 ? random() : kQualityGood);
    columns.Append(Point{ts_us, bits, quality, flags, text});
    ts_us += unit_us * static_cast<int64_t>(1 + random() % jitter);
  }
  return columns;
}

TEST(VectorCodecTest, RandomColumnsComeBack) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    ExpectRoundTrips(RandomColumns(seed));
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace xtdb
