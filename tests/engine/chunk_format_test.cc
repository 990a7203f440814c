#include "engine/format/chunk_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "engine/format/block_format.h"
#include "tests/engine/hex.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

ChunkHeader MakeHeader() {
  ChunkHeader header;
  header.kind = ChunkKind::kCompact;
  for (size_t i = 0; i < 16; ++i) header.container_uuid[i] = static_cast<uint8_t>(i + 1);
  header.chunk_sequence = 7;
  header.chunk_size_bytes = 4 * kMiB;
  header.created_at_us = -1;
  header.first_flush_lsn = 0x1122334455667788;
  header.slot = 3;
  header.sources = {2, 6};
  return header;
}

SealRecord MakeSeal() {
  SealRecord seal;
  seal.chunk_sequence = 7;
  seal.summary = {-5, 6, 2, 9, 100, 0x99, 4, 8};
  seal.super_crc32 = 0xCAFEBABE;
  return seal;
}

TEST(ChunkFormatTest, HeaderHasTheseBytes) {
  EXPECT_EQ(Hex(Encoded(MakeHeader())),
            "58 54 44 42 43 48 4e 4b 01 00*3 02 00*3 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f "
            "10 07 00*9 40 00*5 ff*8 88 77 66 55 44 33 22 11 03 00*7 02 00*7 06 00*43 39 33 b5 6f");
}

TEST(ChunkFormatTest, SealRecordHasTheseBytes) {
  EXPECT_EQ(Hex(Encoded(MakeSeal())),
            "58 54 44 42 53 45 41 4c 07 00*7 fb ff*7 06 00*7 02 00*3 09 00*3 64 00*7 99 00*7 04 "
            "00*3 08 00*59 be ba fe ca 25 3a 51 1b");
}

TEST(ChunkFormatTest, BothComeBack) {
  ASSERT_OK_AND_ASSIGN(const ChunkHeader header, DecodeChunkHeader(Encoded(MakeHeader())));
  EXPECT_EQ(Encoded(header), Encoded(MakeHeader()));
  ASSERT_OK_AND_ASSIGN(const SealRecord seal, DecodeSealRecord(Encoded(MakeSeal())));
  EXPECT_EQ(Encoded(seal), Encoded(MakeSeal()));
}

TEST(ChunkFormatTest, EveryFlippedByteIsDetected) {
  for (size_t i = 0; i < 128; ++i) {
    std::vector<std::byte> header = Encoded(MakeHeader());
    header[i] ^= std::byte{1};
    EXPECT_THAT(DecodeChunkHeader(header), HasCode(StatusCode::kCorruption)) << i;
    std::vector<std::byte> seal = Encoded(MakeSeal());
    seal[i] ^= std::byte{1};
    EXPECT_THAT(DecodeSealRecord(seal), HasCode(StatusCode::kCorruption)) << i;
  }
}

TEST(ChunkFormatTest, ZerosAndMissingBytesAreCorruption) {
  const std::vector<std::byte> zeros(128);
  EXPECT_THAT(DecodeChunkHeader(zeros), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(DecodeSealRecord(zeros), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(DecodeChunkHeader(First(Encoded(MakeHeader()), 127)),
              HasCode(StatusCode::kCorruption));
  EXPECT_THAT(DecodeSealRecord(First(Encoded(MakeSeal()), 127)), HasCode(StatusCode::kCorruption));
}

TEST(ChunkFormatTest, NewerVersionIsUnsupportedAndSaysSo) {
  ChunkHeader header = MakeHeader();
  header.format_version = 9;
  const Status status = DecodeChunkHeader(Encoded(header)).status();
  EXPECT_THAT(status, HasCode(StatusCode::kUnsupported));
  EXPECT_THAT(status, HasMessage(HasSubstr("newer xTdb")));
}

TEST(ChunkFormatTest, HeaderRulesHoldBehindARightChecksum) {
  const std::pair<const char*, std::function<void(ChunkHeader&)>> cases[] = {
      {"magic", [](auto& h) { h.magic[7] = 'X'; }},
      {"kind 0", [](auto& h) { h.kind = static_cast<ChunkKind>(0); }},
      {"kind 4", [](auto& h) { h.kind = static_cast<ChunkKind>(4); }},
      {"sequence", [](auto& h) { h.chunk_sequence = 0; }},
      {"size", [](auto& h) { h.chunk_size_bytes = 5 * kMiB; }},
      {"reserved", [](auto& h) { h.reserved[3] = 1; }},
      {"more reserved", [](auto& h) { h.reserved2[35] = 1; }},
      {"no sources", [](auto& h) { h.sources = {}; }},
      {"sources",
       [](auto& h) {
         h.sources = {6, 2};
       }},
      {"itself",
       [](auto& h) {
         h.sources = {2, 7};
       }},
      {"of a RAW chunk", [](auto& h) { h.kind = ChunkKind::kRaw; }},
  };
  for (const auto& [name, damage] : cases) {
    ChunkHeader header = MakeHeader();
    damage(header);
    EXPECT_THAT(DecodeChunkHeader(Encoded(header)), HasCode(StatusCode::kCorruption)) << name;
  }
}

TEST(ChunkFormatTest, SealRecordRulesHoldBehindARightChecksum) {
  const std::pair<const char*, std::function<void(SealRecord&)>> cases[] = {
      {"magic", [](auto& s) { s.magic[7] = 'X'; }},
      {"sequence", [](auto& s) { s.chunk_sequence = 0; }},
      {"reserved", [](auto& s) { s.reserved[0] = 1; }},
      {"times", [](auto& s) { s.summary.ts_max_us = -6; }},
      {"early", [](auto& s) { s.summary.ts_min_us = kTsMin - 1; }},
      {"late", [](auto& s) { s.summary.ts_max_us = kTsMax + 1; }},
      {"tag 0", [](auto& s) { s.summary.tag_min = 0; }},
      {"tags", [](auto& s) { s.summary.tag_max = 1; }},
      {"points", [](auto& s) { s.summary.point_count = 3; }},
      {"extents", [](auto& s) { s.summary.used_extents = 3; }},
      {"many extents", [](auto& s) { s.summary.used_extents = 16385; }},
      {"no blocks", [](auto& s) { s.summary.block_count = 0; }},
  };
  for (const auto& [name, damage] : cases) {
    SealRecord seal = MakeSeal();
    damage(seal);
    EXPECT_THAT(DecodeSealRecord(Encoded(seal)), HasCode(StatusCode::kCorruption)) << name;
  }
  SealRecord empty = MakeSeal();
  empty.summary = ChunkSummary{};
  EXPECT_OK(DecodeSealRecord(Encoded(empty)));
}

// Goal: the SuperCRC tells directories apart whose entries are all valid by themselves.
TEST(SuperCrcTest, AnotherValidEntryChangesIt) {
  std::vector<std::byte> directory(2 * sizeof(BlockDirEntry));
  const std::vector<std::byte> order(4);
  BlockDirEntry entry;
  entry.tag_id = 1;
  EncodeStruct(entry, directory);
  const uint32_t before = SuperCrc(directory, order);
  entry.tag_id = 2;
  EncodeStruct(entry, directory);
  EXPECT_NE(SuperCrc(directory, order), before);
}

}  // namespace
}  // namespace xtdb
