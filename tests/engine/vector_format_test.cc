// The bytes of docs/format-vector.md, one pinned example of each encoding, and what damage does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

std::string Hex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte one : bytes) {
    hex += kDigits[std::to_integer<unsigned>(one) >> 4];
    hex += kDigits[std::to_integer<unsigned>(one) & 15];
  }
  return hex;
}

PointColumns NumberColumns(ValueType type, const std::vector<ValueBits>& bits, int64_t step_us) {
  PointColumns columns = ColumnsOf(type);
  int64_t ts_us = 256;
  for (const ValueBits one : bits) {
    columns.Append(Point{ts_us, one, kQualityGood, 0, {}});
    ts_us += step_us;
  }
  return columns;
}

constexpr const char* kStepSection = "00010000000000000500000000000000";  // 256, 5

TEST(VectorFormatTest, ConstantStepAndConstantValue) {
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kInt32, {7, 7, 7}, 5))), std::string("01010100"
                                                                                      "10000000"
                                                                                      "04000000"
                                                                                      "01000000") +
                                                                              kStepSection +
                                                                              "07000000" + "c0");
}

TEST(VectorFormatTest, RawTimeAndNullBitmap) {
  PointColumns columns = ColumnsOf(ValueType::kNone);
  columns.Append(Point{-2, 0, 64, kPointNull, {}});
  EXPECT_EQ(Hex(Encoded(columns)),
            "00000101"
            "08000000"
            "00000000"
            "01000000"
            "01"
            "feffffffffffffff"
            "40");
}

TEST(VectorFormatTest, DeletedBitmapStandsBehindTheNullBitmap) {
  PointColumns columns = NumberColumns(ValueType::kBool, {1, 0, 0}, 5);
  columns.flags = {0, kPointNull, kPointDeleted};
  EXPECT_EQ(Hex(Encoded(columns)), std::string("01010103"
                                               "10000000"
                                               "01000000"
                                               "01000000"
                                               "02"
                                               "04") +
                                       kStepSection + "01" + "c0");
}

TEST(VectorFormatTest, FrameOfReferenceAndRawQuality) {
  PointColumns columns = NumberColumns(ValueType::kInt64, {FromInt64(-3), 0, FromInt64(-2), 4}, 5);
  columns.quality = {192, 64, 0, 192};
  // -3 + {0, 3, 1, 7} in 3 bits: 111 001 011 000
  EXPECT_EQ(Hex(Encoded(columns)), std::string("01020000"
                                               "10000000"
                                               "0c000000"
                                               "04000000") +
                                       kStepSection +
                                       "0003"
                                       "fdffffffffffffff"
                                       "580e" +
                                       "c04000c0");
}

TEST(VectorFormatTest, DeltaOfValues) {
  std::vector<ValueBits> bits;
  for (uint64_t i = 0; i < 17; ++i) bits.push_back(1000 * i + (i == 16 ? 1 : 0));
  // Steps of 1000 and a last one of 1001: fifteen 0 bits and a 1.
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kInt64, bits, 5))), std::string("01020100"
                                                                                 "10000000"
                                                                                 "14000000"
                                                                                 "01000000") +
                                                                         kStepSection +
                                                                         "0101"
                                                                         "0000000000000000"
                                                                         "e803000000000000"
                                                                         "0080" +
                                                                         "c0");
}

TEST(VectorFormatTest, DecimalOfDoubles) {
  EXPECT_EQ(Hex(Encoded(NumberColumns(ValueType::kFloat64,
                                      {FromDouble(20.5), FromDouble(20.25), FromDouble(21)}, 5))),
            std::string("01030100"
                        "10000000"
                        "0e000000"
                        "01000000") +
                kStepSection +
                // 2025 + {25, 0, 75} in 7 bits: 1001011 0000000 0011001
                "02"
                "0007"
                "e907000000000000"
                "19c012" +
                "c0");
}

