#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/format/block_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// The vectors of one tag in a block.
struct VectorTable {
  std::span<const VectorEntry> vectors;
  ValueType type = ValueType::kNone;
  size_t first_vector = 0;  // number of vectors[0] in the block
  bool has_statistics = true;
};

// One block, head and vector table read and checked; vectors are read and checked as they are
// decoded, a large block's a window at a time.
//
// Ownership: borrows the reader's file.
// Threads:   one at a time.
class LoadedBlock {
 public:
  const BlockHead& head() const { return decoded_.head; }
  const std::vector<VectorEntry>& vectors() const { return decoded_.vectors; }
  // By tag; of a block of one tag, one.
  const std::vector<TagRun>& runs() const { return decoded_.runs; }
  // Empty if the block has nothing of the tag.
  VectorTable TableOf(TagId tag) const;
  VectorTable TableOf(const TagRun& run) const;
  // Appends the rows of vector `index`, after its CRC; kCorruption names tag, block and vector,
  // also if the rows are not those that the vector table promises (count, first and last ts).
  Status DecodeVectorAt(size_t index, PointColumns& out);
  // Name of the encoding of vector `index`, for xtdb_blocks.
  Result<std::string> DescribeEncoding(size_t index);

 private:
  friend class BlockReader;
  LoadedBlock(File& file, uint64_t offset, std::string where)
      : file_(file), offset_(offset), where_(std::move(where)) {}
  Status ReadHead(uint64_t data_size_bytes, uint64_t table_bytes);
  Status DecodeRows(const VectorEntry& vector, PointColumns& out);
  // The bytes of a vector, in the window.
  Result<std::span<const std::byte>> BytesOf(const VectorEntry& vector);
  Status NoSuchVector(size_t index) const;

  File& file_;
  const uint64_t offset_;    // of the block in the container
  const std::string where_;  // "chunk 3, block 17, tag 5": for messages
  DecodedBlockHead decoded_;
  std::vector<std::byte> window_;  // bytes of the block from window_begin_ on
  uint64_t window_begin_ = 0;
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
  Result<std::shared_ptr<LoadedBlock>> Read(const BlockDirEntry& entry, uint64_t chunk_sequence,
                                            uint32_t entry_index, uint64_t offset) const;

 private:
  File& file_;
  const uint64_t container_id_;
};

}  // namespace xtdb
