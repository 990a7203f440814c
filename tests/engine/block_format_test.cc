#include "engine/format/block_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "tests/engine/hex.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr uint64_t kSequence = 0x1'0000'0007;  // chunk_check keeps the lower half

BlockDirEntry MakeEntry() {
  BlockDirEntry entry;
  entry.tag_id = 5;
  entry.count = 10;
  entry.ts_min_us = -100;
  entry.ts_max_us = 900;
  entry.through_lsn = 0x1111;
  entry.flush_lsn = 0x2222;
  entry.extents = 1;
  entry.data_size_bytes = 1000;
  entry.head_crc32 = 0xAABBCCDD;
  entry.vector_count = 2;
  entry.value_type = ValueType::kInt64;
  ValueStats& stats = entry.stats;
  stats.good_count = 6;
  stats.bad_count = 2;
  stats.null_count = 1;
  stats.deleted_count = 1;
  stats.value_count = 8;
  stats.min = FromInt64(-3);
  stats.max = 7;
  stats.first = 1;
  stats.last = 2;
  stats.sum_low = 20;
  stats.m2 = FromDouble(1.5);
  stats.integral_step = FromDouble(2.5);
  stats.integral_linear = FromDouble(3.5);
  stats.gap_max_us = 400;
  entry.chunk_check = 7;
  return entry;
}

// A head and the table of two vectors, as they stand at a block's start.
DecodedBlockHead MakeHead() {
  DecodedBlockHead block;
  BlockHead& head = block.head;
  head.container_id = 0x0102030405060708;
  head.chunk_sequence = 7;
  head.through_lsn = 0x1111;
  head.ts_min_us = -100;
  head.ts_max_us = 900;
  head.tag_id = 5;
  head.count = 10;
  head.extents = 1;
  head.data_size_bytes = 1000;
  head.vector_count = 2;
  head.value_type = ValueType::kInt64;
  VectorEntry first;
  first.ts_min_us = -100;
  first.ts_max_us = 300;
  first.min = FromInt64(-3);
  first.max = 7;
  first.sum_low = 12;
  first.offset = 128 + 2 * 72;
  first.size_bytes = 28;
  first.crc32_of_data = 0x31323334;
  first.count = 6;
  first.good_count = 4;
  first.null_count = 1;
  first.deleted_count = 1;
  VectorEntry second = first;
  second.ts_min_us = 301;
  second.ts_max_us = 900;
  second.offset = 300;
  second.size_bytes = 700;
  second.count = 4;
  second.good_count = 2;
  second.bad_count = 2;
  second.null_count = 0;
  second.deleted_count = 0;
  block.vectors = {first, second};
  return block;
}

std::vector<std::byte> EncodeHead(DecodedBlockHead block) {
  const auto table = std::as_bytes(std::span(block.vectors));
  block.head.table_crc32 = Crc32(table);
  std::vector<std::byte> bytes = Encoded(block.head);
  bytes.insert(bytes.end(), table.begin(), table.end());
  return bytes;
}

TEST(BlockFormatTest, DirectoryEntryHasTheseBytes) {
  EXPECT_EQ(Hex(Encoded(MakeEntry())),
            "05 00*3 0a 00*3 9c ff*7 84 03 00*6 11 11 00*6 22 22 00*6 01 00*3 e8 03 00 00 dd cc "
            "bb aa 02 00 01 03 06 00*3 02 00*3 01 00*7 01 00*3 08 00*3 fd ff*7 07 00*7 01 00*7 02 "
            "00*7 14 00*21 f8 3f 00*6 04 40 00*6 0c 40 90 01 00*30 07 00*3 b4 7d 9a 0e");
}

TEST(BlockFormatTest, HeadHasTheseBytes) {
  EXPECT_EQ(Hex(First(EncodeHead(MakeHead()), 128)),
            "58 54 44 42 42 4c 43 4b 08 07 06 05 04 03 02 01 07 00*7 11 11 00*6 9c ff*7 84 03 "
            "00*6 05 00*3 0a 00*3 01 00*3 e8 03 00 00 02 00 01 03 00*52 70 65 3d ec 0d 42 33 1c");
}

TEST(BlockFormatTest, VectorEntryHasTheseBytes) {
  const std::vector<std::byte> block = EncodeHead(MakeHead());
  EXPECT_EQ(Hex(std::span(block).subspan(128, 72)),
            "9c ff*7 2c 01 00*6 fd ff*7 07 00*7 0c 00*15 10 01 00 00 1c 00*3 34 33 32 31 06 00 04 "
            "00*3 01 00*3 01 00");
}

TEST(BlockFormatTest, BothComeBack) {
  ASSERT_OK_AND_ASSIGN(const BlockDirEntry entry,
                       DecodeBlockDirEntry(Encoded(MakeEntry()), kSequence));
  EXPECT_EQ(Encoded(entry), Encoded(MakeEntry()));
  ASSERT_OK_AND_ASSIGN(const DecodedBlockHead block, DecodeBlockHead(EncodeHead(MakeHead())));
  EXPECT_EQ(EncodeHead(block), EncodeHead(MakeHead()));
}

