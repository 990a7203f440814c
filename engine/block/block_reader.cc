#include "engine/block/block_reader.h"

#include <string>
#include <utility>

#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

std::string Describe(const BlockDirEntry& entry, uint64_t chunk_sequence, uint32_t entry_index) {
  return "chunk " + std::to_string(chunk_sequence) + ", block " + std::to_string(entry_index) +
         ", tag " + std::to_string(entry.tag_id) + ", " + std::to_string(entry.ts_min_us) + ".." +
         std::to_string(entry.ts_max_us) + " us";
}

bool IsDescribedBy(const BlockHead& head, const BlockDirEntry& entry) {
  return head.crc32 == entry.head_crc32 && head.tag_id == entry.tag_id &&
         head.count == entry.count && head.ts_min_us == entry.ts_min_us &&
         head.ts_max_us == entry.ts_max_us && head.through_lsn == entry.through_lsn &&
         head.extents == entry.extents && head.data_size_bytes == entry.data_size_bytes &&
         head.vector_count == entry.vector_count && head.kind == entry.kind &&
         head.value_type == entry.value_type;
}

}  // namespace

Status LoadedBlock::DecodeVectorAt(size_t index, PointColumns& out) const {
  if (index >= decoded_.vectors.size()) {
    return Status::InvalidArgument(where_ + ": no vector " + std::to_string(index));
  }
  const VectorEntry& vector = decoded_.vectors[index];
  const size_t rows_before = out.size();
  Status status = DecodeRows(vector, out);
  if (status.ok()) return status;
  if (out.size() > rows_before) out.Truncate(rows_before);
  return status.WithContext(where_ + ", vector " + std::to_string(index));
}

Status LoadedBlock::DecodeRows(const VectorEntry& vector, PointColumns& out) const {
  const auto data = std::span(bytes_).subspan(vector.offset, vector.size_bytes);
  if (Crc32(data) != vector.crc32_of_data) return Status::Corruption("checksum");
  const size_t first = out.size();
  XTDB_RETURN_IF_ERROR(
      DecodeVector(data, decoded_.head.value_type, vector.count, vector.ts_min_us, out));
  if (out.size() != first + vector.count || out.ts_us[first] != vector.ts_min_us ||
      out.ts_us.back() != vector.ts_max_us) {
    return Status::Corruption("rows do not fit the vector table");
  }
  return Status();
}

Result<std::string> LoadedBlock::DescribeEncoding(size_t index) const {
  if (index >= decoded_.vectors.size()) {
    return Status::InvalidArgument(where_ + ": no vector " + std::to_string(index));
  }
  const VectorEntry& vector = decoded_.vectors[index];
  return DescribeVectorEncoding(std::span(bytes_).subspan(vector.offset, vector.size_bytes));
}

Result<std::shared_ptr<const LoadedBlock>> BlockReader::Read(const BlockDirEntry& entry,
                                                             uint64_t chunk_sequence,
                                                             uint32_t entry_index,
                                                             uint64_t offset) const {
  const auto block = std::make_shared<LoadedBlock>();
  block->where_ = Describe(entry, chunk_sequence, entry_index);
  if (entry.data_size_bytes > entry.extents * kExtentSizeBytes ||
      entry.extents > kBlockExtentsMax) {
    return Status::Corruption(block->where_ + ": size in the directory");
  }
  block->bytes_.resize(entry.data_size_bytes);
  XTDB_RETURN_IF_ERROR(file_.ReadAt(offset, block->bytes_).WithContext(block->where_));
  Result<DecodedBlockHead> decoded = DecodeBlockHead(block->bytes_);
  if (!decoded.ok()) return decoded.status().WithContext(block->where_);
  block->decoded_ = std::move(decoded).value();
  const BlockHead& head = block->head();
  if (head.container_id != container_id_ || head.chunk_sequence != chunk_sequence) {
    return Status::Corruption(block->where_ + ": block of another container or chunk");
  }
  if (!IsDescribedBy(head, entry)) {
    return Status::Corruption(block->where_ + ": not the block that its directory entry describes");
  }
  return std::shared_ptr<const LoadedBlock>(block);
}

}  // namespace xtdb
