#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/checked_struct.h"
#include "engine/format/container_format.h"

namespace xtdb {

// A chunk slot (docs/format.md, "Chunk"): header extent, directory and order array, data extents;
// LayoutCalculator alone knows the arithmetic. The header extent:
//   [0, 128)      ChunkHeader
//   [4096, 4128)  four state words
//   [8192, 8320)  SealRecord, zeros until the chunk is sealed
inline constexpr std::array<char, 8> kChunkMagic = {'X', 'T', 'D', 'B', 'C', 'H', 'N', 'K'};
inline constexpr std::array<char, 8> kSealMagic = {'X', 'T', 'D', 'B', 'S', 'E', 'A', 'L'};
inline constexpr uint64_t kChunkStateOffset = 4096;
inline constexpr uint64_t kSealRecordOffset = 8192;

enum class ChunkKind : uint32_t { kRaw = 1, kCompact = 2, kCatalog = 3 };
constexpr bool IsChunkKind(uint32_t kind) { return kind >= 1 && kind <= 3; }

// States are active-low: an 8-byte word of ones means "not yet", of zeros "reached". Words go to
// zero in this order, each in one write; a punched slot reads as all zeros, which is kFree.
enum class ChunkState : uint8_t {
  kErased = 0,
  kAllocated = 1,
  kSealed = 2,
  kDeprecated = 3,
  kFree = 4
};
inline constexpr size_t kChunkStateWords = 4;  // kAllocated, kSealed, kDeprecated, kFree

// Whose place a COMPACT chunk takes in the order of flushes: that of the RAW chunks numbered first
// to last. Zeros in a RAW chunk, which has its own place.
struct SourceRange {
  uint64_t first = 0;
  uint64_t last = 0;
  bool operator==(const SourceRange&) const = default;
};
static_assert(sizeof(SourceRange) == 16);

struct ChunkHeader {
  std::array<char, 8> magic = kChunkMagic;
  uint32_t format_version = kFormatVersion;
  ChunkKind kind = ChunkKind::kRaw;
  Uuid container_uuid{};
  uint64_t chunk_sequence = 0;  // from 1, never reused: tells a slot's tenants apart
  uint64_t chunk_size_bytes = 0;
  int64_t created_at_us = 0;
  LSN first_flush_lsn = kNoLsn;
  uint32_t slot = 0;
  uint8_t reserved[4] = {};
  SourceRange sources;
  uint8_t reserved2[36] = {};
  uint32_t crc32 = 0;
};
static_assert(sizeof(ChunkHeader) == 128);
static_assert(offsetof(ChunkHeader, kind) == 12);
static_assert(offsetof(ChunkHeader, container_uuid) == 16);
static_assert(offsetof(ChunkHeader, chunk_sequence) == 32);
static_assert(offsetof(ChunkHeader, chunk_size_bytes) == 40);
static_assert(offsetof(ChunkHeader, created_at_us) == 48);
static_assert(offsetof(ChunkHeader, first_flush_lsn) == 56);
static_assert(offsetof(ChunkHeader, slot) == 64);
static_assert(offsetof(ChunkHeader, reserved) == 68);
static_assert(offsetof(ChunkHeader, sources) == 72);
static_assert(offsetof(ChunkHeader, reserved2) == 88);

// The chunk's place in the order of flushes.
constexpr SourceRange PlaceOf(const ChunkHeader& header) {
  if (header.kind == ChunkKind::kCompact) return header.sources;
  return {header.chunk_sequence, header.chunk_sequence};
}
// Whether some of `a` may have been flushed before some of `b`. Chunks of one range came of one
// compaction and share no point.
constexpr bool MayBeOlder(const SourceRange& a, const SourceRange& b) {
  return a != b && a.first < b.last;
}

// What a sealed chunk holds; repeated in the catalogue's chunk table.
struct ChunkSummary {
  int64_t ts_min_us = 0;  // inclusive; no blocks: 0 and -1
  int64_t ts_max_us = -1;
  TagId tag_min = 0;
  TagId tag_max = 0;
  uint64_t point_count = 0;
  LSN last_flush_lsn = kNoLsn;
  uint32_t block_count = 0;
  uint32_t used_extents = 0;  // up to the end of the last block
  bool operator==(const ChunkSummary&) const = default;
};
static_assert(sizeof(ChunkSummary) == 48);

struct SealRecord {
  std::array<char, 8> magic = kSealMagic;
  uint64_t chunk_sequence = 0;
  ChunkSummary summary;
  // Of the numbers in the order array, one for each block: for who searches the directory in place.
  // 0: not known.
  uint32_t order_crc32 = 0;
  uint8_t reserved[52] = {};
  uint32_t super_crc32 = 0;  // SuperCrc of directory and order array
  uint32_t crc32 = 0;
};
static_assert(sizeof(SealRecord) == 128);
static_assert(offsetof(SealRecord, summary) == 16);
static_assert(offsetof(SealRecord, order_crc32) == 64);
static_assert(offsetof(SealRecord, reserved) == 68);
static_assert(offsetof(SealRecord, super_crc32) == 120);

// kCorruption unless `sources` are those of a chunk of that kind and number.
Status CheckSources(ChunkKind kind, uint64_t chunk_sequence, const SourceRange& sources);
// kCorruption unless the figures fit each other.
Status CheckChunkSummary(const ChunkSummary& summary);
// The CRC32 of every directory entry without its own crc32, then of the order array. With them it
// would say nothing: the CRC of bytes that end in their CRC is the same for all of them.
//   directory: whole entries of 192 bytes
uint32_t SuperCrc(std::span<const std::byte> directory, std::span<const std::byte> order);

Result<ChunkHeader> DecodeChunkHeader(std::span<const std::byte> in);
Result<SealRecord> DecodeSealRecord(std::span<const std::byte> in);

}  // namespace xtdb
