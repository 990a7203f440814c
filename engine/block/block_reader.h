#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/format/block_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// One block's bytes in memory, head and vector table checked; vectors are checked as they are
// decoded.
class LoadedBlock {
 public:
  const BlockHead& head() const { return decoded_.head; }
  const std::vector<VectorEntry>& vectors() const { return decoded_.vectors; }
  // Appends the rows of vector `index`, after its CRC; kCorruption names tag, block and vector,
  // also if the rows are not those that the vector table promises (count, first and last ts).
  Status DecodeVectorAt(size_t index, PointColumns& out) const;
  // Name of the encoding of vector `index`, for xtdb_blocks.
  Result<std::string> DescribeEncoding(size_t index) const;

 private:
  friend class BlockReader;
  Status DecodeRows(const VectorEntry& vector, PointColumns& out) const;

  DecodedBlockHead decoded_;
  std::vector<std::byte> bytes_;
  std::string where_;  // "chunk 3, block 17, tag 5": for messages
};

// Reads blocks with every check: CRCs, and that the block is the one its directory entry describes.
//
// Ownership: borrows `file`.
// Threads:   any.
class BlockReader {
 public:
  BlockReader(File& file, uint64_t container_id) : file_(file), container_id_(container_id) {}
  // offset: of the block in the container.
  // kCorruption names chunk, block, tag and time range; kIoError as the file says.
  Result<std::shared_ptr<const LoadedBlock>> Read(const BlockDirEntry& entry,
                                                  uint64_t chunk_sequence, uint32_t entry_index,
                                                  uint64_t offset) const;

 private:
  File& file_;
  const uint64_t container_id_;
};

}  // namespace xtdb
