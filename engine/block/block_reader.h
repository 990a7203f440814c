#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/block/block_cache.h"
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
  const BlockHead& head() const { return decoded_->head; }
  const std::vector<VectorEntry>& vectors() const { return decoded_->vectors; }
  // By tag; of a block of one tag, one.
  const std::vector<TagRun>& runs() const { return decoded_->runs; }
  // Empty if the block has nothing of the tag.
  VectorTable TableOf(TagId tag) const;
  VectorTable TableOf(const TagRun& run) const;
  // Appends the rows of vector `index`, after its CRC; kCorruption names tag, block and vector,
  // also if the rows are not those that the vector table promises (count, first and last ts).
  Status DecodeVectorAt(size_t index, PointColumns& out);
  // The same rows alone, of that type; kept for the next who wants them if the block is read for a
  // few points.
  Result<std::shared_ptr<const PointColumns>> VectorAt(size_t index, ValueType type);
  // Name of the encoding of vector `index`, for xtdb_blocks.
  Result<std::string> DescribeEncoding(size_t index);

 private:
  friend class BlockReader;
  struct Place {
    uint64_t chunk_sequence;
    uint32_t entry_index;
    uint64_t offset;  // of the block in the container
    LSN through_lsn;
    uint32_t head_crc32;
    const std::atomic<bool>* is_rolled_back;  // null: it stays
  };
  LoadedBlock(File& file, const Place& place, BlockCache* cache)
      : file_(file), place_(place), cache_(cache) {}
  BlockCache::Key KeyOf(uint32_t vector) const {
    return {place_.chunk_sequence, place_.through_lsn, place_.entry_index, place_.head_crc32,
            vector};
  }
  Status ReadHead(uint64_t data_size_bytes, uint64_t table_bytes);
  Status ReadWindow(uint64_t begin, uint64_t bytes);
  Status DecodeRows(const VectorEntry& vector, PointColumns& out);
  // The bytes of a vector, in the window.
  Result<std::span<const std::byte>> BytesOf(const VectorEntry& vector);
  Status NoSuchVector(size_t index) const;
  std::string Where() const;  // "chunk 3, block 17, tag 5": for messages

  File& file_;
  const Place place_;
  BlockCache* const cache_;  // null: the block is scanned
  std::shared_ptr<const DecodedBlockHead> decoded_;
  std::unique_ptr<std::byte[]> window_;  // bytes of the block from window_begin_ on
  size_t window_capacity_ = 0;
  size_t window_size_ = 0;
  uint64_t window_begin_ = 0;
};

// What a block is read for: all of it, or a few points, for which less is read at a time and what
// was decoded is kept for a while.
enum class BlockUse : uint8_t { kScan, kFewPoints };

// Reads blocks with every check: CRCs, and that the block is the one its directory entry describes.
//
// Ownership: borrows `file`.
// Threads:   any.
class BlockReader {
 public:
  // cache_bytes: for what is kept of blocks that are read for a few points; 0: nothing is
  BlockReader(File& file, uint64_t container_id, size_t cache_bytes = 0)
      : file_(file), container_id_(container_id), cache_(cache_bytes) {}
  // offset: of the block in the container.
  // is_rolled_back: of a block whose place another may take once it is true; reading then ends with
  // kRolledBack. It outlives the block.
  // kCorruption names chunk, block, tag and time range; kIoError as the file says.
  Result<std::shared_ptr<LoadedBlock>> Read(
      const BlockDirEntry& entry, uint64_t chunk_sequence, uint32_t entry_index, uint64_t offset,
      BlockUse use = BlockUse::kScan, const std::atomic<bool>* is_rolled_back = nullptr) const;
  size_t cached_bytes() const { return cache_.bytes(); }

 private:
  File& file_;
  const uint64_t container_id_;
  mutable BlockCache cache_;
};

}  // namespace xtdb
