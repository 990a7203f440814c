#include "engine/block/mixed_packer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace xtdb {
namespace {

// One extent: a read of one short run reads no more than that.
constexpr size_t kMixedBytesMax = kExtentSizeBytes;
// The block's first time is known when its last vector is: until then it is the earliest there is.
constexpr int64_t kEarliest = kTsMin;

}  // namespace

void MixedPacker::Add(EncodedVector&& vector, std::vector<EncodedBlock>& out) {
  const auto row_bytes = [&] {
    return MixedRowBytes(vector.row, rows_.empty() ? nullptr : &rows_.back(), kEarliest);
  };
  const size_t used = sizeof(BlockHead) + table_bytes_max_ + data_.size();
  if (used + row_bytes() + vector.bytes.size() > kMixedBytesMax) Finish(out);
  table_bytes_max_ += row_bytes();
  data_.insert(data_.end(), vector.bytes.begin(), vector.bytes.end());
  rows_.push_back(vector.row);
}

void MixedPacker::Finish(std::vector<EncodedBlock>& out) {
  if (rows_.empty()) return;
  std::vector<std::byte> table;
  AppendMixedTable(rows_, table);
  const size_t size_bytes = sizeof(BlockHead) + table.size() + data_.size();
  EncodedBlock block{AlignedBuffer(size_bytes), BlockDirEntry{}};
  BlockDirEntry& entry = block.entry;
  entry.kind = BlockKind::kMixed;
  entry.tag_id = rows_.front().tag_id;
  entry.tag_last = rows_.back().tag_id;
  entry.table_bytes = static_cast<uint32_t>(table.size());
  entry.ts_min_us = rows_.front().entry.ts_min_us;
  entry.ts_max_us = rows_.front().entry.ts_max_us;
  for (const MixedVector& row : rows_) {
    entry.count += row.entry.count;
    entry.ts_min_us = std::min(entry.ts_min_us, row.entry.ts_min_us);
    entry.ts_max_us = std::max(entry.ts_max_us, row.entry.ts_max_us);
  }
  entry.through_lsn = through_lsn_;
  entry.extents = ExtentsOf(size_bytes);
  entry.data_size_bytes = static_cast<uint32_t>(size_bytes);
  entry.vector_count = static_cast<uint16_t>(rows_.size());
  const std::span<std::byte> bytes = block.bytes.span();
  std::memcpy(&bytes[sizeof(BlockHead)], table.data(), table.size());
  std::memcpy(&bytes[sizeof(BlockHead) + table.size()], data_.data(), data_.size());
  out.push_back(std::move(block));
  rows_.clear();
  data_.clear();
  table_bytes_max_ = 0;
}

}  // namespace xtdb
