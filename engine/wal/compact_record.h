#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/format/chunk_format.h"
#include "engine/wal/drop_record.h"

namespace xtdb {

// A COMPACT chunk whose blocks and directory are on the disk.
struct CompactedChunk {
  uint32_t slot = 0;
  uint64_t chunk_sequence = 0;
  int64_t created_at_us = 0;
  SourceRange sources;
  ChunkSummary summary;  // of its directory
  bool operator==(const CompactedChunk&) const = default;
};

// COMPACT: snapshots from its LSN on see `outputs` in the place of `inputs`.
struct CompactRecord {
  std::vector<DroppedPlace> inputs;     // at least one, by rising sequence
  std::vector<CompactedChunk> outputs;  // by rising sequence; none if no point is left
  bool operator==(const CompactRecord&) const = default;
};

// Payload as in docs/format-log.md, "Records".
void AppendCompact(const CompactRecord& record, std::vector<std::byte>& out);
// kCorruption for what AppendCompact does not write.
Result<CompactRecord> DecodeCompact(std::span<const std::byte> payload);

}  // namespace xtdb
