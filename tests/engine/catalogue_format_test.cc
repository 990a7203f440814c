#include "engine/catalog/catalogue_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "tests/engine/hex.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

TagDefinition MakeTag(TagId id, std::string name) {
  return {id, ValueType::kFloat64, std::move(name), "", ""};
}

Catalogue MakeCatalogue() {
  Catalogue catalogue;
  catalogue.tags = {{2, ValueType::kFloat64, "boiler.temp", "K", "at the top"},
                    {1, ValueType::kBool, "boiler.state", "", ""},
                    {300, ValueType::kNone, "z", "", "", Interpolation::kSloped}};
  catalogue.chunks = {
      {1, ChunkKind::kRaw, 9, ChunkState::kSealed, {}, {-5, 6, 2, 9, 100, 0x99, 4, 8}},
      {7, ChunkKind::kCompact, 12, ChunkState::kSealed, {2, 9}, {-5, 6, 2, 9, 8, 1, 2, 3}},
      {0, ChunkKind::kCatalog, 4, ChunkState::kAllocated, {}, {}}};
  return catalogue;
}

// 100,000 tags as plants name them, numbered in the order of their making.
Catalogue MakePlant() {
  const char* const signals[] = {"flow", "level", "pressure", "speed", "temp"};
  Catalogue catalogue;
  for (int area = 0; area < 20; ++area) {
    for (int pump = 0; pump < 1000; ++pump) {
      for (const char* signal : signals) {
        catalogue.tags.push_back(MakeTag(
            static_cast<TagId>(catalogue.tags.size() + 1),
            "plant.area" + std::to_string(area) + ".pump" + std::to_string(pump) + "." + signal));
      }
    }
  }
  return catalogue;
}

std::vector<std::byte> Encode(const Catalogue& catalogue) {
  const Result<std::vector<std::byte>> bytes = EncodeCatalogue(catalogue);
  EXPECT_OK(bytes);
  return bytes.ok() ? bytes.value() : std::vector<std::byte>();
}

// The checksum of changed bytes, so that the checks behind it are reached.
std::vector<std::byte> Resign(std::vector<std::byte> bytes) {
  const uint32_t crc = Crc32(std::span(bytes).first(bytes.size() - 4));
  std::memcpy(&bytes[bytes.size() - 4], &crc, 4);
  return bytes;
}

TEST(CatalogueFormatTest, CatalogueHasTheseBytes) {
  EXPECT_EQ(Hex(Encode(MakeCatalogue())),
            "58 54 44 42 43 41 54 4c 01 00*3 03 00*3 03 00*8 0c 62 6f 69 6c 65 72 2e 73 74 61 74 "
            "65 02 01 07 04 74 65 6d 70 02 1d 01 4b 0a 61 74 20 74 68 65 20 74 6f 70 00 01 7a d4 "
            "04 40 01 00*3 01 00*3 09 00*7 02 00*23 fb ff*7 06 00*7 02 00*3 09 00*3 64 00*7 99 "
            "00*7 04 00*3 08 00*3 07 00*3 02 00*3 0c 00*7 02 00*7 02 00*7 09 00*7 fb ff*7 06 00*7 "
            "02 00*3 09 00*3 08 00*7 01 00*7 02 00*3 03 00*7 03 00*3 04 00*7 01 00*31 ff*8 00*32 "
            "bd 2f 30 95");
}

TEST(CatalogueFormatTest, CatalogueComesBackByName) {
  Catalogue wanted = MakeCatalogue();
  ASSERT_OK_AND_ASSIGN(const Catalogue catalogue, DecodeCatalogue(Encode(wanted)));
  std::swap(wanted.tags[0], wanted.tags[1]);
  EXPECT_EQ(catalogue.tags, wanted.tags);
  EXPECT_EQ(catalogue.chunks, wanted.chunks);
}

TEST(CatalogueFormatTest, EmptyCatalogueComesBack) {
  const std::vector<std::byte> bytes = Encode(Catalogue{});
  EXPECT_EQ(bytes.size(), 28U);
  ASSERT_OK_AND_ASSIGN(const Catalogue catalogue, DecodeCatalogue(bytes));
  EXPECT_TRUE(catalogue.tags.empty());
  EXPECT_TRUE(catalogue.chunks.empty());
}

