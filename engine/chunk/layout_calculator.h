#pragma once

#include <cstdint>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/container_format.h"

namespace xtdb {

// Where everything of a chunk slot is. Offsets are bytes in the container.
struct ChunkLayout {
  uint32_t slot = 0;
  uint64_t chunk_offset = 0;      // header extent
  uint64_t directory_offset = 0;  // entry_count entries of 192 bytes
  uint64_t directory_bytes = 0;
  uint64_t order_offset = 0;  // entry_count 16-bit entry numbers, right behind the directory
  uint64_t order_bytes = 0;
  uint64_t data_offset = 0;  // extent 0; entry i describes the block that begins at extent i
  uint32_t entry_count = 0;  // data extents = directory entries
  uint64_t end_offset = 0;

  uint64_t EntryOffset(uint32_t entry) const;
  uint64_t ExtentOffset(uint32_t extent) const { return data_offset + extent * kExtentSizeBytes; }
};

// The arithmetic of chunk slots, and the only place that knows it. The directory has one place for
// each data extent, so it cannot run out before the extents do.
// Threads: any (a pure function of its constructor's argument).
class LayoutCalculator {
 public:
  // kInvalidArgument unless a power of two in [kChunkSizeMin, kChunkSizeMax].
  static Result<LayoutCalculator> Create(uint64_t chunk_size_bytes);

  ChunkLayout Layout(uint32_t slot) const;
  uint64_t chunk_size_bytes() const { return chunk_size_bytes_; }
  uint32_t entry_count() const { return entry_count_; }
  // 16 MiB, or 1 MiB in chunks of 4 MiB: always less than a chunk's data extents hold.
  uint64_t TextBytesMax() const;

 private:
  explicit LayoutCalculator(uint64_t chunk_size_bytes);
  uint64_t chunk_size_bytes_;
  uint32_t entry_count_;
};

}  // namespace xtdb
