#include "engine/codec/bit_packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace xtdb {
namespace {

using testing::ElementsAre;

constexpr size_t kCountMax = 1024;

std::vector<uint64_t> RandomValues(std::mt19937_64& random, size_t count, uint8_t width) {
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) value = width == 0 ? 0 : random() >> (64 - width);
  return values;
}

// Goal: no width and no count reads or writes outside. Method: exact buffers under a sanitizer.
TEST(BitPackingTest, EveryWidthAndCountGivesTheValuesBack) {
  std::mt19937_64 random(1);
  for (uint8_t width = 0; width <= kPackedWidthMax; ++width) {
    for (const size_t count : {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1023, 1024}) {
      SCOPED_TRACE(testing::Message() << "width=" << int{width} << " count=" << count);
      std::vector<uint64_t> values = RandomValues(random, count, width);
      if (count > 1 && width > 0) values.back() = ~uint64_t{0} >> (64 - width);
      std::vector<std::byte> bytes;
      PackBits(values, width, bytes);
      ASSERT_EQ(bytes.size(), PackedBytes(count, width));
      bytes.shrink_to_fit();
      std::vector<uint64_t> unpacked(count, 0xDEAD);
      UnpackBits(bytes, width, unpacked);
      ASSERT_EQ(unpacked, values);
      ASSERT_TRUE(PackedPaddingIsZero(bytes, count, width));
    }
  }
}

TEST(BitPackingTest, UnpackingIsWhatItIsNumberByNumber) {
  std::mt19937_64 random(2);
  for (uint8_t width = 0; width <= kPackedWidthMax; ++width) {
    for (size_t count = 0; count <= kCountMax; count += count < 80 ? 1 : 59) {
      // Any bytes, padding included, that end where the stream does.
      std::vector<std::byte> bytes(PackedBytes(count, width));
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
      std::vector<uint64_t> fast(count, 0xDEAD), plain(count);
      UnpackBits(bytes, width, fast);
      UnpackBitsPlainly(bytes, width, plain);
      ASSERT_EQ(fast, plain) << "width=" << int{width} << " count=" << count;
    }
  }
}

TEST(BitPackingTest, TheFirstValueStandsInTheLowestBits) {
  std::vector<std::byte> bytes;
  PackBits(std::vector<uint64_t>{0b101, 0b011, 0b110}, 3, bytes);
  EXPECT_THAT(bytes, ElementsAre(std::byte{0b10011101}, std::byte{0b00000001}));
}

TEST(BitPackingTest, ASetPaddingBitIsSeen) {
  std::vector<std::byte> bytes;
  PackBits(std::vector<uint64_t>{1, 1, 1}, 3, bytes);
  for (int bit = 1; bit < 8; ++bit) {
    std::vector<std::byte> dirty = bytes;
    dirty.back() |= std::byte{1} << bit;
    EXPECT_FALSE(PackedPaddingIsZero(dirty, 3, 3)) << bit;
  }
}

TEST(BitPackingTest, BitWidthIsThatOfTheHighestSetBit) {
  EXPECT_EQ(BitWidth(0), 0);
  EXPECT_EQ(BitWidth(1), 1);
  EXPECT_EQ(BitWidth(255), 8);
  EXPECT_EQ(BitWidth(256), 9);
  EXPECT_EQ(BitWidth(~uint64_t{0}), 64);
}

}  // namespace
}  // namespace xtdb