TEST(BlockFormatTest, ZerosAreAnUnwrittenEntry) {
  ASSERT_OK_AND_ASSIGN(const BlockDirEntry entry,
                       DecodeBlockDirEntry(std::vector<std::byte>(192), kSequence));
  EXPECT_TRUE(IsUnwritten(entry));
  EXPECT_FALSE(IsUnwritten(MakeEntry()));
  EXPECT_THAT(DecodeBlockDirEntry(std::vector<std::byte>(191), kSequence),
              HasCode(StatusCode::kCorruption));
}

TEST(BlockFormatTest, EveryFlippedByteOfAnEntryIsDetected) {
  for (size_t i = 0; i < sizeof(BlockDirEntry); ++i) {
    std::vector<std::byte> bytes = Encoded(MakeEntry());
    bytes[i] ^= std::byte{0x80};
    EXPECT_THAT(DecodeBlockDirEntry(bytes, kSequence), HasCode(StatusCode::kCorruption)) << i;
  }
}

TEST(BlockFormatTest, EveryFlippedByteOfHeadAndTableIsDetected) {
  const std::vector<std::byte> good = EncodeHead(MakeHead());
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bytes = good;
    bytes[i] ^= std::byte{0x80};
    EXPECT_THAT(DecodeBlockHead(bytes), HasCode(StatusCode::kCorruption)) << i;
  }
}

TEST(BlockFormatTest, HeadOrTableCutShortIsCorruption) {
  const std::vector<std::byte> good = EncodeHead(MakeHead());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(DecodeBlockHead(std::span(good).first(size)), HasCode(StatusCode::kCorruption));
  }
}

TEST(BlockFormatTest, EntryOfAnotherChunkIsCorruption) {
  EXPECT_THAT(DecodeBlockDirEntry(Encoded(MakeEntry()), 8), HasCode(StatusCode::kCorruption));
}

TEST(BlockFormatTest, KindsOfANewerVersionAreUnsupportedAndSaySo) {
  BlockDirEntry entry = MakeEntry();
  entry.kind = BlockKind::kDelete;
  const Status status = DecodeBlockDirEntry(Encoded(entry), kSequence).status();
  EXPECT_THAT(status, HasCode(StatusCode::kUnsupported));
  EXPECT_THAT(status, HasMessage(HasSubstr("written by a newer xTdb")));
  DecodedBlockHead block = MakeHead();
  block.head.kind = BlockKind::kDelete;
  EXPECT_THAT(DecodeBlockHead(EncodeHead(block)), HasCode(StatusCode::kUnsupported));
}

TEST(BlockFormatTest, EntryRulesHoldBehindARightChecksum) {
  const std::pair<const char*, std::function<void(BlockDirEntry&)>> cases[] = {
      {"tag", [](auto& e) { e.tag_id = 0; }},
      {"no rows", [](auto& e) { e.count = 0; }},
      {"rows", [](auto& e) { e.count = 2 * 1024 + 1; }},
      {"fewer rows than vectors", [](auto& e) { e.vector_count = 11; }},
      {"no vectors", [](auto& e) { e.vector_count = 0; }},
      {"order", [](auto& e) { e.ts_max_us = -101; }},
      {"early", [](auto& e) { e.ts_min_us = kTsMin - 1; }},
      {"late", [](auto& e) { e.ts_max_us = kTsMax + 1; }},
      {"range too short for its rows", [](auto& e) { e.ts_max_us = e.ts_min_us + 8; }},
      {"no flush", [](auto& e) { e.flush_lsn = 0; }},
      {"through behind flush", [](auto& e) { e.through_lsn = 0x2223; }},
      {"extents 0", [](auto& e) { e.extents = 0; }},
      {"extents 2", [](auto& e) { e.extents = 2; }},
      {"size without vectors", [](auto& e) { e.data_size_bytes = 128 + 2 * 72; }},
      {"kind 0", [](auto& e) { e.kind = static_cast<BlockKind>(0); }},
      {"kind 4", [](auto& e) { e.kind = static_cast<BlockKind>(4); }},
      {"type", [](auto& e) { e.value_type = static_cast<ValueType>(7); }},
      {"values of no type", [](auto& e) { e.value_type = ValueType::kNone; }},
      {"nan in integers",
       [](auto& e) {
         e.stats.nan_count = 1;
         e.stats.value_count = 7;
       }},
      {"values", [](auto& e) { e.stats.value_count = 9; }},
      {"nulls", [](auto& e) { e.stats.null_count = 0xFFFFFFFF; }},
      {"good and bad", [](auto& e) { e.stats.good_count = 8; }},
      {"min over max", [](auto& e) { e.stats.min = 8; }},
      {"first", [](auto& e) { e.stats.first = 8; }},
      {"last", [](auto& e) { e.stats.last = FromInt64(-4); }},
      {"bool out of range", [](auto& e) { e.value_type = ValueType::kBool; }},
      {"text with a sum", [](auto& e) { e.value_type = ValueType::kText; }},
      {"negative gap", [](auto& e) { e.stats.gap_max_us = -1; }},
      {"gap", [](auto& e) { e.stats.gap_max_us = 1001; }},
      {"last tag of one tag", [](auto& e) { e.tag_last = 5; }},
      {"table of one tag", [](auto& e) { e.table_bytes = 1; }},
      {"its checksum", [](auto& e) { e.table_crc32 = 1; }},
      {"needs_entry", [](auto& e) { e.needs_entry = 2; }},
      {"reserved", [](auto& e) { e.reserved[10] = 1; }},
  };
  for (const auto& [name, damage] : cases) {
    BlockDirEntry entry = MakeEntry();
    damage(entry);
    EXPECT_THAT(DecodeBlockDirEntry(Encoded(entry), kSequence), HasCode(StatusCode::kCorruption))
        << name;
  }
}

