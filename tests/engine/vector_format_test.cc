// The bytes of docs/format-vector.md: one pinned example of each encoding of a vector. Those of the
// streams, the grid and the split floats within are pinned by their own tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/hex.h"
#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::StartsWith;

// Every 5 us from 256 us on.
PointColumns NumberColumns(ValueType type, const std::vector<ValueBits>& bits,
                           int64_t step_us = 5) {
  PointColumns columns = ColumnsOf(type);
  int64_t ts_us = 256;
  for (const ValueBits one : bits) {
    columns.Append(Point{ts_us, one, kQualityGood, 0, {}});
    ts_us += step_us;
  }
  return columns;
}

PointColumns DoubleColumns(const std::vector<double>& values) {
  std::vector<ValueBits> bits;
  for (const double value : values) bits.push_back(FromDouble(value));
  return NumberColumns(ValueType::kFloat64, bits);
}

TEST(VectorFormatTest, StepOfTimeAndConstantValue) {
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kBool, {1, 1, 1}))), "00 01 05 01");
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kFloat32, {0x40490FDB, 0x40490FDB}))),
            "00 01 05 db 0f 49 40");
  // A stream's constant is as small, where the number is.
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kInt32, {7, 7, 7}))), "00 02 05 00 0e");
}

TEST(VectorFormatTest, OnePointWithoutValueHasFlagAndQuality) {
  PointColumns columns = ColumnsOf(ValueType::kNone);
  columns.Append(Point{-2, 0, 64, kPointNull, {}});
  EXPECT_EQ(Hex(Encoded(columns)),
            "28 00 "     // a quality stream and NULL rows; raw
            "00 02 "     // which rows are NULL: 1 in all
            "00 "        // step: none
            "00 80 01")  // quality: 64 in all
      << "no bytes of values";
}

TEST(VectorFormatTest, DeletedRowsStandBehindNullRows) {
  PointColumns columns = NumberColumns(ValueType::kBool, {1, 0, 0});
  columns.flags = {0, kPointNull, kPointDeleted};
  EXPECT_EQ(Hex(Encoded(columns)), "60 01 01 00 01 02 01 00 01 04 05 01");
}

TEST(VectorFormatTest, PackedIntegersAndQuality) {
  PointColumns columns = NumberColumns(ValueType::kInt64, {FromInt64(-3), 0, FromInt64(-2), 4});
  columns.quality = {192, 64, 0, 192};
  EXPECT_EQ(Hex(Encoded(columns)),
            "08 02 05 "
            "01 05 03 58 0e "   // -3 + {0, 3, 1, 7} in 3 bits: 111 001 011 000
            "11 00 40 02 c7");  // 64 * {3, 1, 0, 3} in 2 bits
}

TEST(VectorFormatTest, Decimals) {
  EXPECT_EQ(Hex(Encoded(DoubleColumns({20.5, 20.25, 21}))),
            "00 03 05 "
            "02 "                  // hundredths
            "11 d2 1f 19 02 31");  // 2025 + 25 * {1, 0, 3} in 2 bits
}

TEST(VectorFormatTest, TheWorkedExampleOfThePage) {
  PointColumns columns = DoubleColumns({20.5, 20.25, 21});
  columns.quality[2] = 64;
  EXPECT_EQ(Hex(Encoded(columns)), "08 03 05 02 11 d2 1f 19 02 31 01 80 01 08 80 80 00");
}

TEST(VectorFormatTest, DecimalsWithUnitsInTheLastPlace) {
  EXPECT_EQ(Hex(Encoded(DoubleColumns({0.25, 0.1 + 0.2, 0.31}))),
            "00 03 05 "
            "12 "
            "01 32 03 a8 01 "  // 25 + {0, 5, 6} in 3 bits
            "01 00 01 02");    // the second is one double above 0.3
}

TEST(VectorFormatTest, DecimalsWithAnException) {
  PointColumns columns = DoubleColumns({0.5, 1.25, 2.75, 0, 3.5, 7.5, 8.5, 9.25, 9.75, 10.5});
  columns.bits[3] = 0x7FF8'0000'DEAD'BEEF;
  EXPECT_EQ(Hex(Encoded(columns)),
            "00 03 05 "
            "22 "
            "12 64 00 19 05 c3 80 01 c9 10 03 "  // 50, then 25 * {3, 6, 0, ...}
            "01 03 00 ef be ad de 00 00 f8 7f");
}

