#include "engine/base/crc32.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace xtdb {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// The definition, bit by bit.
uint32_t PlainCrc32(std::span<const std::byte> data) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : data) {
    crc ^= static_cast<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::vector<std::byte> RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Crc32Test, MatchesThePublishedCheckValue) {
  EXPECT_EQ(Crc32(Bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(Crc32(Bytes("a")), 0xE8B7BE43U);
}

TEST(Crc32Test, OfNothingIsZeroAndExtendsNothing) {
  EXPECT_EQ(Crc32({}), 0U);
  EXPECT_EQ(Crc32Extend(0xCBF43926U, {}), 0xCBF43926U);
}

TEST(Crc32Test, EqualsTheDefinitionForEveryShortLengthAndAlignment) {
  const std::vector<std::byte> bytes = RandomBytes(1024);
  for (size_t length = 0; length <= 600; length += (length < 80 ? 1 : 37)) {
    for (size_t start = 0; start < 16; ++start) {
      const auto part = std::span(bytes).subspan(start, length);
      ASSERT_EQ(Crc32(part), PlainCrc32(part)) << "start=" << start << " length=" << length;
    }
  }
}

TEST(Crc32Test, ExtendOverASplitEqualsTheWhole) {
  const std::vector<std::byte> bytes = RandomBytes(333);
  const uint32_t whole = Crc32(bytes);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    const uint32_t head = Crc32(std::span(bytes).first(split));
    ASSERT_EQ(Crc32Extend(head, std::span(bytes).subspan(split)), whole) << "split=" << split;
  }
}

TEST(Crc32Test, EveryFlippedBitChangesIt) {
  std::vector<std::byte> bytes = RandomBytes(96);
  const uint32_t original = Crc32(bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    bytes[bit / 8] ^= mask;
    ASSERT_NE(Crc32(bytes), original) << "bit=" << bit;
    bytes[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace xtdb
