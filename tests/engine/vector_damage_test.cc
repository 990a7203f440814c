// Bytes that no writer made: an error or rows that keep the rules, and nothing else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "engine/codec/byte_io.h"
#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::Contains;
using testing::HasSubstr;

// From 256 us on.
PointColumns NumberColumns(ValueType type, const std::vector<ValueBits>& bits, int64_t step_us) {
  PointColumns columns = ColumnsOf(type);
  int64_t ts_us = 256;
  for (const ValueBits one : bits) {
    columns.Append(Point{ts_us, one, kQualityGood, 0, {}});
    ts_us += step_us;
  }
  return columns;
}

std::vector<PointColumns> NumberSamples() {
  std::vector<ValueBits> ramp, decimals, computed, floats, noise, binary, reals, near, set_points;
  std::mt19937_64 random(6);
  for (uint64_t i = 0; i < 40; ++i) {
    const auto row = static_cast<double>(i);
    ramp.push_back(FromInt64(static_cast<int64_t>(i * 900) - 9000 + static_cast<int64_t>(i % 3)));
    decimals.push_back(FromDouble(static_cast<double>(random() % 999) / 10.0 + 20));
    computed.push_back(FromDouble(static_cast<double>(random() % 999) * 0.01 + 0.07));
    floats.push_back(FromFloat(static_cast<float>(random() % 99) / 10.0F));
    noise.push_back(random());
    binary.push_back(FromDouble(static_cast<double>(random() >> 30) * 0x1p-34));
    reals.push_back(FromDouble(1 + static_cast<double>(random() >> 11) * 0x1p-53));
    near.push_back(FromDouble(std::sqrt(2) * (1 + row * 1e-14)));
    set_points.push_back(FromDouble(std::sqrt(static_cast<double>(random() % 3 + 2))));
  }
  set_points[0] = decimals[7] = computed[0] = binary[39] = 0x7FF8'0000'0000'0001;
  std::vector<PointColumns> all;
  all.push_back(NumberColumns(ValueType::kBool, {1, 0, 1, 1, 0, 1, 0, 0, 1}, 5));
  all.push_back(NumberColumns(ValueType::kBool, {1, 1, 1}, 5));
  all.push_back(NumberColumns(ValueType::kInt32, ramp, 60));
  all.push_back(NumberColumns(ValueType::kInt64, ramp, 1'000'000));
  all.push_back(NumberColumns(ValueType::kFloat32, floats, 100));
  for (const auto& bits : {decimals, computed, noise, binary, reals, near, set_points}) {
    all.push_back(NumberColumns(ValueType::kFloat64, bits, 100));
  }
  return all;
}

std::vector<PointColumns> OtherSamples() {
  std::vector<PointColumns> all;
  std::mt19937_64 random(7);
  std::vector<int64_t> jitter, gaps, video;
  for (int64_t i = 0; i < 60; ++i) {
    jitter.push_back(i * 1'000'000 + static_cast<int64_t>(random() % 256));
    gaps.push_back(jitter.back() + (i > 20 ? 7'000'000 : 0) + (i > 33 ? 1'000'000 : 0));
    video.push_back(i * 100'000 / 3 + static_cast<int64_t>(random() % 64));
  }
  for (const auto& times : {jitter, gaps, video}) all.push_back(ColumnsWithTimes(times));
  all.push_back(ColumnsWithTimes({1000, 1500, 2100, 2300, 2800, 2900, 5000}));
  all.push_back(ColumnsWithTexts({"ab", "", "cde", "f"}));
  all.push_back(ColumnsWithTexts({"on", "off", "on", "off", "off", "on"}));
  all.push_back(ColumnsWithTexts({std::string(90, 'x'), "", std::string(30, 'y')}));
  all.push_back(ColumnsWithTexts({std::string(200, 'x')}));
  return all;
}

// Small enough that each byte can be damaged in every way.
struct Sample {
  PointColumns columns;
  ByteVector bytes;
};

std::vector<Sample> Samples() {
  std::vector<PointColumns> all = NumberSamples();
  for (PointColumns& columns : OtherSamples()) all.push_back(std::move(columns));
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
    for (const CodecOptions& options : AllOptions()) {
      samples.push_back({columns, Encoded(columns, options)});
    }
  }
  return samples;
}

TEST(VectorDamageTest, SamplesHaveEveryEncoding) {
  std::set<std::string> seen;
  for (const Sample& sample : Samples()) {
    std::istringstream names(DescribeVectorEncoding(sample.bytes).value());
    for (std::string name; std::getline(names, name, '+');) seen.insert(name);
  }
  for (const char* name : {"step", "grid", "delta", "raw", "constant", "packed", "decimal",
                           "records", "text", "zstd", "dictionary", "binary", "split", "ordered"}) {
    EXPECT_THAT(seen, Contains(name));
  }
}