TEST(VectorFormatTest, BinaryFractions) {
  EXPECT_EQ(Hex(Encoded(DoubleColumns({0x1p-20, 0x1.8p-20, 0x1p-19, 0x1.4p-18, 0x1p-18}))),
            "00 08 05 "
            "00 29 "               // * 2^-21
            "01 04 04 10 82 06");  // 2 + {0, 1, 2, 8, 6} in 4 bits
}

TEST(VectorFormatTest, OrderedFloats) {
  const PointColumns columns = NumberColumns(
      ValueType::kFloat64, {0xBFF1'2345'6789'ABCD, 0xBFF1'2345'6789'ABCF, 0xBFF1'2345'6789'ABCA});
  // The key of the least, ...ABCF, is 0xC00E'DCBA'9876'5430; from there {2, 0, 5} in 3 bits.
  EXPECT_EQ(Hex(Encoded(columns)), "00 0a 05 01 9f af cd f8 ac d1 91 f1 7f 03 42 01");
}

TEST(VectorFormatTest, Raw) {
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kInt32, {0x40123456, 0x1B2C3D4E}))),
            "00 00 05 56 34 12 40 4e 3d 2c 1b");
}

TEST(VectorFormatTest, DeltaOfTimes) {
  const PointColumns columns = ColumnsWithTimes({0, 1000, 900'000, 901'000, 950'000, 1'950'000});
  EXPECT_EQ(Hex(Encoded(columns)),
            "02 02 "
            "11 d0 0f e8 07 0a 00 08 0e 00 0c e7 03 "  // 1000 + 1000 * {0, 898, 0, 48, 999}
            "00 0e");
}

TEST(VectorFormatTest, GridOfTimes) {
  std::vector<int64_t> times;
  for (const int64_t jitter_us : {0, 7, 14, 3, 9, 1, 12, 5, 15, 2, 11, 6, 13, 4, 10, 8}) {
    times.push_back(static_cast<int64_t>(times.size()) * 1'000'000 + jitter_us);
  }
  const PointColumns columns = ColumnsWithTimes(times);
  EXPECT_EQ(Hex(Encoded(columns)),
            "01 02 "
            "00 c0 84 3d "                              // whole step of 1,000,000 us, no gaps
            "01 00 04 70 3e 19 5c 2f 6b 4d 8a 00 0e");  // jitter in 4 bits
}

TEST(VectorFormatTest, Records) {
  PointColumns columns = NumberColumns(ValueType::kInt32, {7, FromInt64(-1), 0}, 20'000);
  columns.quality[1] = kQualityUncertain;
  columns.flags[2] = kPointNull;
  EXPECT_EQ(Hex(Encoded(columns, CodecOptions{true})),
            "33 04 "
            "01 00 01 04 "  // the third is NULL
            "01 "           // units of 10 ms
            "00*3 c0 07 00*3 "
            "02 00 00 40 ff*4 "
            "04 00 00 c0 00*4");
}

TEST(VectorFormatTest, TextAndItsCompressedForm) {
  EXPECT_EQ(Hex(Encoded(ColumnsWithTexts({"ab", "", "cde"}))),
            "00 05 c0 84 3d 01 00 02 32 61 62 63 64 65");
  // The compressor is not ours to pin; the lengths before the frame are.
  EXPECT_THAT(Hex(Encoded(ColumnsWithTexts({std::string(100, 'x'), "y"}))),
              StartsWith("00 06 c0 84 3d 01 02 07 63 00 "));
}

TEST(VectorFormatTest, DictionaryHasEntriesInAnEncodingOfTheirOwn) {
  EXPECT_EQ(Hex(Encoded(ColumnsWithTexts({"on", "off", "on", "off", "off", "on"}))),
            "00 07 c0 84 3d "
            "02 05 01 04 01 02 6f 6e 6f 66 66 "  // two texts of 2 and 3 bytes: onoff
            "01 00 01 1a");
  const PointColumns columns = NumberColumns(
      ValueType::kInt64, {3, 1'000'000'009, 77, 3, 77, 1'000'000'009, 3, 77, 3, 77, 77, 3});
  EXPECT_EQ(Hex(Encoded(columns)),
            "00 07 05 "
            "03 02 09 06 08 00 4a 06 "  // 3, 77 and 1,000,000,009: 8 bits each,
            "01 16 02 00 ca 9a 3b "     // and a patch for the last
            "01 00 02 18 49 14");
}

}  // namespace
}  // namespace xtdb
