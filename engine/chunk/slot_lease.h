#pragma once

#include <cstdint>

#include "engine/chunk/slot_map.h"

namespace xtdb {

inline constexpr uint32_t kLeaseSlotsMax = 64;

// The slots, and as many chunk numbers, that a compaction writes to while others go on: what its
// process has told all the others (SharedMemory).
struct SlotLease {
  SlotRange slots;  // none: nobody compacts
  uint64_t first_sequence = 0;
  uint64_t sequence_end() const { return first_sequence + slots.count; }
};

}  // namespace xtdb
