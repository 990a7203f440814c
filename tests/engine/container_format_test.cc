#include "engine/format/container_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "tests/engine/hex.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

ContainerHeader MakeHeader() {
  ContainerHeader header;
  for (size_t i = 0; i < header.uuid.size(); ++i) header.uuid[i] = static_cast<uint8_t>(i + 1);
  header.chunk_size_bytes = 64 * kMiB;
  header.created_at_us = 0x0102030405060708;
  return header;
}

Superblock MakeSuperblock() {
  Superblock superblock;
  superblock.sequence = 2;
  superblock.checkpoint_lsn = 24;
  superblock.log_epoch = 4;
  superblock.log_state = LogState::kInUse;
  superblock.next_tag_id = 5;
  superblock.slot_count = 6;
  superblock.owner_pid = 7;
  superblock.next_chunk_sequence = 8;
  superblock.options.block_extents = 4;
  superblock.options.raw_records = 1;
  superblock.options.retention_us = 9;
  superblock.owner_name[0] = 's';
  superblock.catalogue_size_bytes = 6;
  superblock.catalogue_crc32 = 10;
  superblock.inline_catalogue[0] = std::byte{0xAA};
  superblock.inline_catalogue[1] = std::byte{0xBB};
  superblock.inline_catalogue[2] = std::byte{10};
  return superblock;
}

Superblock MakeSuperblockWithCatalogueChunk() {
  Superblock superblock = MakeSuperblock();
  superblock.inline_catalogue = {};
  superblock.catalogue_size_bytes = 5000;
  superblock.catalogue_offset = 3 * kExtentSizeBytes;
  superblock.catalogue_slot = 5;
  return superblock;
}

TEST(ContainerFormatTest, HeaderHasTheseBytes) {
  EXPECT_EQ(Hex(Encoded(MakeHeader())),
            "58 54 44 42 43 4f 4e 54 01 00*4 40 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e "
            "0f 10 00*3 04 00*4 08 07 06 05 04 03 02 01 00*12 37 b7 b1 a0");
}

// Two superblocks whose catalogues differ only in sectors that a torn write has kept of the first.
TEST(ContainerFormatTest, ACatalogueOfAnotherWriteIsCorruption) {
  const auto with_catalogue = [](std::byte filler) {
    Superblock superblock = MakeSuperblock();
    superblock.catalogue_size_bytes = 1004;
    const auto catalogue = std::span(superblock.inline_catalogue).first(1004);
    std::fill(catalogue.begin(), catalogue.begin() + 400, std::byte{1});
    std::fill(catalogue.begin() + 400, catalogue.end() - 4, filler);
    superblock.catalogue_crc32 = Crc32(catalogue.first(1000));
    std::memcpy(&catalogue[1000], &superblock.catalogue_crc32, 4);
    return Encoded(superblock);
  };
  const std::vector<std::byte> before = with_catalogue(std::byte{2});
  std::vector<std::byte> torn = with_catalogue(std::byte{3});
  ASSERT_OK(DecodeSuperblock(torn));
  std::copy(before.begin() + 512, before.begin() + 3584, torn.begin() + 512);
  EXPECT_THAT(DecodeSuperblock(torn), HasCode(StatusCode::kCorruption));
}

TEST(ContainerFormatTest, SuperblockBeginsWithTheseBytes) {
  EXPECT_EQ(Hex(First(Encoded(MakeSuperblock()), 256)),
            "58 54 44 42 53 55 50 52 02 00*7 18 00*7 04 00*7 01 00*3 05 00*3 06 00*3 07 00*3 08 "
            "00*7 04 00*3 01 00*3 09 00*7 73 00*31 06 00*15 0a 00*24 40 d4 00 01 40 23 ff 00*100 "
            "aa bb 0a 00");
}

TEST(ContainerFormatTest, HeaderComesBack) {
  ASSERT_OK_AND_ASSIGN(const ContainerHeader header, DecodeContainerHeader(Encoded(MakeHeader())));
  EXPECT_EQ(Hex(Encoded(header)), Hex(Encoded(MakeHeader())));
}

TEST(ContainerFormatTest, SuperblockComesBackWithEitherCatalogue) {
  for (const Superblock& wanted : {MakeSuperblock(), MakeSuperblockWithCatalogueChunk()}) {
    ASSERT_OK_AND_ASSIGN(const Superblock superblock, DecodeSuperblock(Encoded(wanted)));
    EXPECT_EQ(Encoded(superblock), Encoded(wanted));
  }
}

TEST(ContainerFormatTest, InlineCatalogueMayFillItsPlace) {
  Superblock superblock = MakeSuperblock();
  superblock.catalogue_size_bytes = kInlineCatalogueBytesMax;
  superblock.inline_catalogue.fill(std::byte{1});
  superblock.catalogue_crc32 = 0x01010101;
  EXPECT_OK(DecodeSuperblock(Encoded(superblock)));
  superblock.catalogue_size_bytes += 1;
  EXPECT_THAT(DecodeSuperblock(Encoded(superblock)), HasCode(StatusCode::kCorruption));
}

TEST(ContainerFormatTest, EveryFlippedByteOfTheHeaderIsDetected) {
  const std::vector<std::byte> good = Encoded(MakeHeader());
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_THAT(DecodeContainerHeader(bad), HasCode(StatusCode::kCorruption)) << i;
  }
}

TEST(ContainerFormatTest, EveryFlippedByteOfASuperblockIsDetected) {
  const std::vector<std::byte> good = Encoded(MakeSuperblock());
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_THAT(DecodeSuperblock(bad), HasCode(StatusCode::kCorruption)) << i;
  }
}

