#include "engine/block/tag_encoder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "engine/block/block_stats.h"

namespace xtdb {
namespace {

// A vector is cut to fit where more than this share of the block would stay empty, and not to fewer
// rows than are worth a row of the vector table.
constexpr size_t kRoomShare = 8;
constexpr size_t kCutRowsMin = 64;
// A last extent filled less than this goes to MIXED blocks, which have no statistics but waste
// nothing.
constexpr size_t kExtentBytesMin = kExtentSizeBytes * 3 / 4;

VectorEntry DescribeVector(const PointColumns& columns, size_t begin, size_t end) {
  const ValueStats stats = ComputeStats(columns, begin, end, StatsScope::kVector);
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

// Encodes a tag's vectors and deals them out to blocks.
class TagEncoder {
 public:
  TagEncoder(TagId tag_id, const PointColumns& columns, LSN through_lsn,
             const BlockOptions& options)
      : tag_id_(tag_id),
        columns_(columns),
        through_lsn_(through_lsn),
        options_(options),
        limit_(options.block_extents * size_t{kExtentSizeBytes}) {}

  EncodedTag Encode() {
    while (end_ < columns_.size()) {
      EncodedVector vector = EncodeRows(NextVectorRows(columns_, end_, options_.codec));
      if (!vectors_.empty() && BytesWith(vector.bytes.size()) > limit_) {
        if (!CutToFit(vector)) FinishBlock();
      }
      data_bytes_ += vector.bytes.size();
      end_ += vector.row.entry.count;
      vectors_.push_back(std::move(vector));
    }
    if (options_.spares_rest) SpareRest();
    FinishBlock();
    return std::move(encoded_);
  }

 private:
  EncodedVector EncodeRows(size_t rows) const {
    EncodedVector vector;
    EncodeVector(columns_, end_, end_ + rows, options_.codec, vector.bytes);
    vector.row = {tag_id_, columns_.type, DescribeVector(columns_, end_, end_ + rows)};
    vector.row.entry.size_bytes = static_cast<uint32_t>(vector.bytes.size());
    vector.row.entry.crc32_of_data = Crc32(vector.bytes);
    return vector;
  }

  // Takes fewer rows, if much of the block would stay empty without: a block of one extent else
  // holds one vector of full-precision doubles. Sizes are nearly in proportion to rows.
  bool CutToFit(EncodedVector& vector) const {
    const size_t used = BytesWith(0);
    const size_t room = used < limit_ ? limit_ - used : 0;
    if (room * kRoomShare < limit_) return false;
    size_t rows = vector.row.entry.count * room / vector.bytes.size();
    for (; rows >= kCutRowsMin; rows -= rows / 16 + 1) {
      EncodedVector cut = EncodeRows(rows);
      if (cut.bytes.size() > room) continue;
      vector = std::move(cut);
      return true;
    }
    return false;
  }

  // Of the block under way, with one vector more of that size, or without.
  size_t BytesWith(size_t vector_bytes) const {
    return sizeof(BlockHead) + sizeof(VectorEntry) * (vectors_.size() + 1) + data_bytes_ +
           vector_bytes;
  }
  size_t Bytes() const { return BytesWith(0) - sizeof(VectorEntry); }

  // Takes vectors off the last block until its extents are well filled.
  void SpareRest() {
    std::vector<EncodedVector>& rest = encoded_.rest;
    while (!vectors_.empty()) {
      const size_t in_last_extent = (Bytes() - 1) % kExtentSizeBytes + 1;
      if (in_last_extent >= kExtentBytesMin || vectors_.back().bytes.size() > kMixedVectorMax) {
        break;
      }
      data_bytes_ -= vectors_.back().bytes.size();
      end_ -= vectors_.back().row.entry.count;
      rest.push_back(std::move(vectors_.back()));
      vectors_.pop_back();
    }
    std::reverse(rest.begin(), rest.end());
  }

  void FinishBlock() {
    if (vectors_.empty()) return;
    const size_t size_bytes = Bytes();
    XTDB_CHECK(ExtentsOf(size_bytes) <= kBlockExtentsMax);
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
    PlaceVectors(block.bytes.span());
    encoded_.blocks.push_back(std::move(block));
    begin_ = end_;
    vectors_.clear();
    data_bytes_ = 0;
  }

  void PlaceVectors(std::span<std::byte> bytes) const {
    size_t row_at = sizeof(BlockHead);
    size_t offset = row_at + sizeof(VectorEntry) * vectors_.size();
    for (const EncodedVector& vector : vectors_) {
      VectorEntry row = vector.row.entry;
      row.offset = static_cast<uint32_t>(offset);
      std::memcpy(&bytes[row_at], &row, sizeof(row));
      std::memcpy(&bytes[offset], vector.bytes.data(), vector.bytes.size());
      row_at += sizeof(row);
      offset += vector.bytes.size();
    }
  }

  // A larger vector has no place in a MIXED block beside others.
  static constexpr size_t kMixedVectorMax = kExtentSizeBytes / 2;

  const TagId tag_id_;
  const PointColumns& columns_;
  const LSN through_lsn_;
  const BlockOptions& options_;
  const size_t limit_;
  size_t begin_ = 0;  // rows of the block under way: [begin_, end_)
  size_t end_ = 0;
  std::vector<EncodedVector> vectors_;  // of that block
  size_t data_bytes_ = 0;               // of these
  EncodedTag encoded_;
};

}  // namespace

Result<EncodedTag> EncodeTag(TagId tag_id, const PointColumns& columns, LSN through_lsn,
                             const BlockOptions& options) {
  if (tag_id == kNoTag) return Status::InvalidArgument("encode blocks: tag 0");
  if (columns.empty()) return Status::InvalidArgument("encode blocks: no points");
  if (options.block_extents == 0 || options.block_extents > kBlockExtentsMax) {
    return Status::InvalidArgument("encode blocks: block size");
  }
  if (columns.type == ValueType::kText) {
    for (size_t row = 0; row < columns.size(); ++row) {
      if (TextRef::Length(columns.bits[row]) <= kTextBytesMax) continue;
      return Status::TooBig("tag " + std::to_string(tag_id) + ": a text of " +
                            std::to_string(TextRef::Length(columns.bits[row])) + " bytes");
    }
  }
  return TagEncoder(tag_id, columns, through_lsn, options).Encode();
}

}  // namespace xtdb
