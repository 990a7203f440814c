#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/block_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

struct ScannedBlock {
  uint32_t slot = 0;
  uint32_t extent = 0;
  uint64_t offset = 0;
  DecodedBlockHead decoded;
};

// Finds every block of a container whose head and vector table are intact, from these alone: no
// catalogue, directory or log. Vectors are checked by who decodes them. Takes only blocks that
// carry the container's id and their own chunk's number (a slot whose header is damaged gives those
// of its most frequent number), and of two copies at one place the later flush. A chunk that says
// DEPRECATED has none.
//
// Ownership: borrows `file`.
// Threads:   one at a time.
class RawScanner {
 public:
  RawScanner(File& file, uint64_t container_id, const LayoutCalculator& layout)
      : file_(file), container_id_(container_id), layout_(layout) {}
  // Blocks of one slot by extent. kIoError only; damage makes blocks missing, not errors.
  Result<std::vector<ScannedBlock>> ScanSlot(uint32_t slot);
  // Every slot up to the file's end.
  Result<std::vector<ScannedBlock>> ScanAll();

 private:
  // The block that begins at `extent`, if an intact head and vector table of this container stand
  // there.
  Result<std::optional<ScannedBlock>> TryBlock(const ChunkLayout& layout, uint32_t extent,
                                               uint64_t file_size);

  File& file_;
  const uint64_t container_id_;
  const LayoutCalculator layout_;
};

}  // namespace xtdb
