#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/catalog/tag_definition.h"
#include "engine/format/chunk_format.h"

namespace xtdb {

// The catalogue (docs/format.md, "Catalogue"): tags and chunk table as known at a checkpoint,
// written as one piece: CatalogueHeader, tags with their names front-coded, CatalogueChunks, CRC32
// of all that.
inline constexpr std::array<char, 8> kCatalogueMagic = {'X', 'T', 'D', 'B', 'C', 'A', 'T', 'L'};

// A chunk that a checkpoint knows.
struct ChunkTableEntry {
  uint32_t slot = 0;
  ChunkKind kind = ChunkKind::kRaw;
  uint64_t chunk_sequence = 0;
  ChunkState state = ChunkState::kAllocated;
  SourceRange sources;
  ChunkSummary summary;
  bool operator==(const ChunkTableEntry&) const = default;
};

struct Catalogue {
  std::vector<TagDefinition> tags;      // by name (bytewise) when decoded
  std::vector<ChunkTableEntry> chunks;  // slots and sequences are unique; order is kept
};

struct CatalogueHeader {
  std::array<char, 8> magic = kCatalogueMagic;
  uint32_t format_version = kFormatVersion;
  uint32_t tag_count = 0;
  uint32_t chunk_count = 0;
  uint32_t reserved = 0;
};
static_assert(sizeof(CatalogueHeader) == 24);
static_assert(offsetof(CatalogueHeader, format_version) == 8);
static_assert(offsetof(CatalogueHeader, tag_count) == 12);
static_assert(offsetof(CatalogueHeader, chunk_count) == 16);
static_assert(offsetof(CatalogueHeader, reserved) == 20);

struct CatalogueChunk {
  uint32_t slot = 0;
  uint32_t kind = 0;
  uint64_t chunk_sequence = 0;
  uint32_t state = 0;
  uint32_t reserved = 0;
  SourceRange sources;
  ChunkSummary summary;
};
static_assert(sizeof(CatalogueChunk) == 88);
static_assert(offsetof(CatalogueChunk, kind) == 4);
static_assert(offsetof(CatalogueChunk, chunk_sequence) == 8);
static_assert(offsetof(CatalogueChunk, state) == 16);
static_assert(offsetof(CatalogueChunk, reserved) == 20);
static_assert(offsetof(CatalogueChunk, sources) == 24);
static_assert(offsetof(CatalogueChunk, summary) == 40);

// Tags in any order. kInvalidArgument for what Decode would refuse: names that are empty, too long
// or not unique, tag number 0 or not unique, chunks that are not.
Result<std::vector<std::byte>> EncodeCatalogue(const Catalogue& catalogue);
// What the superblock says of a catalogue: the CRC32 that it ends with (the CRC of the whole, its
// own CRC included, would be the same for every catalogue). 0 for fewer bytes than that.
uint32_t CatalogueCrc(std::span<const std::byte> catalogue);
// in: the whole catalogue and nothing else. Trusts nothing; allocates in proportion to `in`.
Result<Catalogue> DecodeCatalogue(std::span<const std::byte> in);

}  // namespace xtdb