TEST(CatalogueFormatTest, HundredThousandTagsTakeLessThanTwelveBytesEach) {
  Catalogue wanted = MakePlant();
  ASSERT_EQ(wanted.tags.size(), 100'000U);
  const std::vector<std::byte> bytes = Encode(wanted);
  EXPECT_LE(bytes.size(), wanted.tags.size() * 12);
  ASSERT_OK_AND_ASSIGN(const Catalogue catalogue, DecodeCatalogue(bytes));
  std::sort(wanted.tags.begin(), wanted.tags.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  EXPECT_TRUE(catalogue.tags == wanted.tags);
}

TEST(CatalogueFormatTest, LimitsAreTakenExactly) {
  Catalogue catalogue;
  catalogue.tags = {MakeTag(1, std::string(kTagNameBytesMax, 'a')),
                    MakeTag(~0U, std::string(kTagNameBytesMax, '\xff'))};
  catalogue.tags[0].unit.assign(kTagUnitBytesMax, 'u');
  catalogue.tags[0].description.assign(kTagDescriptionBytesMax, 'd');
  ASSERT_OK_AND_ASSIGN(const Catalogue back, DecodeCatalogue(Encode(catalogue)));
  EXPECT_EQ(back.tags, catalogue.tags);
}

TEST(CatalogueFormatTest, WhatNoReaderWouldTakeIsNotWritten) {
  const std::pair<const char*, std::function<void(Catalogue&)>> cases[] = {
      {"number 0", [](auto& c) { c.tags[0].id = 0; }},
      {"number twice", [](auto& c) { c.tags[0].id = 300; }},
      {"name twice", [](auto& c) { c.tags[0].name = "z"; }},
      {"no name", [](auto& c) { c.tags[0].name = ""; }},
      {"long name", [](auto& c) { c.tags[0].name.assign(1025, 'x'); }},
      {"long unit", [](auto& c) { c.tags[0].unit.assign(257, 'x'); }},
      {"long description", [](auto& c) { c.tags[0].description.assign(4097, 'x'); }},
      {"type", [](auto& c) { c.tags[0].type = static_cast<ValueType>(7); }},
      {"slot twice", [](auto& c) { c.chunks[0].slot = 0; }},
      {"chunk twice", [](auto& c) { c.chunks[0].chunk_sequence = 4; }},
      {"chunk 0", [](auto& c) { c.chunks[0].chunk_sequence = 0; }},
      {"kind", [](auto& c) { c.chunks[0].kind = static_cast<ChunkKind>(0); }},
      {"state", [](auto& c) { c.chunks[0].state = static_cast<ChunkState>(5); }},
      {"summary", [](auto& c) { c.chunks[0].summary.tag_min = 10; }},
  };
  for (const auto& [name, damage] : cases) {
    Catalogue catalogue = MakeCatalogue();
    damage(catalogue);
    EXPECT_THAT(EncodeCatalogue(catalogue), HasCode(StatusCode::kInvalidArgument)) << name;
  }
}

TEST(CatalogueFormatTest, EveryTruncationIsDetected) {
  const std::vector<std::byte> good = Encode(MakeCatalogue());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(DecodeCatalogue(std::span(good).first(size)), HasCode(StatusCode::kCorruption));
    if (size < 4) continue;
    EXPECT_THAT(DecodeCatalogue(Resign(First(good, size))), HasCode(StatusCode::kCorruption))
        << size;
  }
}

TEST(CatalogueFormatTest, EveryFlippedByteIsDetected) {
  const std::vector<std::byte> good = Encode(MakeCatalogue());
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::vector<std::byte> bad = good;
      bad[i] ^= std::byte{1} << bit;
      EXPECT_THAT(DecodeCatalogue(bad), HasCode(StatusCode::kCorruption)) << i;
    }
  }
}

// Goal: one catalogue, one spelling. Method: change each byte under a right checksum; what still
// decodes encodes to the same bytes.
TEST(CatalogueFormatTest, WhatDecodesIsSpelledTheOneWay) {
  const std::vector<std::byte> good = Encode(MakeCatalogue());
  size_t accepted = 0;
  for (size_t i = 0; i + 4 < good.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::vector<std::byte> bytes = good;
      bytes[i] = static_cast<std::byte>(value);
      bytes = Resign(bytes);
      const Result<Catalogue> catalogue = DecodeCatalogue(bytes);
      if (!catalogue.ok()) continue;
      ++accepted;
      ASSERT_TRUE(Encode(catalogue.value()) == bytes) << i;
    }
  }
  EXPECT_GT(accepted, good.size());
}

TEST(CatalogueFormatTest, HugeCountsAreRefusedBeforeTheyAreAllocated) {
  for (const size_t offset : {12, 16}) {
    std::vector<std::byte> bytes = Encode(MakeCatalogue());
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), 4, std::byte{0xFF});
    EXPECT_THAT(DecodeCatalogue(Resign(bytes)), HasCode(StatusCode::kCorruption));
  }
}

TEST(CatalogueFormatTest, NewerVersionIsUnsupported) {
  std::vector<std::byte> bytes = Encode(MakeCatalogue());
  bytes[8] = std::byte{2};
  EXPECT_THAT(DecodeCatalogue(Resign(bytes)), HasCode(StatusCode::kUnsupported));
}

}  // namespace
}  // namespace xtdb
