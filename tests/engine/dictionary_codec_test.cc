#include "engine/codec/dictionary_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/codec/bit_packing.h"
#include "tests/engine/section_test_support.h"
#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr OneCodec kDictionary{TryAppendDictionary, ReadDictionary};

std::vector<ValueBits> RowsOf(size_t entries, size_t rows = 1024) {
  std::mt19937_64 random(entries);
  std::vector<ValueBits> distinct(entries), bits(rows);
  for (ValueBits& one : distinct) one = random();
  for (size_t i = 0; i < rows; ++i) bits[i] = distinct[i < entries ? i : random() % entries];
  return bits;
}

TEST(DictionaryCodecTest, AsManyEntriesAsHalfTheRows) {
  for (const size_t entries : {1, 2, 3, 40, 511, 512}) {
    SCOPED_TRACE(entries);
    const size_t size = kDictionary.ExpectRoundTrip(ValueType::kInt64, RowsOf(entries));
    EXPECT_LE(size, entries * 8 + 1024 * BitWidth(entries - 1) / 8 + 20);
  }
  EXPECT_TRUE(kDictionary.SectionOf(ValueType::kInt64, RowsOf(513)).empty());
  EXPECT_TRUE(kDictionary.SectionOf(ValueType::kInt64, RowsOf(1, 1)).empty());
  kDictionary.ExpectRoundTrip(ValueType::kInt64, RowsOf(1, 2));
}

TEST(DictionaryCodecTest, EveryTypeHasEntriesInAnEncodingOfItsOwn) {
  std::mt19937_64 random(1);
  const auto decimals = MakeDoubles(
      400, [&](size_t) { return static_cast<double>(random() % 7 * random() % 9) / 10; });
  const auto floats =
      MakeFloats(400, [&](size_t) { return std::sqrt(static_cast<float>(random() % 9)); });
  std::vector<ValueBits> integers(400), bools(400);
  for (size_t i = 0; i < 400; ++i) {
    integers[i] = FromInt64(static_cast<int32_t>(random() % 5 * 1'234'567) - 2'000'000);
    bools[i] = random() & 1;
  }
  for (const bool compress : {false, true}) {
    kDictionary.ExpectRoundTrip(ValueType::kFloat64, decimals, compress);
    kDictionary.ExpectRoundTrip(ValueType::kFloat32, floats, compress);
    kDictionary.ExpectRoundTrip(ValueType::kInt32, integers, compress);
    kDictionary.ExpectRoundTrip(ValueType::kInt64, integers, compress);
    kDictionary.ExpectRoundTrip(ValueType::kBool, bools, compress);
  }
}

TEST(DictionaryCodecTest, OddFloatsAreDifferentBits) {
  std::vector<ValueBits> bits = OddDoubles();
  bits.insert(bits.end(), bits.begin(), bits.end());
  kDictionary.ExpectRoundTrip(ValueType::kFloat64, bits);
  bits = OddFloats();
  bits.insert(bits.end(), bits.begin(), bits.end());
  kDictionary.ExpectRoundTrip(ValueType::kFloat32, bits);
}

TEST(DictionaryCodecTest, TextsAreComparedByTheirBytes) {
  const std::vector<std::string> words{"on", "off", "", std::string("a\0b", 3),
                                       std::string("a\0c", 3)};
  std::vector<std::string> texts;
  std::mt19937_64 random(2);
  for (size_t i = 0; i < 1000; ++i) texts.push_back(words[random() % words.size()]);
  PointColumns columns = ColumnsWithTexts(texts);
  EXPECT_EQ(EncodingOf(columns), "step+dictionary");
  EXPECT_LE(Encoded(columns).size(), 40U + 1000 * 3 / 8);
  ExpectRoundTrips(columns);
  for (size_t row = 0; row < columns.size(); row += 3) {
    columns.bits[row] = 0;
    columns.flags[row] = kPointNull;
  }
  ExpectRoundTrips(columns);
}

TEST(DictionaryCodecTest, ATextThatAllRowsHaveStandsOnce) {
  const PointColumns columns = ColumnsWithTexts(std::vector<std::string>(1024, "running"));
  EXPECT_LE(Encoded(columns).size(), 25U);
  PointColumns decoded = ColumnsOf(ValueType::kText);
  ASSERT_OK(DecodeVector(Encoded(columns), ValueType::kText, 1024, columns.ts_us[0], decoded));
  EXPECT_EQ(decoded.text_heap, "running") << "nor is it decoded a thousand times";
}

TEST(DictionaryCodecTest, EntriesAndCodesOutOfTheirRangeAreCorruption) {
  const auto status = [](std::initializer_list<unsigned> section) {
    return kDictionary.ReadStatus(ValueType::kInt64, 2, section);
  };
  ASSERT_OK(status({2, 2, 1, 0, 1, 0b10, 1, 0, 1, 0b01}));
  EXPECT_THAT(status({2, 2, 1, 0, 1, 0b10, 1, 2, 1, 0b01}), HasMessage(HasSubstr("code")));
  EXPECT_THAT(status({2, 2, 1, 0, 1, 0b10, 0, 1}), HasMessage(HasSubstr("code"))) << "-1";
  EXPECT_THAT(status({0, 2, 0, 0, 0, 0}), HasMessage(HasSubstr("number of entries")));
  EXPECT_THAT(status({3, 2, 0, 0, 0, 0}), HasMessage(HasSubstr("number of entries")));
  EXPECT_THAT(status({1, 7, 1, 2, 0, 0, 0, 0}), HasMessage(HasSubstr("number of entries")))
      << "a dictionary of a dictionary";
  EXPECT_THAT(status({1, 4, 0, 0, 0, 0}), HasMessage(HasSubstr("unknown encoding")));
  EXPECT_THAT(status({1, 3, 0, 0, 0, 0}), HasCode(StatusCode::kCorruption)) << "decimals";
  EXPECT_THAT(kDictionary.ReadStatus(ValueType::kNone, 2, {1, 0, 0, 0}),
              HasMessage(HasSubstr("number of entries")));
}

}  // namespace
}  // namespace xtdb
