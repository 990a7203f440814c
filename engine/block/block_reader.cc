#include "engine/block/block_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

// A block up to this size is read at once, a larger one in pieces of it: a look at one vector then
// costs no more than it, and a scan one read for every 20,000 points or so.
constexpr uint64_t kWindowBytes = 64 * kKiB;

std::string Describe(const BlockDirEntry& entry, uint64_t chunk_sequence, uint32_t entry_index) {
  std::string tags = "tag " + std::to_string(entry.tag_id);
  if (entry.kind == BlockKind::kMixed) {
    tags = "tags " + std::to_string(entry.tag_id) + " to " + std::to_string(entry.tag_last);
  }
  return "chunk " + std::to_string(chunk_sequence) + ", block " + std::to_string(entry_index) +
         ", " + tags + ", " + std::to_string(entry.ts_min_us) + ".." +
         std::to_string(entry.ts_max_us) + " us";
}

bool IsDescribedBy(const BlockHead& head, const BlockDirEntry& entry) {
  return head.crc32 == entry.head_crc32 && head.tag_id == entry.tag_id &&
         head.count == entry.count && head.ts_min_us == entry.ts_min_us &&
         head.ts_max_us == entry.ts_max_us && head.through_lsn == entry.through_lsn &&
         head.extents == entry.extents && head.data_size_bytes == entry.data_size_bytes &&
         head.vector_count == entry.vector_count && head.kind == entry.kind &&
         head.value_type == entry.value_type && head.tag_last == entry.tag_last &&
         head.table_bytes == entry.table_bytes;
}

}  // namespace

VectorTable LoadedBlock::TableOf(const TagRun& run) const {
  return {std::span(decoded_.vectors).subspan(run.first_vector, run.vector_count), run.type,
          run.first_vector, head().kind == BlockKind::kPoints};
}

VectorTable LoadedBlock::TableOf(TagId tag) const {
  const auto run =
      std::lower_bound(decoded_.runs.begin(), decoded_.runs.end(), tag,
                       [](const TagRun& one, TagId wanted) { return one.tag_id < wanted; });
  if (run == decoded_.runs.end() || run->tag_id != tag) return {};
  return TableOf(*run);
}

Status LoadedBlock::NoSuchVector(size_t index) const {
  return Status::InvalidArgument(where_ + ": no vector " + std::to_string(index));
}

Status LoadedBlock::DecodeVectorAt(size_t index, PointColumns& out) {
  if (index >= decoded_.vectors.size()) return NoSuchVector(index);
  const VectorEntry& vector = decoded_.vectors[index];
  const size_t rows_before = out.size();
  Status status = DecodeRows(vector, out);
  if (status.ok()) return status;
  if (out.size() > rows_before) out.Truncate(rows_before);
  return status.WithContext(where_ + ", vector " + std::to_string(index));
}

Result<std::span<const std::byte>> LoadedBlock::BytesOf(const VectorEntry& vector) {
  const uint64_t end = uint64_t{vector.offset} + vector.size_bytes;
  if (vector.offset < window_begin_ || end > window_begin_ + window_.size()) {
    const uint64_t data_end = decoded_.head.data_size_bytes;
    const uint64_t bytes =
        std::min(data_end - vector.offset, std::max<uint64_t>(kWindowBytes, vector.size_bytes));
    window_.resize(static_cast<size_t>(bytes));
    window_begin_ = vector.offset;
    const Status read = file_.ReadAt(offset_ + vector.offset, window_);
    if (!read.ok()) {
      window_.clear();
      return read;
    }
  }
  return std::span<const std::byte>(window_).subspan(
      static_cast<size_t>(vector.offset - window_begin_), vector.size_bytes);
}

Status LoadedBlock::DecodeRows(const VectorEntry& vector, PointColumns& out) {
  XTDB_ASSIGN_OR_RETURN(const std::span<const std::byte> data, BytesOf(vector));
  if (Crc32(data) != vector.crc32_of_data) return Status::Corruption("checksum");
  const size_t first = out.size();
  XTDB_RETURN_IF_ERROR(DecodeVector(data, out.type, vector.count, vector.ts_min_us, out));
  if (out.size() != first + vector.count || out.ts_us[first] != vector.ts_min_us ||
      out.ts_us.back() != vector.ts_max_us) {
    return Status::Corruption("rows do not fit the vector table");
  }
  return Status();
}

Result<std::string> LoadedBlock::DescribeEncoding(size_t index) {
  if (index >= decoded_.vectors.size()) return NoSuchVector(index);
  XTDB_ASSIGN_OR_RETURN(const std::span<const std::byte> data, BytesOf(decoded_.vectors[index]));
  return DescribeVectorEncoding(data);
}

Status LoadedBlock::ReadHead(uint64_t data_size_bytes, uint64_t table_bytes) {
  const uint64_t wanted = std::max(kWindowBytes, sizeof(BlockHead) + table_bytes);
  window_.resize(static_cast<size_t>(std::min(data_size_bytes, wanted)));
  XTDB_RETURN_IF_ERROR(file_.ReadAt(offset_, window_));
  XTDB_ASSIGN_OR_RETURN(decoded_, DecodeBlockHead(window_));
  return Status();
}

Result<std::shared_ptr<LoadedBlock>> BlockReader::Read(const BlockDirEntry& entry,
                                                       uint64_t chunk_sequence,
                                                       uint32_t entry_index,
                                                       uint64_t offset) const {
  const std::string where = Describe(entry, chunk_sequence, entry_index);
  if (entry.data_size_bytes > entry.extents * kExtentSizeBytes ||
      entry.extents > kBlockExtentsMax) {
    return Status::Corruption(where + ": size in the directory");
  }
  std::shared_ptr<LoadedBlock> block(new LoadedBlock(file_, offset, where));
  XTDB_RETURN_IF_ERROR(
      block->ReadHead(entry.data_size_bytes, TableBytes(entry)).WithContext(where));
  const BlockHead& head = block->head();
  if (head.container_id != container_id_ || head.chunk_sequence != chunk_sequence) {
    return Status::Corruption(where + ": block of another container or chunk");
  }
  if (!IsDescribedBy(head, entry)) {
    return Status::Corruption(where + ": not the block that its directory entry describes");
  }
  return block;
}

}  // namespace xtdb
