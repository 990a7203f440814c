#include "engine/block/block_writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "engine/block/block_stats.h"

namespace xtdb {
namespace {

// A vector cut so that it fills the rest of a block should be worth its row in the vector table.
constexpr size_t kCutRowsMin = 64;

VectorEntry DescribeVector(const PointColumns& columns, size_t begin, size_t end) {
  const ValueStats stats = ComputeStats(columns, begin, end);
  VectorEntry vector;
  vector.ts_min_us = columns.ts_us[begin];
  vector.ts_max_us = columns.ts_us[end - 1];
  vector.min = stats.min;
  vector.max = stats.max;
  vector.sum_low = stats.sum_low;
  vector.sum_high = stats.sum_high;
  vector.count = static_cast<uint16_t>(end - begin);
  vector.good_count = static_cast<uint16_t>(stats.good_count);
  vector.bad_count = static_cast<uint16_t>(stats.bad_count);
  vector.null_count = static_cast<uint16_t>(stats.null_count);
  vector.nan_count = static_cast<uint16_t>(stats.nan_count);
  vector.deleted_count = static_cast<uint16_t>(stats.deleted_count);
  return vector;
}

// Collects the vectors of one block after the other.
class BlockPacker {
 public:
  BlockPacker(TagId tag_id, const PointColumns& columns, LSN through_lsn, uint32_t block_extents,
              const CodecOptions& options)
      : tag_id_(tag_id),
        columns_(columns),
        through_lsn_(through_lsn),
        limit_(block_extents * size_t{kExtentSizeBytes}),
        options_(options) {}

  std::vector<EncodedBlock> Pack() {
    while (end_ < columns_.size()) {
      const size_t rows = NextVectorRows(columns_, end_, options_);
      std::vector<std::byte> encoded = Encode(rows);
      if (encoded.size() <= Room()) {
        Take(rows, encoded);
      } else if (const size_t cut = CutToFit(rows, encoded); cut > 0) {
        Take(cut, encoded);
        FinishBlock();
      } else if (!vectors_.empty()) {
        FinishBlock();
      } else {
        // A single row, or nothing would be left to cut: it has a block of its own.
        Take(1, encoded);
        FinishBlock();
      }
    }
    if (!vectors_.empty()) FinishBlock();
    return std::move(blocks_);
  }

 private:
  std::vector<std::byte> Encode(size_t rows) const {
    std::vector<std::byte> encoded;
    EncodeVector(columns_, end_, end_ + rows, options_, encoded);
    return encoded;
  }

  // Bytes for one more vector.
  size_t Room() const {
    const size_t used =
        sizeof(BlockHead) + sizeof(VectorEntry) * (vectors_.size() + 1) + data_.size();
    return used < limit_ ? limit_ - used : 0;
  }

  // Fewer rows, so that they fit into the room; `encoded` then holds them. 0 if too few would: then
  // `encoded` holds one row if the block is empty. Sizes are nearly in proportion to rows, hence
  // the first guess; halving ends it where they are not.
  size_t CutToFit(size_t rows, std::vector<std::byte>& encoded) const {
    const size_t rows_min = vectors_.empty() ? 1 : kCutRowsMin;
    const size_t room = Room();
    size_t cut = std::min(rows - 1, rows * room / encoded.size());
    for (int attempt = 0; cut >= rows_min; ++attempt) {
      encoded = Encode(cut);
      if (encoded.size() <= room) return cut;
      cut = attempt < 3 ? cut - cut / 16 - 1 : cut / 2;
    }
    if (vectors_.empty()) encoded = Encode(1);
    return 0;
  }

  void Take(size_t rows, const std::vector<std::byte>& encoded) {
    VectorEntry vector = DescribeVector(columns_, end_, end_ + rows);
    vector.offset = static_cast<uint32_t>(data_.size());  // from the data's start until Finish
    vector.size_bytes = static_cast<uint32_t>(encoded.size());
    vector.crc32_of_data = Crc32(encoded);
    vectors_.push_back(vector);
    data_.insert(data_.end(), encoded.begin(), encoded.end());
    end_ += rows;
  }