TEST(ContainerFormatTest, TooFewBytesAreCorruption) {
  const std::vector<std::byte> header = Encoded(MakeHeader());
  for (size_t size = 0; size < header.size(); ++size) {
    EXPECT_THAT(DecodeContainerHeader(std::span(header).first(size)),
                HasCode(StatusCode::kCorruption));
  }
  EXPECT_THAT(DecodeSuperblock({}), HasCode(StatusCode::kCorruption));
  const std::vector<std::byte> superblock = Encoded(MakeSuperblock());
  EXPECT_THAT(DecodeSuperblock(std::span(superblock).first(4095)),
              HasCode(StatusCode::kCorruption));
}

TEST(ContainerFormatTest, AnotherFileIsNotAContainer) {
  const std::string sqlite = "SQLite format 3" + std::string(100, '\0');
  const Status status = DecodeContainerHeader(std::as_bytes(std::span(sqlite))).status();
  EXPECT_THAT(status, HasMessage(HasSubstr("not an xTdb container")));
}

TEST(ContainerFormatTest, NewerVersionIsUnsupportedAndSaysSo) {
  ContainerHeader header = MakeHeader();
  header.format_version = 2;
  const Status status = DecodeContainerHeader(Encoded(header)).status();
  EXPECT_THAT(status, HasCode(StatusCode::kUnsupported));
  EXPECT_THAT(status, HasMessage(HasSubstr("newer xTdb (format version 2")));
  header.format_version = 0;
  EXPECT_THAT(DecodeContainerHeader(Encoded(header)), HasCode(StatusCode::kCorruption));
}

TEST(ContainerFormatTest, HeaderRulesHoldBehindARightChecksum) {
  const std::pair<const char*, std::function<void(ContainerHeader&)>> cases[] = {
      {"extent", [](auto& h) { h.extent_size_bytes = 4096; }},
      {"small", [](auto& h) { h.chunk_size_bytes = 2 * kMiB; }},
      {"large", [](auto& h) { h.chunk_size_bytes = 512 * kMiB; }},
      {"no power", [](auto& h) { h.chunk_size_bytes = 48 * kMiB; }},
      {"zero", [](auto& h) { h.chunk_size_bytes = 0; }},
      {"reserved", [](auto& h) { h.reserved[11] = 1; }},
  };
  for (const auto& [name, damage] : cases) {
    ContainerHeader header = MakeHeader();
    damage(header);
    EXPECT_THAT(DecodeContainerHeader(Encoded(header)), HasCode(StatusCode::kCorruption)) << name;
  }
}

TEST(ContainerFormatTest, SuperblockRulesHoldBehindARightChecksum) {
  const std::pair<const char*, std::function<void(Superblock&)>> cases[] = {
      {"magic", [](auto& s) { s.magic[0] = 'Y'; }},
      {"log state", [](auto& s) { s.log_state = static_cast<LogState>(2); }},
      {"tag", [](auto& s) { s.next_tag_id = 0; }},
      {"sequence", [](auto& s) { s.next_chunk_sequence = 0; }},
      {"block size", [](auto& s) { s.options.block_extents = 2; }},
      {"codec", [](auto& s) { s.options.raw_records = 2; }},
      {"atomic", [](auto& s) { s.options.atomic_commit = 2; }},
      {"option bytes", [](auto& s) { s.options.reserved[1] = 1; }},
      {"retention", [](auto& s) { s.options.retention_us = -1; }},
      {"name", [](auto& s) { s.owner_name[2] = 'x'; }},
      {"reserved", [](auto& s) { s.reserved[0] = 1; }},
      {"catalogue slot without offset", [](auto& s) { s.catalogue_slot = 1; }},
      {"bytes behind the inline catalogue", [](auto& s) { s.inline_catalogue[6] = std::byte{1}; }},
      {"inline catalogue of another write", [](auto& s) { s.catalogue_crc32 = 11; }},
      {"inline catalogue without its checksum", [](auto& s) { s.catalogue_size_bytes = 3; }},
  };
  for (const auto& [name, damage] : cases) {
    Superblock superblock = MakeSuperblock();
    damage(superblock);
    EXPECT_THAT(DecodeSuperblock(Encoded(superblock)), HasCode(StatusCode::kCorruption)) << name;
  }
}

TEST(ContainerFormatTest, PlaceOfTheCatalogueIsChecked) {
  const std::pair<const char*, std::function<void(Superblock&)>> cases[] = {
      {"offset", [](auto& s) { s.catalogue_offset += 1; }},
      {"no bytes", [](auto& s) { s.catalogue_size_bytes = 0; }},
      {"huge", [](auto& s) { s.catalogue_size_bytes = uint64_t{1} << 40; }},
      {"slot", [](auto& s) { s.catalogue_slot = 6; }},
      {"two catalogues", [](auto& s) { s.inline_catalogue[0] = std::byte{1}; }},
  };
  for (const auto& [name, damage] : cases) {
    Superblock superblock = MakeSuperblockWithCatalogueChunk();
    damage(superblock);
    EXPECT_THAT(DecodeSuperblock(Encoded(superblock)), HasCode(StatusCode::kCorruption)) << name;
  }
}

TEST(ContainerFormatTest, UuidReadsAsText) {
  EXPECT_EQ(UuidText(MakeHeader().uuid), "01020304-0506-0708-090a-0b0c0d0e0f10");
}

}  // namespace
}  // namespace xtdb