// An error that leaves the columns as they were, or rows that keep the rules. True if OK.
bool ErrorOrValidRows(const ByteVector& exact, ValueType type, size_t count, int64_t first_ts_us) {
  PointColumns decoded = ColumnsOf(type);
  decoded.text_heap = "kept";
  const Status status =
      DecodeVector(exact, type, static_cast<uint32_t>(count), first_ts_us, decoded);
  if (!status.ok()) {
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_TRUE(decoded.empty());
    EXPECT_EQ(decoded.text_heap, "kept");
    return false;
  }
  EXPECT_EQ(decoded.size(), count);
  EXPECT_TRUE(decoded.IsStrictlyIncreasing());
  EXPECT_EQ(decoded.ts_us.front(), first_ts_us);
  EXPECT_GE(decoded.ts_us.front(), kTsMin);
  EXPECT_LE(decoded.ts_us.back(), kTsMax);
  uint64_t text_bytes = 0;
  for (size_t row = 0; row < decoded.size(); ++row) {
    const ValueBits bits = decoded.bits[row];
    EXPECT_TRUE(decoded.flags[row] == 0 || bits == 0);
    EXPECT_TRUE(type != ValueType::kBool || bits <= 1);
    EXPECT_TRUE(type != ValueType::kInt32 || AsInt64(bits) == static_cast<int32_t>(bits));
    EXPECT_TRUE(type != ValueType::kFloat32 || bits >> 32 == 0);
    if (type != ValueType::kText) continue;
    EXPECT_LE(TextRef::Offset(bits) + TextRef::Length(bits), decoded.text_heap.size());
    text_bytes += TextRef::Length(bits);
  }
  EXPECT_LE(text_bytes, count == 1 ? kTextBytesMax : kVectorTextBytesMax);
  return true;
}

bool ErrorOrValidRows(const ByteVector& exact, const Sample& sample) {
  return ErrorOrValidRows(exact, sample.columns.type, sample.columns.size(),
                          sample.columns.ts_us[0]);
}

TEST(VectorDamageTest, EveryTruncationIsAnError) {
  for (const Sample& sample : Samples()) {
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      const ByteVector cut(sample.bytes.begin(),
                           sample.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(ErrorOrValidRows(cut, sample)) << size;
    }
    ByteVector longer = sample.bytes;
    longer.push_back(std::byte{0});
    ASSERT_FALSE(ErrorOrValidRows(longer, sample));
  }
}

TEST(VectorDamageTest, EveryFlippedBitIsAnErrorOrValidRows) {
  for (const Sample& sample : Samples()) {
    for (size_t at = 0; at < sample.bytes.size(); ++at) {
      for (const unsigned flip : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U, 0xFFU}) {
        ByteVector damaged = sample.bytes;
        damaged[at] ^= static_cast<std::byte>(flip);
        ErrorOrValidRows(damaged, sample);
      }
    }
    if (HasFailure()) return;
  }
}

TEST(VectorDamageTest, AnotherTypeCountOrFirstTimeNeverReadsOutside) {
  for (const Sample& sample : Samples()) {
    const int64_t first_ts_us = sample.columns.ts_us[0];
    for (uint8_t type = 0; type <= kValueTypeLast; ++type) {
      for (const size_t count : {size_t{0}, size_t{1}, size_t{2}, sample.columns.size() + 1,
                                 size_t{1024}, size_t{1025}}) {
        ErrorOrValidRows(sample.bytes, static_cast<ValueType>(type), count, first_ts_us);
      }
    }
    for (const int64_t other :
         {kTsMin, kTsMin - 1, kTsMax, kTsMax + 1, std::numeric_limits<int64_t>::min(),
          std::numeric_limits<int64_t>::max(), first_ts_us + 1}) {
      ErrorOrValidRows(sample.bytes, sample.columns.type, sample.columns.size(), other);
    }
    if (HasFailure()) return;
  }
}

ByteVector Bytes(std::initializer_list<unsigned> bytes) {
  ByteVector out;
  for (const unsigned byte : bytes) out.push_back(static_cast<std::byte>(byte));
  return out;
}

Status DecodeStatus(const ByteVector& bytes, ValueType type, uint32_t count,
                    int64_t first_ts_us = 256) {
  PointColumns decoded = ColumnsOf(type);
  return DecodeVector(bytes, type, count, first_ts_us, decoded);
}

