#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/chunk/directory_builder.h"
#include "engine/format/chunk_format.h"

namespace xtdb {

// A chunk that a flush took into use.
struct NewChunk {
  uint32_t slot = 0;
  ChunkKind kind = ChunkKind::kRaw;
  uint64_t chunk_sequence = 0;  // > 0
  int64_t created_at_us = 0;
  bool operator==(const NewChunk&) const = default;
};
static_assert(sizeof(NewChunk) == 24);

// FLUSH: the blocks of one flush and where they are; it counts whole or not at all.
struct FlushRecord {
  std::vector<NewChunk> chunks;
  std::vector<PlacedEntry> entries;    // written ones only
  std::vector<TagId> mixed_tags = {};  // rising: those with points in MIXED blocks
};

// Payload as in docs/format-log.md, "Records".
void AppendFlush(const FlushRecord& record, std::vector<std::byte>& out);
// kCorruption for what AppendFlush does not write, an unwritten entry, or one of another chunk.
Result<FlushRecord> DecodeFlush(std::span<const std::byte> payload);

}  // namespace xtdb
