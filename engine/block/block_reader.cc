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

// Of a block that is read for a few points so much is read first, for its head and table.
constexpr uint64_t kHeadBytes = 4 * kKiB;

template <typename EntryOrHead>
std::string Describe(const EntryOrHead& block, uint64_t chunk_sequence, uint32_t entry_index) {
  std::string tags = "tag " + std::to_string(block.tag_id);
  if (block.kind == BlockKind::kMixed) {
    tags = "tags " + std::to_string(block.tag_id) + " to " + std::to_string(block.tag_last);
  }
  return "chunk " + std::to_string(chunk_sequence) + ", block " + std::to_string(entry_index) +
         ", " + tags + ", " + std::to_string(block.ts_min_us) + ".." +
         std::to_string(block.ts_max_us) + " us";
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

Status InPlace(const Status& status, const std::string& where) {
  return status.code() == StatusCode::kRolledBack ? status : status.WithContext(where);
}

}  // namespace

VectorTable LoadedBlock::TableOf(const TagRun& run) const {
  return {std::span(decoded_->vectors).subspan(run.first_vector, run.vector_count), run.type,
          run.first_vector, head().kind == BlockKind::kPoints};
}

VectorTable LoadedBlock::TableOf(TagId tag) const {
  const auto run =
      std::lower_bound(decoded_->runs.begin(), decoded_->runs.end(), tag,
                       [](const TagRun& one, TagId wanted) { return one.tag_id < wanted; });
  if (run == decoded_->runs.end() || run->tag_id != tag) return {};
  return TableOf(*run);
}

Status LoadedBlock::NoSuchVector(size_t index) const {
  return Status::InvalidArgument(Where() + ": no vector " + std::to_string(index));
}

Status LoadedBlock::DecodeVectorAt(size_t index, PointColumns& out) {
  if (index >= decoded_->vectors.size()) return NoSuchVector(index);
  const VectorEntry& vector = decoded_->vectors[index];
  const size_t rows_before = out.size();
  Status status = DecodeRows(vector, out);
  if (status.ok()) return status;
  if (out.size() > rows_before) out.Truncate(rows_before);
  return InPlace(status, Where() + ", vector " + std::to_string(index));
}

Result<std::shared_ptr<const PointColumns>> LoadedBlock::VectorAt(size_t index, ValueType type) {
  const BlockCache::Key key = KeyOf(static_cast<uint32_t>(index));
  if (cache_ != nullptr) {
    std::shared_ptr<const PointColumns> known = cache_->Find(key).rows;
    if (known != nullptr) return known;
  }
  const auto rows = std::make_shared<PointColumns>();
  rows->type = type;
  XTDB_RETURN_IF_ERROR(DecodeVectorAt(index, *rows));
  if (cache_ != nullptr) cache_->Insert(key, {nullptr, rows});
  return std::shared_ptr<const PointColumns>(rows);
}

std::string LoadedBlock::Where() const {
  return Describe(head(), place_.chunk_sequence, place_.entry_index);
}

Result<std::span<const std::byte>> LoadedBlock::BytesOf(const VectorEntry& vector) {
  const uint64_t end = uint64_t{vector.offset} + vector.size_bytes;
  if (vector.offset < window_begin_ || end > window_begin_ + window_size_) {
    const uint64_t rest = head().data_size_bytes - vector.offset;
    const uint64_t at_once = cache_ == nullptr ? kWindowBytes : 0;
    XTDB_RETURN_IF_ERROR(
        ReadWindow(vector.offset, std::min(rest, std::max<uint64_t>(at_once, vector.size_bytes))));
  }
  return std::span<const std::byte>(window_.get() + (vector.offset - window_begin_),
                                    vector.size_bytes);
}

Status LoadedBlock::ReadWindow(uint64_t begin, uint64_t bytes) {
  window_size_ = 0;
  if (bytes > window_capacity_) {
    window_capacity_ = 0;
    window_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    window_capacity_ = bytes;
  }
  XTDB_RETURN_IF_ERROR(file_.ReadAt(place_.offset + begin, {window_.get(), bytes}));
  if (place_.is_rolled_back != nullptr && *place_.is_rolled_back) {
    return Status::RolledBack("the transaction that this statement reads was rolled back");
  }
  window_begin_ = begin;
  window_size_ = bytes;
  return Status();
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
  if (index >= decoded_->vectors.size()) return NoSuchVector(index);
  XTDB_ASSIGN_OR_RETURN(const std::span<const std::byte> data, BytesOf(decoded_->vectors[index]));
  return DescribeVectorEncoding(data);
}

Status LoadedBlock::ReadHead(uint64_t data_size_bytes, uint64_t table_bytes) {
  if (cache_ != nullptr) decoded_ = cache_->Find(KeyOf(BlockCache::Key::kHead)).head;
  if (decoded_ != nullptr) return Status();
  const uint64_t at_once = cache_ == nullptr ? kWindowBytes : kHeadBytes;
  const uint64_t wanted = std::max(at_once, sizeof(BlockHead) + table_bytes);
  XTDB_RETURN_IF_ERROR(ReadWindow(0, std::min(data_size_bytes, wanted)));
  XTDB_ASSIGN_OR_RETURN(DecodedBlockHead decoded, DecodeBlockHead({window_.get(), window_size_}));
  decoded_ = std::make_shared<const DecodedBlockHead>(std::move(decoded));
  return Status();
}

Result<std::shared_ptr<LoadedBlock>> BlockReader::Read(
    const BlockDirEntry& entry, uint64_t chunk_sequence, uint32_t entry_index, uint64_t offset,
    BlockUse use, const std::atomic<bool>* is_rolled_back) const {
  const auto where = [&] { return Describe(entry, chunk_sequence, entry_index); };
  if (entry.data_size_bytes > entry.extents * kExtentSizeBytes ||
      entry.extents > kBlockExtentsMax) {
    return Status::Corruption(where() + ": size in the directory");
  }
  BlockCache* const cache = use == BlockUse::kFewPoints ? &cache_ : nullptr;
  std::shared_ptr<LoadedBlock> block(new LoadedBlock(
      file_,
      {chunk_sequence, entry_index, offset, entry.through_lsn, entry.head_crc32, is_rolled_back},
      cache));
  const Status read = block->ReadHead(entry.data_size_bytes, TableBytes(entry));
  if (!read.ok()) return InPlace(read, where());
  const BlockHead& head = block->head();
  if (head.container_id != container_id_ || head.chunk_sequence != chunk_sequence) {
    return Status::Corruption(where() + ": block of another container or chunk");
  }
  if (!IsDescribedBy(head, entry)) {
    return Status::Corruption(where() + ": not the block that its directory entry describes");
  }
  if (cache != nullptr && block->window_size_ != 0) {
    cache->Insert(block->KeyOf(BlockCache::Key::kHead), {block->decoded_, nullptr});
  }
  return block;
}

}  // namespace xtdb