TEST(VectorDamageTest, UnknownEncodingsAreCorruption) {
  ASSERT_OK(DecodeStatus(Bytes({0x00, 2, 5, 0, 14}), ValueType::kInt32, 3));
  for (const unsigned columns : {0x04U, 0x05U, 0x06U, 0x07U, 0x18U, 0x80U}) {
    const ByteVector bad = Bytes({columns, 2, 5, 0, 14});
    EXPECT_THAT(DecodeStatus(bad, ValueType::kInt32, 3), HasMessage(HasSubstr("unknown")))
        << columns;
    EXPECT_THAT(DescribeVectorEncoding(bad), HasCode(StatusCode::kCorruption)) << columns;
  }
  for (unsigned value = 11; value < 256; ++value) {
    const ByteVector bad = Bytes({0x00, value, 5, 0, 14});
    EXPECT_THAT(DecodeStatus(bad, ValueType::kInt32, 3),
                HasMessage(HasSubstr("unknown value encoding")))
        << value;
    EXPECT_THAT(DescribeVectorEncoding(bad), HasCode(StatusCode::kCorruption)) << value;
  }
  EXPECT_THAT(DescribeVectorEncoding(Bytes({0x00})), HasCode(StatusCode::kCorruption));
}

TEST(VectorDamageTest, RecordsAreOfAllColumnsOrOfNone) {
  for (const unsigned columns : {0x00U, 0x03U, 0x10U, 0x1BU, 0x0BU}) {
    EXPECT_THAT(DecodeStatus(Bytes({columns, 4, 0}), ValueType::kInt32, 1),
                HasMessage(HasSubstr("records of some columns only")))
        << columns;
  }
  EXPECT_THAT(DecodeStatus(Bytes({0x13, 2, 0}), ValueType::kInt32, 1),
              HasMessage(HasSubstr("records of some columns only")));
  EXPECT_THAT(DecodeStatus(Bytes({0x13, 4, 6, 0, 0, 0, 0xC0, 7, 0, 0, 0}), ValueType::kInt32, 1),
              HasMessage(HasSubstr("unit")));
  EXPECT_OK(DecodeStatus(Bytes({0x13, 4, 5, 0, 0, 0, 0xC0, 7, 0, 0, 0}), ValueType::kInt32, 1));
  EXPECT_THAT(DecodeStatus(Bytes({0x13, 4, 5, 1, 0, 0, 0xC0, 7, 0, 0, 0}), ValueType::kInt32, 1),
              HasMessage(HasSubstr("first time")));
  EXPECT_THAT(DecodeStatus(Bytes({0x13, 4, 5, 0, 0, 0, 0xC0, 7, 0, 0, 0}), ValueType::kText, 1),
              HasMessage(HasSubstr("has none")));
}

