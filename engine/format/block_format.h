#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/checked_struct.h"

namespace xtdb {

inline constexpr std::array<char, 8> kBlockMagic = {'X', 'T', 'D', 'B', 'B', 'L', 'C', 'K'};

// A text of kTextBytesMax takes 1,024 extents and its head one more; nothing else comes near it.
inline constexpr uint32_t kBlockExtentsMax = 1025;

enum class BlockKind : uint8_t {
  kPoints = 1,  // points of one tag
  kMixed = 2,   // short runs of many tags
  kDelete = 3,  // one range tombstone; reserved
};

// Statistics of live points (not deleted). min .. m2 and the integrals are over those that are
// neither NULL nor NaN (the integrals from the first of them to the last); a text has none of them
// (all zero).
struct ValueStats {
  uint32_t good_count = 0;     // live points of good quality
  uint32_t bad_count = 0;      // live points of bad quality
  uint32_t null_count = 0;     // live NULL points
  uint32_t nan_count = 0;      // live NaN points
  uint32_t deleted_count = 0;  // tombstones
  uint32_t value_count = 0;    // live, not NULL, not NaN: what min .. m2 are over (texts count too)
  ValueBits min = 0;           // ValueBits of the block's type
  ValueBits max = 0;
  ValueBits first = 0;
  ValueBits last = 0;
  uint64_t sum_low =
      0;  // integers: 128-bit two's complement sum; floats: the double's bits, high 0
  uint64_t sum_high = 0;
  ValueBits m2 = 0;               // double: sum of squared deviations from the mean
  ValueBits integral_step = 0;    // double: value * seconds, each value held until the next one
  ValueBits integral_linear = 0;  // double: the same by trapezoids
  int64_t gap_max_us = 0;         // largest distance between neighbouring live points
};
static_assert(sizeof(ValueStats) == 104);

// Describes the block that begins at data extent i of its chunk; entry i of the directory. All
// zeros until written, written once, never moved.
struct BlockDirEntry {
  TagId tag_id = kNoTag;         // never 0 in a written entry
  uint32_t count = 0;            // rows, tombstones included; > 0
  int64_t ts_min_us = 0;         // inclusive
  int64_t ts_max_us = 0;         // inclusive, >= ts_min_us
  LSN through_lsn = kNoLsn;      // this flush holds the tag's points up to here
  LSN flush_lsn = kNoLsn;        // of the FLUSH frame: a snapshot sees the block from here on
  uint32_t extents = 0;          // what data_size_bytes takes: 1 .. kBlockExtentsMax
  uint32_t data_size_bytes = 0;  // head, vector table and vectors
  uint32_t head_crc32 = 0;       // BlockHead::crc32
  uint16_t vector_count = 0;     // > 0
  BlockKind kind = BlockKind::kPoints;
  ValueType value_type = ValueType::kNone;  // kMixed: kNone, its table has them
  ValueStats stats;                         // kMixed: zeros
  TagId tag_last = kNoTag;                  // kMixed: tag_id is the first; else 0
  uint32_t table_bytes = 0;                 // kMixed: of its table; else 0
  uint32_t table_crc32 = 0;                 // kMixed: of its table; else 0
  uint8_t needs_entry = 0;                  // 1: written by a transaction before its commit
  uint8_t reserved[11] = {};
  uint32_t chunk_check = 0;  // low 32 bits of the chunk's sequence: an entry of another tenant
  uint32_t crc32 = 0;
};
static_assert(sizeof(BlockDirEntry) == 192);
static_assert(offsetof(BlockDirEntry, ts_min_us) == 8);
static_assert(offsetof(BlockDirEntry, ts_max_us) == 16);
static_assert(offsetof(BlockDirEntry, through_lsn) == 24);
static_assert(offsetof(BlockDirEntry, flush_lsn) == 32);
static_assert(offsetof(BlockDirEntry, extents) == 40);
static_assert(offsetof(BlockDirEntry, data_size_bytes) == 44);
static_assert(offsetof(BlockDirEntry, head_crc32) == 48);
static_assert(offsetof(BlockDirEntry, vector_count) == 52);
static_assert(offsetof(BlockDirEntry, kind) == 54);
static_assert(offsetof(BlockDirEntry, value_type) == 55);
static_assert(offsetof(BlockDirEntry, stats) == 56);
static_assert(offsetof(BlockDirEntry, tag_last) == 160);
static_assert(offsetof(BlockDirEntry, table_bytes) == 164);
static_assert(offsetof(BlockDirEntry, table_crc32) == 168);
static_assert(offsetof(BlockDirEntry, needs_entry) == 172);
static_assert(offsetof(BlockDirEntry, reserved) == 173);
static_assert(offsetof(BlockDirEntry, chunk_check) == 184);
static_assert(offsetof(BlockDirEntry, crc32) == 188);

// The first bytes of a block: enough to rebuild its directory entry without a directory.
struct BlockHead {
  std::array<char, 8> magic = kBlockMagic;
  uint64_t container_id = 0;  // first 8 bytes of the container's UUID
  uint64_t chunk_sequence = 0;
  LSN through_lsn = kNoLsn;
  int64_t ts_min_us = 0;
  int64_t ts_max_us = 0;
  TagId tag_id = kNoTag;
  uint32_t count = 0;
  uint32_t extents = 0;
  uint32_t data_size_bytes = 0;
  uint16_t vector_count = 0;
  BlockKind kind = BlockKind::kPoints;
  ValueType value_type = ValueType::kNone;
  TagId tag_last = kNoTag;
  uint32_t table_bytes = 0;
  uint8_t needs_entry = 0;  // 1: it counts only if log or directory name it
  uint8_t reserved[43] = {};
  uint32_t table_crc32 = 0;  // of the vector table, which follows the head at once
  uint32_t crc32 = 0;
};
static_assert(sizeof(BlockHead) == 128);
static_assert(offsetof(BlockHead, container_id) == 8);
static_assert(offsetof(BlockHead, chunk_sequence) == 16);
static_assert(offsetof(BlockHead, through_lsn) == 24);
static_assert(offsetof(BlockHead, ts_min_us) == 32);
static_assert(offsetof(BlockHead, ts_max_us) == 40);
static_assert(offsetof(BlockHead, tag_id) == 48);
static_assert(offsetof(BlockHead, count) == 52);
static_assert(offsetof(BlockHead, extents) == 56);
static_assert(offsetof(BlockHead, data_size_bytes) == 60);
static_assert(offsetof(BlockHead, vector_count) == 64);
static_assert(offsetof(BlockHead, kind) == 66);
static_assert(offsetof(BlockHead, value_type) == 67);
static_assert(offsetof(BlockHead, tag_last) == 68);
static_assert(offsetof(BlockHead, table_bytes) == 72);
static_assert(offsetof(BlockHead, needs_entry) == 76);
static_assert(offsetof(BlockHead, reserved) == 77);
static_assert(offsetof(BlockHead, table_crc32) == 120);

// A row of the vector table: where a vector is and what zone maps and hourly sums need of it.
// Vectors follow each other in time; ranges do not touch. min, max and sum as in ValueStats.
struct VectorEntry {
  int64_t ts_min_us = 0;
  int64_t ts_max_us = 0;
  ValueBits min = 0;
  ValueBits max = 0;
  uint64_t sum_low = 0;
  uint64_t sum_high = 0;
  uint32_t offset = 0;  // from the block's start
  uint32_t size_bytes = 0;
  uint32_t crc32_of_data = 0;
  uint16_t count = 0;  // 1 .. kVectorPointsMax
  uint16_t good_count = 0;
  uint16_t bad_count = 0;
  uint16_t null_count = 0;
  uint16_t nan_count = 0;
  uint16_t deleted_count = 0;
};
static_assert(sizeof(VectorEntry) == 72);
static_assert(offsetof(VectorEntry, min) == 16);
static_assert(offsetof(VectorEntry, sum_low) == 32);
static_assert(offsetof(VectorEntry, offset) == 48);
static_assert(offsetof(VectorEntry, size_bytes) == 52);
static_assert(offsetof(VectorEntry, crc32_of_data) == 56);
static_assert(offsetof(VectorEntry, count) == 60);
static_assert(offsetof(VectorEntry, deleted_count) == 70);

// The numeric order of the values of `type` (not text, not NaN), -0.0 before +0.0.
constexpr int64_t OrderKey(ValueType type, ValueBits bits) {
  if (type == ValueType::kFloat64) {
    const auto key = static_cast<int64_t>(bits);
    return key < 0 ? key ^ std::numeric_limits<int64_t>::max() : key;
  }
  if (type == ValueType::kFloat32) {
    const auto key = static_cast<int32_t>(static_cast<uint32_t>(bits));
    return key < 0 ? key ^ std::numeric_limits<int32_t>::max() : key;
  }
  return static_cast<int64_t>(bits);
}

constexpr uint32_t ExtentsOf(uint64_t size_bytes) {
  return static_cast<uint32_t>((size_bytes + kExtentSizeBytes - 1) / kExtentSizeBytes);
}

constexpr uint32_t ChunkCheck(uint64_t chunk_sequence) {
  return static_cast<uint32_t>(chunk_sequence);
}

constexpr bool IsUnwritten(const BlockDirEntry& entry) { return entry.tag_id == kNoTag; }

// The tags of a block lie in [tag_id, LastTag].
template <typename EntryOrHead>
constexpr TagId LastTag(const EntryOrHead& block) {
  return block.kind == BlockKind::kMixed ? block.tag_last : block.tag_id;
}

// Bytes of the table behind the head.
template <typename EntryOrHead>
constexpr uint64_t TableBytes(const EntryOrHead& block) {
  return block.kind == BlockKind::kMixed ? block.table_bytes
                                         : sizeof(VectorEntry) * uint64_t{block.vector_count};
}

// The vectors of one tag in a block: [first_vector, first_vector + vector_count).
struct TagRun {
  TagId tag_id = kNoTag;
  ValueType type = ValueType::kNone;
  uint32_t first_vector = 0;
  uint32_t vector_count = 0;
};

// in: 192 bytes. All zeros: an unwritten entry (tag_id 0). Else every comment above holds, or
// kCorruption; kUnsupported for a kind that this build does not read.
Result<BlockDirEntry> DecodeBlockDirEntry(std::span<const std::byte> in, uint64_t chunk_sequence);

struct DecodedBlockHead {
  BlockHead head;
  std::vector<VectorEntry> vectors;  // head.vector_count; offsets inside data_size_bytes, in order
  std::vector<TagRun> runs;          // by tag; one, but for kMixed
};
// What the head of an entry's block repeats of the entry; table_crc32 and crc32 are still to be
// set.
BlockHead HeadOf(const BlockDirEntry& entry, uint64_t container_id, uint64_t chunk_sequence);
// in: from the block's start; at least the head and the table, at most the whole block.
Result<DecodedBlockHead> DecodeBlockHead(std::span<const std::byte> in);

}  // namespace xtdb
