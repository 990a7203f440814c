#pragma once

#include <cstddef>
#include <vector>

#include "engine/format/block_format.h"
#include "engine/format/mixed_format.h"
#include "engine/io/aligned_io.h"

namespace xtdb {

// One encoded block in memory, not yet placed: everything but its chunk is known.
struct EncodedBlock {
  AlignedBuffer bytes;  // whole extents; padding zero
  BlockDirEntry entry;  // but flush_lsn, chunk_check and head_crc32, which placing sets
};

// An encoded vector that is in no block yet.
struct EncodedVector {
  MixedVector row;
  std::vector<std::byte> bytes;
};

}  // namespace xtdb