TEST(VectorFormatTest, DeltaOfTimes) {
  PointColumns columns = ColumnsWithTimes({1000, 1500, 2100, 2300, 2800});
  // Deltas 500 600 200 500 = 200 + 100 * {3, 4, 0, 3} in 3 bits: 011 000 100 011
  EXPECT_EQ(Hex(Encoded(columns)),
            "02010100"
            "1b000000"
            "08000000"
            "01000000"
            "e803000000000000"
            "c800000000000000"
            "6400000000000000"
            "03"
            "2306"
            "0700000000000000"
            "c0");
}

TEST(VectorFormatTest, Records) {
  PointColumns columns = NumberColumns(ValueType::kInt32, {7, FromInt64(-1), 0}, 20'000);
  columns.quality[1] = kQualityUncertain;
  columns.flags[2] = kPointNull;
  EXPECT_EQ(Hex(Encoded(columns, CodecOptions{true})),
            "03040201"
            "09000000"
            "18000000"
            "00000000"
            "04"
            "010001000000000000"
            "000000c007000000"
            "02000040ffffffff"
            "040000c000000000");
}

TEST(VectorFormatTest, TextAndItsCompressedForm) {
  EXPECT_EQ(Hex(Encoded(ColumnsWithTexts({"ab", "", "cde"}))),
            "01050100"
            "10000000"
            "07000000"
            "01000000"
            "c0b4b3ffffffffff"
            "40420f0000000000"
            "02"
            "32"
            "6162636465"
            "c0");
  // The compressor is not ours to pin; the frame's magic and the lengths before it are.
  const ByteVector bytes = Encoded(ColumnsWithTexts({std::string(100, 'x'), "y"}));
  EXPECT_THAT(Hex(bytes), HasSubstr("07e40028b52ffd"));
}

// Samples of every encoding, small enough that each byte can be damaged in every way.
struct Sample {
  PointColumns columns;
  ByteVector bytes;
};

std::vector<Sample> Samples() {
  std::vector<PointColumns> all;
  all.push_back(NumberColumns(ValueType::kBool, {1, 0, 1, 1, 0, 1, 0, 0, 1}, 5));
  all.push_back(NumberColumns(ValueType::kInt32, {7, 7, 7}, 5));
  std::vector<ValueBits> ramp, decimals, floats, noise;
  std::mt19937_64 random(6);
  for (uint64_t i = 0; i < 40; ++i) {
    ramp.push_back(FromInt64(static_cast<int64_t>(i * 900) - 9000 + static_cast<int64_t>(i % 3)));
    decimals.push_back(FromDouble(static_cast<double>(i % 7) / 10.0 + 20));
    floats.push_back(FromFloat(static_cast<float>(i % 9) / 4.0F));
    noise.push_back(random());
  }
  all.push_back(NumberColumns(ValueType::kInt32, ramp, 60));
  all.push_back(NumberColumns(ValueType::kInt64, ramp, 1'000'000));
  all.push_back(NumberColumns(ValueType::kFloat32, floats, 100));
  all.push_back(NumberColumns(ValueType::kFloat64, decimals, 100));
  all.push_back(NumberColumns(ValueType::kFloat64, noise, 100));
  all.push_back(ColumnsWithTimes({1000, 1500, 2100, 2300, 2800, 2900, 5000}));
  all.push_back(ColumnsWithTexts({"ab", "", "cde", "f"}));
  all.push_back(ColumnsWithTexts({std::string(90, 'x'), "", std::string(30, 'y')}));
  all.push_back(ColumnsWithTexts({std::string(200, 'x')}));
  for (size_t i = 0, count = all.size(); i < count; ++i) {
    PointColumns gaps = ColumnsOf(all[i].type);
    for (size_t row = 0; row < all[i].size(); ++row) {
      Point point = all[i].At(row);
      point.flags = static_cast<uint8_t>(row % 4);
      point.quality = static_cast<Quality>(row * 50);
      gaps.Append(point);
    }
    all.push_back(gaps);
  }
  std::vector<Sample> samples;
  for (const PointColumns& columns : all) {
    samples.push_back({columns, Encoded(columns)});
    samples.push_back({columns, Encoded(columns, CodecOptions{true})});
  }
  return samples;
}

// An error that leaves the columns as they were, or rows that keep the rules. True if OK.
bool ErrorOrValidRows(const ByteVector& exact, ValueType type, size_t count) {
  PointColumns decoded = ColumnsOf(type);
  decoded.text_heap = "kept";
  const Status status = DecodeVector(exact, type, static_cast<uint32_t>(count), decoded);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(decoded.empty());
    EXPECT_EQ(decoded.text_heap, "kept");
    return false;
  }
  EXPECT_EQ(decoded.size(), count);
  EXPECT_TRUE(decoded.IsStrictlyIncreasing());
  EXPECT_GE(decoded.ts_us.front(), kTsMin);
  EXPECT_LE(decoded.ts_us.back(), kTsMax);
  for (size_t row = 0; row < decoded.size(); ++row) {
    const ValueBits bits = decoded.bits[row];
    EXPECT_TRUE(decoded.flags[row] == 0 || bits == 0);
    EXPECT_TRUE(type != ValueType::kBool || bits <= 1);
    EXPECT_TRUE(type != ValueType::kInt32 || AsInt64(bits) == static_cast<int32_t>(bits));
    EXPECT_TRUE(type != ValueType::kFloat32 || bits >> 32 == 0);
    if (type == ValueType::kText) {
      EXPECT_LE(TextRef::Offset(bits) + TextRef::Length(bits), decoded.text_heap.size());
    }
  }
  return true;
}