  void FinishBlock() {
    const size_t table_bytes = sizeof(VectorEntry) * vectors_.size();
    const size_t data_offset = sizeof(BlockHead) + table_bytes;
    const size_t size_bytes = data_offset + data_.size();
    XTDB_CHECK(ExtentsOf(size_bytes) <= kBlockExtentsMax);
    for (VectorEntry& vector : vectors_) vector.offset += static_cast<uint32_t>(data_offset);

    EncodedBlock block{AlignedBuffer(size_bytes), BlockDirEntry{}};
    BlockDirEntry& entry = block.entry;
    entry.tag_id = tag_id_;
    entry.count = static_cast<uint32_t>(end_ - begin_);
    entry.ts_min_us = columns_.ts_us[begin_];
    entry.ts_max_us = columns_.ts_us[end_ - 1];
    entry.through_lsn = through_lsn_;
    entry.extents = ExtentsOf(size_bytes);
    entry.data_size_bytes = static_cast<uint32_t>(size_bytes);
    entry.vector_count = static_cast<uint16_t>(vectors_.size());
    entry.value_type = columns_.type;
    entry.stats = ComputeStats(columns_, begin_, end_);

    const std::span<std::byte> bytes = block.bytes.span();
    std::memcpy(&bytes[sizeof(BlockHead)], vectors_.data(), table_bytes);
    std::memcpy(&bytes[data_offset], data_.data(), data_.size());
    blocks_.push_back(std::move(block));
    begin_ = end_;
    vectors_.clear();
    data_.clear();
  }

  const TagId tag_id_;
  const PointColumns& columns_;
  const LSN through_lsn_;
  const size_t limit_;
  const CodecOptions& options_;
  size_t begin_ = 0;  // rows of the block under way: [begin_, end_)
  size_t end_ = 0;
  std::vector<VectorEntry> vectors_;
  std::vector<std::byte> data_;
  std::vector<EncodedBlock> blocks_;
};

}  // namespace

Result<std::vector<EncodedBlock>> EncodeBlocks(TagId tag_id, const PointColumns& columns,
                                               LSN through_lsn, uint32_t block_extents,
                                               const CodecOptions& options) {
  if (tag_id == kNoTag) return Status::InvalidArgument("encode blocks: tag 0");
  if (columns.empty()) return Status::InvalidArgument("encode blocks: no points");
  if (block_extents == 0 || block_extents > kBlockExtentsMax) {
    return Status::InvalidArgument("encode blocks: block size");
  }
  if (columns.type == ValueType::kText) {
    for (size_t row = 0; row < columns.size(); ++row) {
      if (TextRef::Length(columns.bits[row]) <= kTextBytesMax) continue;
      return Status::TooBig("tag " + std::to_string(tag_id) + ": a text of " +
                            std::to_string(TextRef::Length(columns.bits[row])) + " bytes");
    }
  }
  return BlockPacker(tag_id, columns, through_lsn, block_extents, options).Pack();
}

Status BlockWriter::Write(EncodedBlock& block, uint64_t chunk_sequence, LSN flush_lsn,
                          uint64_t offset) {
  BlockDirEntry& entry = block.entry;
  const std::span<std::byte> bytes = block.bytes.span();
  BlockHead head = HeadOf(entry, container_id_, chunk_sequence);
  head.table_crc32 =
      Crc32(bytes.subspan(sizeof(BlockHead), sizeof(VectorEntry) * entry.vector_count));
  head.crc32 = StructCrc(head);
  EncodeStruct(head, bytes);
  entry.flush_lsn = flush_lsn;
  entry.chunk_check = ChunkCheck(chunk_sequence);
  entry.head_crc32 = head.crc32;
  entry.crc32 = StructCrc(entry);
  return io_.WriteAt(offset, bytes);
}

}  // namespace xtdb
