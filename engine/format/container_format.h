#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/checked_struct.h"

namespace xtdb {

// The first extent of a container (docs/format.md, "Container"):
//   [0, 4096)      ContainerHeader, zeros
//   [4096, 8192)   superblock copy 0
//   [8192, 12288)  superblock copy 1
//   [12288, 16384) zeros; byte-range locks are taken at kLock... offsets, far behind the file's end
// Chunk slots follow at kExtentSizeBytes + slot * chunk_size_bytes.
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr std::array<char, 8> kContainerMagic = {'X', 'T', 'D', 'B', 'C', 'O', 'N', 'T'};
inline constexpr std::array<char, 8> kSuperblockMagic = {'X', 'T', 'D', 'B', 'S', 'U', 'P', 'R'};
inline constexpr uint64_t kSuperblockOffsets[2] = {4096, 8192};
inline constexpr uint64_t kSuperblockSizeBytes = 4096;

// Byte-range OFD locks on the container, one byte each, beyond any data.
inline constexpr uint64_t kLockBase = uint64_t{1} << 62;
inline constexpr uint64_t kLockWriter = kLockBase + 0;
inline constexpr uint64_t kLockCompaction = kLockBase + 1;
inline constexpr uint64_t kLockRecovery = kLockBase + 2;
inline constexpr uint64_t kLockOpen = kLockBase + 3;
inline constexpr uint64_t kLockPin = kLockBase + 4;

// The order array has 16-bit entry numbers: 256 MiB are 16,384 extents.
inline constexpr uint64_t kChunkSizeMin = 4 * kMiB;
inline constexpr uint64_t kChunkSizeMax = 256 * kMiB;
constexpr bool IsChunkSize(uint64_t bytes) {
  return std::has_single_bit(bytes) && bytes >= kChunkSizeMin && bytes <= kChunkSizeMax;
}

using Uuid = std::array<uint8_t, 16>;
std::string UuidText(const Uuid& uuid);  // "0f8fad5b-d9cb-469f-a165-70867728950e"
// What blocks and log segments carry of their container's UUID: its first 8 bytes.
uint64_t ContainerIdOf(const Uuid& uuid);

struct ContainerHeader {
  std::array<char, 8> magic = kContainerMagic;
  uint32_t format_version = kFormatVersion;
  uint32_t extent_size_bytes = kExtentSizeBytes;
  Uuid uuid{};
  uint64_t chunk_size_bytes = 0;  // a power of two, kChunkSizeMin .. kChunkSizeMax
  int64_t created_at_us = 0;
  uint8_t reserved[12] = {};
  uint32_t crc32 = 0;
};
static_assert(sizeof(ContainerHeader) == 64);
static_assert(offsetof(ContainerHeader, format_version) == 8);
static_assert(offsetof(ContainerHeader, extent_size_bytes) == 12);
static_assert(offsetof(ContainerHeader, uuid) == 16);
static_assert(offsetof(ContainerHeader, chunk_size_bytes) == 32);
static_assert(offsetof(ContainerHeader, created_at_us) == 40);
static_assert(offsetof(ContainerHeader, reserved) == 48);
static_assert(offsetof(ContainerHeader, crc32) == 60);

enum class LogState : uint32_t { kClean = 0, kInUse = 1 };

inline constexpr LSN kCheckpointLsnMax = LSN{1} << 62;
// Of epochs and of the numbers of superblocks and chunks, which go up by one: far above what can be
// reached, far below what could wrap around.
inline constexpr uint64_t kCounterMax = uint64_t{1} << 62;
inline constexpr uint32_t kSlotMax = 0xFFFFFFFE;  // so that the count of slots fits as well

// How new data is written; kept in the superblock, changed by xtdb_set only.
struct StorageOptions {
  uint32_t block_extents = 1;  // of the largest block: 1, 4 or 16
  uint8_t raw_records = 0;     // codec=raw
  uint8_t atomic_commit = 0;
  uint8_t reserved[2] = {};
  int64_t retention_us = 0;  // 0: keep for ever
  bool operator==(const StorageOptions&) const = default;
};
static_assert(sizeof(StorageOptions) == 16);

inline constexpr size_t kInlineCatalogueBytesMax = 3840;

// What a retention has hidden: of the points earlier than `before_us` all versions that stood in
// blocks when the DROP frame at `lsn` was written.
struct Horizon {
  int64_t before_us = kTsMin;
  LSN lsn = kNoLsn;  // kNoLsn: nothing is hidden
  // From where on the points of a block count.
  int64_t FirstVisible(LSN through_lsn) const { return through_lsn < lsn ? before_us : kTsMin; }
  bool operator==(const Horizon&) const = default;
};
static_assert(sizeof(Horizon) == 16);

// One of the two copies, written in turn: the valid one with the larger sequence counts. A small
// catalogue stands in the superblock itself, so that a small store has no sparse CATALOG chunk; a
// larger one is in a chunk of kind CATALOG, which this names.
struct Superblock {
  std::array<char, 8> magic = kSuperblockMagic;
  uint64_t sequence = 0;
  LSN checkpoint_lsn = kNoLsn;  // multiple of 8, <= kCheckpointLsnMax; replay begins here; where
                                // the log begins after a clean close
  uint64_t log_epoch = 0;
  LogState log_state = LogState::kClean;
  TagId next_tag_id = 1;
  uint32_t slot_count = 0;  // slots ever used; the next new slot
  uint32_t owner_pid = 0;   // who has the log in use
  uint64_t next_chunk_sequence = 1;
  StorageOptions options;
  std::array<char, 32> owner_name{};  // its program, NUL-padded
  uint64_t catalogue_size_bytes = 0;  // 0: no tags and no chunks
  uint64_t catalogue_offset = 0;      // in the container; 0: inline
  uint32_t catalogue_crc32 = 0;       // of the catalogue's bytes; checked by who reads them
  uint32_t catalogue_slot = 0;        // of the CATALOG chunk, where catalogue_offset is not 0
  Uuid bound_database{};  // atomic_commit: the one database that this store commits with
  Horizon horizon;
  uint64_t max_bytes = 0;  // of blocks; beyond it the oldest chunks go; 0: no limit
  uint8_t reserved[84] = {};
  std::array<std::byte, kInlineCatalogueBytesMax> inline_catalogue{};
  uint32_t crc32 = 0;
};
static_assert(sizeof(Superblock) == kSuperblockSizeBytes);
static_assert(offsetof(Superblock, sequence) == 8);
static_assert(offsetof(Superblock, checkpoint_lsn) == 16);
static_assert(offsetof(Superblock, log_epoch) == 24);
static_assert(offsetof(Superblock, log_state) == 32);
static_assert(offsetof(Superblock, next_tag_id) == 36);
static_assert(offsetof(Superblock, slot_count) == 40);
static_assert(offsetof(Superblock, owner_pid) == 44);
static_assert(offsetof(Superblock, next_chunk_sequence) == 48);
static_assert(offsetof(Superblock, options) == 56);
static_assert(offsetof(Superblock, owner_name) == 72);
static_assert(offsetof(Superblock, catalogue_size_bytes) == 104);
static_assert(offsetof(Superblock, catalogue_offset) == 112);
static_assert(offsetof(Superblock, catalogue_crc32) == 120);
static_assert(offsetof(Superblock, catalogue_slot) == 124);
static_assert(offsetof(Superblock, bound_database) == 128);
static_assert(offsetof(Superblock, horizon) == 144);
static_assert(offsetof(Superblock, max_bytes) == 160);
static_assert(offsetof(Superblock, reserved) == 168);
static_assert(offsetof(Superblock, inline_catalogue) == 252);
static_assert(offsetof(Superblock, crc32) == 4092);

// Place and meaning of magic, version and checksum of a header are the same in every version, so
// that an older reader tells a newer file from a damaged one. kUnsupported for a newer version.
Status CheckFormatVersion(uint32_t version, const char* what);

// Trust nothing: any bytes give a structure that satisfies every comment above, or kCorruption
// (kUnsupported for a newer format version; "not an xTdb container" for another magic).
Result<ContainerHeader> DecodeContainerHeader(std::span<const std::byte> in);
// kCorruption where a number is 0 that may not be, or cannot go on: checked before each write, too,
// since what was read may have been the last one.
Status CheckCounters(const Superblock& superblock);
Result<Superblock> DecodeSuperblock(std::span<const std::byte> in);

}  // namespace xtdb