TEST(BlockFormatTest, LargestBlockIsATextAndItsHead) {
  BlockDirEntry entry = MakeEntry();
  entry.extents = kBlockExtentsMax;
  entry.data_size_bytes = kBlockExtentsMax * static_cast<uint32_t>(kExtentSizeBytes);
  EXPECT_OK(DecodeBlockDirEntry(Encoded(entry), kSequence));
  entry.extents += 1;
  entry.data_size_bytes += 1;
  EXPECT_THAT(DecodeBlockDirEntry(Encoded(entry), kSequence), HasCode(StatusCode::kCorruption));
}

TEST(BlockFormatTest, HeadRulesHoldBehindRightChecksums) {
  const std::pair<const char*, std::function<void(DecodedBlockHead&)>> cases[] = {
      {"magic", [](auto& b) { b.head.magic[0] = 'x'; }},
      {"sequence", [](auto& b) { b.head.chunk_sequence = 0; }},
      {"tag", [](auto& b) { b.head.tag_id = 0; }},
      {"rows", [](auto& b) { b.head.count = 11; }},
      {"size", [](auto& b) { b.head.data_size_bytes = 1001; }},
      {"extents", [](auto& b) { b.head.extents = 2; }},
      {"reserved", [](auto& b) { b.head.reserved[42] = 1; }},
      {"first time", [](auto& b) { b.head.ts_min_us = -101; }},
      {"last time", [](auto& b) { b.head.ts_max_us = 901; }},
      {"offset", [](auto& b) { b.vectors[1].offset = 299; }},
      {"offset into the table", [](auto& b) { b.vectors[0].offset = 200; }},
      {"empty vector", [](auto& b) { b.vectors[0].size_bytes = 0; }},
      {"vector past the end", [](auto& b) { b.vectors[1].size_bytes = 701; }},
      {"size that wraps", [](auto& b) { b.vectors[0].size_bytes = 0xFFFFFFF0; }},
      {"no rows", [](auto& b) { b.vectors[0].count = 0; }},
      {"too many rows", [](auto& b) { b.vectors[0].count = 1025; }},
      {"order of times", [](auto& b) { b.vectors[1].ts_min_us = 300; }},
      {"range", [](auto& b) { b.vectors[1].ts_min_us = 898; }},
      {"counts", [](auto& b) { b.vectors[0].null_count = 7; }},
      {"good", [](auto& b) { b.vectors[0].good_count = 6; }},
      {"nan", [](auto& b) { b.vectors[0].nan_count = 1; }},
      {"min", [](auto& b) { b.vectors[0].min = 8; }},
  };
  for (const auto& [name, damage] : cases) {
    DecodedBlockHead block = MakeHead();
    damage(block);
    EXPECT_THAT(DecodeBlockHead(EncodeHead(block)), HasCode(StatusCode::kCorruption)) << name;
  }
}

TEST(BlockFormatTest, OrderKeyOrdersEveryType) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double doubles[] = {-infinity, -1e300, -1, -5e-324, -0.0, 0.0, 5e-324, 1, 1e300, infinity};
  for (size_t i = 1; i < std::size(doubles); ++i) {
    const ValueBits less = FromDouble(doubles[i - 1]);
    const ValueBits more = FromDouble(doubles[i]);
    EXPECT_LT(OrderKey(ValueType::kFloat64, less), OrderKey(ValueType::kFloat64, more)) << i;
  }
  EXPECT_LT(OrderKey(ValueType::kFloat32, FromFloat(-2)),
            OrderKey(ValueType::kFloat32, FromFloat(-1)));
  EXPECT_LT(OrderKey(ValueType::kFloat32, FromFloat(-0.0F)),
            OrderKey(ValueType::kFloat32, FromFloat(0.0F)));
  EXPECT_LT(OrderKey(ValueType::kInt64, FromInt64(-2)), OrderKey(ValueType::kInt64, 1));
}

}  // namespace
}  // namespace xtdb
