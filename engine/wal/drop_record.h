#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// A chunk that is gone for every snapshot from the DROP frame's LSN on.
struct DroppedPlace {
  uint32_t slot = 0;
  uint64_t chunk_sequence = 0;  // > 0
  bool operator==(const DroppedPlace&) const = default;
};

// DROP: whole chunks that snapshots from its LSN on do not see.
struct DropRecord {
  int64_t before_us = 0;  // the limit that was asked for
  // The points before it in all other blocks are hidden, too; else it decides nothing.
  bool hides = false;
  std::vector<DroppedPlace> chunks;  // by rising sequence; at least one unless it hides
  bool operator==(const DropRecord&) const = default;
};

// Payload as in docs/format-log.md, "Records".
void AppendDrop(const DropRecord& record, std::vector<std::byte>& out);
// kCorruption for what AppendDrop does not write.
Result<DropRecord> DecodeDrop(std::span<const std::byte> payload);

}  // namespace xtdb
