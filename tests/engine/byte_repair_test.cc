#include "engine/salvage/byte_repair.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "engine/base/crc32.h"

namespace xtdb {
namespace {

std::vector<std::byte> RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(RepairOneByteTest, AnyOneByteIsMended) {
  for (const size_t size : {1, 2, 100, 1500}) {
    const std::vector<std::byte> good = RandomBytes(size);
    const uint32_t crc32 = Crc32(good);
    for (size_t at = 0; at < size; at += 1 + size / 20) {
      std::vector<std::byte> damaged = good;
      damaged[at] ^= static_cast<std::byte>(1 + at % 255);
      ASSERT_TRUE(RepairOneByte(damaged, crc32));
      ASSERT_EQ(damaged, good) << at;
    }
  }
}

TEST(RepairOneByteTest, WholeBytesStayAndWorseDamageIsLeft) {
  std::vector<std::byte> bytes = RandomBytes(300);
  const std::vector<std::byte> good = bytes;
  EXPECT_TRUE(RepairOneByte(bytes, Crc32(good)));
  EXPECT_EQ(bytes, good);
  bytes[3] ^= std::byte{1};
  bytes[200] ^= std::byte{1};
  const std::vector<std::byte> damaged = bytes;
  EXPECT_FALSE(RepairOneByte(bytes, Crc32(good)));
  EXPECT_EQ(bytes, damaged);
  std::vector<std::byte> empty;
  EXPECT_FALSE(RepairOneByte(empty, 1));
}

}  // namespace
}  // namespace xtdb