TEST(VectorDamageTest, TimesMustIncreaseWithinTheCalendar) {
  EXPECT_THAT(DecodeStatus(Bytes({0x00, 2, 0, 0, 14}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("not strictly increasing")));
  const ByteVector backwards =
      Bytes({0x00, 2, 0xFB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0, 14});
  EXPECT_THAT(DecodeStatus(backwards, ValueType::kInt32, 3),
              HasMessage(HasSubstr("not strictly increasing")));
  const ByteVector good = Bytes({0x00, 2, 5, 0, 14});
  EXPECT_OK(DecodeStatus(good, ValueType::kInt32, 3, kTsMin));
  EXPECT_OK(DecodeStatus(good, ValueType::kInt32, 3, kTsMax - 10));
  EXPECT_THAT(DecodeStatus(good, ValueType::kInt32, 3, kTsMin - 1),
              HasMessage(HasSubstr("outside years")));
  EXPECT_THAT(DecodeStatus(good, ValueType::kInt32, 3, kTsMax - 9),
              HasMessage(HasSubstr("outside years")));
  // A grid that begins elsewhere than the vector's table says.
  EXPECT_THAT(DecodeStatus(Bytes({0x01, 2, 0, 5, 0, 2, 0, 14}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("first time")));
}

TEST(VectorDamageTest, ValuesMustFitTheirType) {
  EXPECT_THAT(DecodeStatus(Bytes({0x00, 1, 5, 2}), ValueType::kBool, 3),
              HasMessage(HasSubstr("range")));
  const ByteVector packed = Bytes({0x00, 2, 5, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F});
  ASSERT_OK(DecodeStatus(packed, ValueType::kInt32, 3));
  EXPECT_THAT(
      DecodeStatus(Bytes({0x00, 2, 5, 0, 0x80, 0x80, 0x80, 0x80, 0x10}), ValueType::kInt32, 3),
      HasMessage(HasSubstr("range")));
  ASSERT_OK(DecodeStatus(Bytes({0x20, 0, 0, 2, 5}), ValueType::kNone, 3));
  EXPECT_THAT(DecodeStatus(Bytes({0x00, 0, 5}), ValueType::kNone, 3),
              HasMessage(HasSubstr("range")));
}

TEST(VectorDamageTest, EncodingsOfAnotherTypeAreCorruption) {
  const std::vector<std::pair<unsigned, std::set<ValueType>>> known = {
      {2, {ValueType::kBool, ValueType::kInt32, ValueType::kInt64}},
      {3, {ValueType::kFloat32, ValueType::kFloat64}},
      {5, {ValueType::kText}},
      {8, {ValueType::kFloat32, ValueType::kFloat64}},
      {10, {ValueType::kFloat32, ValueType::kFloat64}}};
  for (const auto& [encoding, types] : known) {
    // Zeros are a section of each of them: one row of the constant 0, or of no text.
    for (uint8_t type = 0; type <= kValueTypeLast; ++type) {
      const bool fits = types.contains(static_cast<ValueType>(type));
      ByteVector bytes = Bytes({0x00, encoding, 0, 0, 0});
      if (encoding == 3 || encoding == 8) bytes.push_back(std::byte{0});
      if (encoding == 8) bytes.push_back(std::byte{0});
      EXPECT_EQ(DecodeStatus(bytes, static_cast<ValueType>(type), 1).ok(), fits)
          << encoding << " of type " << int{type};
    }
  }
}

TEST(VectorDamageTest, FlagsAreZerosAndOnesAndNotAllZero) {
  ASSERT_OK(DecodeStatus(Bytes({0x20, 2, 1, 0, 1, 0b010, 5, 0, 14}), ValueType::kInt32, 3));
  EXPECT_THAT(DecodeStatus(Bytes({0x20, 2, 1, 0, 1, 0b1010, 5, 0, 14}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("padding")));
  EXPECT_THAT(DecodeStatus(Bytes({0x20, 2, 0, 0, 5, 0, 14}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("flags")));
  EXPECT_THAT(DecodeStatus(Bytes({0x40, 2, 0, 4, 5, 0, 14}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("flags")));
  EXPECT_THAT(DecodeStatus(Bytes({0x08, 2, 5, 0, 14, 0, 0x80, 0x04}), ValueType::kInt32, 3),
              HasMessage(HasSubstr("quality")));
}

TEST(VectorDamageTest, AGapMustNotCarryTextAndVectorsOfTextAreBounded) {
  // Two rows of 2 and 1 bytes.
  ASSERT_OK(DecodeStatus(Bytes({0x00, 5, 5, 1, 2, 1, 0b01, 'a', 'b', 'c'}), ValueType::kText, 2));
  EXPECT_THAT(DecodeStatus(Bytes({0x20, 5, 1, 0, 1, 0b10, 5, 1, 2, 1, 0b01, 'a', 'b', 'c'}),
                           ValueType::kText, 2),
              HasMessage(HasSubstr("row without a value")));
  EXPECT_THAT(DecodeStatus(Bytes({0x00, 5, 5, 0, 0x80, 0x80, 0x08}), ValueType::kText, 2),
              HasMessage(HasSubstr("longer")));
  // A constant length of 2^62 each: the sum must not wrap.
  EXPECT_THAT(DecodeStatus(Bytes({0x00, 5, 5, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                  0x80, 0x01}),
                           ValueType::kText, 4),
              HasMessage(HasSubstr("longer")));
  // 65,536 bytes each of two texts, which 1 byte of a frame cannot hold.
  EXPECT_THAT(
      DecodeStatus(Bytes({0x00, 6, 0, 0, 0x80, 0x80, 0x80, 0x10, 1, 0}), ValueType::kText, 1),
      HasMessage(HasSubstr("too small")));
}

TEST(VectorDamageTest, ADictionaryOfFewLongTextsCannotNameThemAThousandTimes) {
  std::mt19937_64 random(8);
  std::string noise(600, '\0');
  for (char& one : noise) one = static_cast<char>(random());
  const PointColumns columns = ColumnsWithTexts(std::vector<std::string>(100, noise));
  const ByteVector bytes = Encoded(columns);
  ASSERT_EQ(DescribeVectorEncoding(bytes).value(), "step+dictionary");
  const auto decode = [&](uint32_t rows) {
    return DecodeStatus(bytes, ValueType::kText, rows, columns.ts_us[0]);
  };
  ASSERT_OK(decode(109));  // the code is a constant: as many rows as one likes
  EXPECT_THAT(decode(110), HasMessage(HasSubstr("longer than a vector's")));
}

}  // namespace
}  // namespace xtdb
