#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/types.h"
#include "engine/format/container_format.h"

namespace xtdb {

// NAME.xtdb-shm: what the processes that have a container open tell each other
// (docs/concurrency.md).
// Never needed to read the container: whoever has it alone makes it anew. Single 8-byte words,
// each read and written whole, so that no process has to wait for one that was killed in between.
inline constexpr std::array<char, 8> kShmMagic = {'X', 'T', 'D', 'B', 'S', 'H', 'M', '1'};
inline constexpr uint32_t kShmSlotCount = 4096;  // processes that may have a container open
inline constexpr uint64_t kShmSlotsOffset = 4096;

// Slot i belongs to the process that holds the exclusive OFD lock on this byte of the container.
constexpr uint64_t LockOfSlot(uint32_t slot) { return kLockBase + 1024 + slot; }

struct ShmWords {
  uint64_t generation = 0;  // of this use of the file; 0: being made, or never finished
  uint64_t settled = 0;     // LSN: every record below it is decided, and readers may follow so far
  uint64_t durable = 0;     // LSN: every frame below it is synced
  uint64_t durable_check = 0;        // durable xor a hash of UUID and epoch: written after durable
  uint64_t checkpoint = 0;           // LSN of the superblock in force
  uint64_t superblock_sequence = 0;  // of the superblock in force
  uint64_t writer_mark = 0;  // of who holds WRITER; left there by one that died or failed meanwhile
  uint64_t log_failed = 0;   // 1: a sync of the log failed; nothing may be appended behind it
  // For the next holder of WRITER alone, and so not of one piece with `settled`:
  uint64_t last_writer = 0;  // mark of the last holder
  uint64_t settled_crc = 0;  // of the last frame before `settled`; 0: unknown
  // Slots and chunk numbers that a compaction writes to without WRITER; changed by its holder.
  uint64_t lease_mark = 0;      // of who compacts; 0: nobody
  uint64_t lease_slots = 0;     // count in the upper half, first in the lower
  uint64_t lease_sequence = 0;  // the first number; stays when the lease ends
};
static_assert(sizeof(ShmWords) == 104);

struct ShmHeader {
  std::array<char, 8> magic = kShmMagic;
  uint32_t format_version = kFormatVersion;
  uint32_t slot_count = kShmSlotCount;
  Uuid container_uuid{};
  uint64_t log_epoch = 0;  // at the time of making
  uint8_t reserved[24] = {};
  ShmWords words;
};
static_assert(sizeof(ShmHeader) == 168);
static_assert(offsetof(ShmHeader, container_uuid) == 16);
static_assert(offsetof(ShmHeader, log_epoch) == 32);
static_assert(offsetof(ShmHeader, words) == 64);

struct ShmSlot {
  uint64_t pid = 0;
  uint64_t log_lsn = 0;       // reads the log from here on; kMaxLsn: does not read
  uint64_t snapshot_lsn = 0;  // of its oldest snapshot; kMaxLsn: has none
  uint64_t since_us = 0;      // wall clock, when that snapshot became its oldest
};
static_assert(sizeof(ShmSlot) == 32);

inline constexpr size_t kShmSizeBytes = kShmSlotsOffset + kShmSlotCount * sizeof(ShmSlot);

}  // namespace xtdb
