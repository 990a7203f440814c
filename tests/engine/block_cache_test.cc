#include "engine/block/block_cache.h"

#include <gtest/gtest.h>

namespace xtdb {
namespace {

BlockCache::Value Rows(size_t count) {
  auto rows = std::make_shared<PointColumns>();
  rows->type = ValueType::kInt64;
  for (size_t i = 0; i < count; ++i)
    rows->Append({.ts_us = static_cast<int64_t>(i), .bits = i, .text = {}});
  return {nullptr, rows};
}
BlockCache::Key KeyOf(uint32_t vector) { return {7, 50, 3, 0xC0C0, vector}; }

TEST(BlockCacheTest, WhatIsPutInIsFoundByItsKeyAlone) {
  BlockCache cache(kMiB);
  const BlockCache::Value rows = Rows(10);
  cache.Insert(KeyOf(1), rows);
  EXPECT_EQ(cache.Find(KeyOf(1)).rows, rows.rows);
  EXPECT_EQ(cache.Find(KeyOf(2)).rows, nullptr);
  EXPECT_EQ(cache.Find({8, 50, 3, 0xC0C0, 1}).rows, nullptr);
  EXPECT_EQ(cache.Find({7, 51, 3, 0xC0C0, 1}).rows, nullptr);
  EXPECT_EQ(cache.Find({7, 50, 4, 0xC0C0, 1}).rows, nullptr);
  EXPECT_EQ(cache.Find({7, 50, 3, 0xC0C1, 1}).rows, nullptr);
  cache.Insert(KeyOf(BlockCache::Key::kHead), {std::make_shared<DecodedBlockHead>(), nullptr});
  EXPECT_NE(cache.Find(KeyOf(BlockCache::Key::kHead)).head, nullptr);
  cache.Insert(KeyOf(1), Rows(10));
  EXPECT_EQ(cache.Find(KeyOf(1)).rows, rows.rows) << "who was first stays";
}

TEST(BlockCacheTest, WhatNobodyUsesGoesFirst) {
  BlockCache cache(64 * kKiB);
  cache.Insert(KeyOf(0), Rows(100));
  const auto fit = static_cast<uint32_t>(64 * kKiB / cache.bytes());
  ASSERT_GT(fit, 4u);
  for (uint32_t i = 1; i < fit; ++i) cache.Insert(KeyOf(i), Rows(100));
  EXPECT_NE(cache.Find(KeyOf(0)).rows, nullptr);
  cache.Insert(KeyOf(fit), Rows(100));
  EXPECT_EQ(cache.Find(KeyOf(1)).rows, nullptr);
  EXPECT_NE(cache.Find(KeyOf(0)).rows, nullptr);
  EXPECT_NE(cache.Find(KeyOf(2)).rows, nullptr);
  EXPECT_LE(cache.bytes(), 64 * kKiB);
}

TEST(BlockCacheTest, WhatIsLargerThanAllOfItIsNotKept) {
  BlockCache cache(kKiB);
  cache.Insert(KeyOf(1), Rows(1000));
  EXPECT_EQ(cache.Find(KeyOf(1)).rows, nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
  BlockCache none(0);
  none.Insert(KeyOf(1), Rows(1));
  EXPECT_EQ(none.Find(KeyOf(1)).rows, nullptr);
}

TEST(BlockCacheTest, WhatGoesStaysAliveForWhoHasIt) {
  BlockCache cache(16 * kKiB);
  cache.Insert(KeyOf(1), Rows(100));
  const std::shared_ptr<const PointColumns> held = cache.Find(KeyOf(1)).rows;
  for (uint32_t i = 2; i < 50; ++i) cache.Insert(KeyOf(i), Rows(100));
  EXPECT_EQ(cache.Find(KeyOf(1)).rows, nullptr);
  EXPECT_EQ(held->ts_us[99], 99);
}

}  // namespace
}  // namespace xtdb