TEST(VectorDamageTest, EveryTruncationIsAnError) {
  for (const Sample& sample : Samples()) {
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      const ByteVector cut(sample.bytes.begin(),
                           sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(ErrorOrValidRows(cut, sample.columns.type, sample.columns.size())) << size;
    }
    ByteVector longer = sample.bytes;
    longer.push_back(std::byte{0});
    ASSERT_FALSE(ErrorOrValidRows(longer, sample.columns.type, sample.columns.size()));
  }
}

TEST(VectorDamageTest, EveryFlippedByteIsAnErrorOrValidRows) {
  for (const Sample& sample : Samples()) {
    for (size_t at = 0; at < sample.bytes.size(); ++at) {
      for (const unsigned flip : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U, 0xFFU}) {
        ByteVector damaged = sample.bytes;
        damaged[at] ^= static_cast<std::byte>(flip);
        ErrorOrValidRows(damaged, sample.columns.type, sample.columns.size());
      }
    }
    if (HasFailure()) return;
  }
}

TEST(VectorDamageTest, AnotherTypeOrCountNeverReadsOutside) {
  for (const Sample& sample : Samples()) {
    for (uint8_t type = 0; type <= kValueTypeLast; ++type) {
      for (const size_t count : {size_t{0}, size_t{1}, size_t{2}, sample.columns.size() + 1,
                                 size_t{1024}, size_t{1025}}) {
        ErrorOrValidRows(sample.bytes, static_cast<ValueType>(type), count);
      }
    }
    if (HasFailure()) return;
  }
}

Status DecodeStatus(const ByteVector& bytes, ValueType type, uint32_t count) {
  PointColumns decoded = ColumnsOf(type);
  return DecodeVector(bytes, type, count, decoded);
}

ByteVector WithByte(ByteVector bytes, size_t at, unsigned value) {
  bytes[at] = static_cast<std::byte>(value);
  return bytes;
}

TEST(VectorDamageTest, UnknownEncodingsAndBitmapsAreCorruption) {
  const ByteVector good = Encoded(NumberColumns(ValueType::kInt32, {7, 7, 7}, 5));
  ASSERT_OK(DecodeStatus(good, ValueType::kInt32, 3));
  for (size_t at = 0; at < 4; ++at) {
    const ByteVector bad = WithByte(good, at, 0x80);
    EXPECT_THAT(DecodeStatus(bad, ValueType::kInt32, 3), HasCode(StatusCode::kCorruption)) << at;
    EXPECT_THAT(DescribeVectorEncoding(bad), HasCode(StatusCode::kCorruption)) << at;
  }
  EXPECT_THAT(DecodeStatus(WithByte(good, 1, 4), ValueType::kInt32, 3),
              HasMessage(HasSubstr("records of some columns only")));
  EXPECT_THAT(DescribeVectorEncoding(std::span(good).first(15)), HasCode(StatusCode::kCorruption));
}

TEST(VectorDamageTest, TimesMustIncreaseWithinTheCalendar) {
  const ByteVector good = Encoded(NumberColumns(ValueType::kInt32, {7, 7, 7}, 5));
  EXPECT_THAT(DecodeStatus(WithByte(good, 24, 0), ValueType::kInt32, 3),
              HasMessage(HasSubstr("not strictly increasing")));
  EXPECT_THAT(DecodeStatus(WithByte(good, 31, 0x40), ValueType::kInt32, 3),
              HasCode(StatusCode::kCorruption));
  EXPECT_THAT(DecodeStatus(WithByte(good, 23, 0x70), ValueType::kInt32, 3),
              HasMessage(HasSubstr("outside years")));
  EXPECT_THAT(DecodeStatus(WithByte(good, 23, 0x90), ValueType::kInt32, 3),
              HasMessage(HasSubstr("outside years")));
}

TEST(VectorDamageTest, ValuesMustFitTheirType) {
  const ByteVector bools = Encoded(NumberColumns(ValueType::kBool, {1, 1, 1}, 5));
  EXPECT_THAT(DecodeStatus(WithByte(bools, 32, 2), ValueType::kBool, 3),
              HasMessage(HasSubstr("range")));
  const ByteVector packed = Encoded(NumberColumns(ValueType::kInt32, {1, 2, 1, 2, 1, 2, 1, 2}, 5));
  ASSERT_OK(DecodeStatus(packed, ValueType::kInt32, 8));
  EXPECT_THAT(DecodeStatus(WithByte(packed, 39, 1), ValueType::kInt32, 8),
              HasMessage(HasSubstr("range")));
  PointColumns nulls = ColumnsOf(ValueType::kNone);
  for (int64_t i = 0; i < 3; ++i) nulls.Append(Point{i, 0, 0, kPointNull, {}});
  const ByteVector none = Encoded(nulls);
  ASSERT_OK(DecodeStatus(none, ValueType::kNone, 3));
  EXPECT_THAT(DecodeStatus(WithByte(none, 16, 3), ValueType::kNone, 3),
              HasMessage(HasSubstr("range")));
}

TEST(VectorDamageTest, PaddingAndEmptyBitmapsAreCorruption) {
  PointColumns columns = NumberColumns(ValueType::kInt32, {7, 0, 7}, 5);
  columns.flags[1] = kPointNull;
  const ByteVector good = Encoded(columns);
  EXPECT_THAT(DecodeStatus(WithByte(good, 16, 0x0A), ValueType::kInt32, 3),
              HasMessage(HasSubstr("padding")));
  EXPECT_THAT(DecodeStatus(WithByte(good, 16, 0x00), ValueType::kInt32, 3),
              HasMessage(HasSubstr("without a set bit")));
}

TEST(VectorDamageTest, AGapMustNotCarryTextAndVectorsOfTextAreBounded) {
  PointColumns columns = ColumnsWithTexts({"ab", "", "cde"});
  columns.flags[1] = kPointNull;
  ByteVector bytes = Encoded(columns);
  ASSERT_OK(DecodeStatus(bytes, ValueType::kText, 3));
  EXPECT_THAT(DecodeStatus(WithByte(bytes, 16, 1), ValueType::kText, 3),
              HasMessage(HasSubstr("row without a value")));
  const ByteVector zeros = Encoded(ColumnsWithTexts({std::string(40'000, 'x'), ""}));
  ASSERT_OK(DecodeStatus(zeros, ValueType::kText, 2));
  // The width byte is followed by 40,000 and 0 in 16 bits each; 65,535 each is too much for two.
  ByteVector longer = zeros;
  for (size_t at = 33; at < 37; ++at) longer[at] = std::byte{0xFF};
  EXPECT_THAT(DecodeStatus(longer, ValueType::kText, 2), HasMessage(HasSubstr("longer")));
  EXPECT_THAT(DecodeStatus(WithByte(zeros, 33, 0x41), ValueType::kText, 2),
              HasMessage(HasSubstr("frame or its size")));
}

}  // namespace
}  // namespace xtdb
