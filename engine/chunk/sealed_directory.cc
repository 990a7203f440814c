#include "engine/chunk/sealed_directory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "engine/base/crc32.h"

namespace xtdb {

Result<std::unique_ptr<const SealedDirectory>> SealedDirectory::Open(File& file,
                                                                     const ChunkLayout& layout,
                                                                     uint64_t chunk_sequence,
                                                                     const ChunkSummary& summary) {
  std::array<std::byte, sizeof(SealRecord)> bytes;
  XTDB_RETURN_IF_ERROR(file.ReadAt(layout.chunk_offset + kSealRecordOffset, bytes));
  XTDB_ASSIGN_OR_RETURN(const SealRecord seal, DecodeSealRecord(bytes));
  if (seal.chunk_sequence != chunk_sequence || seal.summary != summary ||
      summary.block_count > layout.entry_count) {
    return Status::Corruption("seal record of another chunk");
  }
  if (seal.order_crc32 == 0) return Status::Unsupported("an order array without a checksum");
  std::vector<uint16_t> order(summary.block_count);
  const std::span<std::byte> numbers = std::as_writable_bytes(std::span(order));
  XTDB_RETURN_IF_ERROR(file.ReadAt(layout.order_offset, numbers));
  if (Crc32(numbers) != seal.order_crc32) return Status::Corruption("order array: checksum");
  // These are bytes of the disk all the same.
  const auto is_outside = [&](uint16_t number) { return number >= layout.entry_count; };
  if (std::any_of(order.begin(), order.end(), is_outside)) return Status::Corruption("order array");
  return std::unique_ptr<const SealedDirectory>(
      new SealedDirectory(file, layout, chunk_sequence, std::move(order)));
}

class SealedDirectory::Reader {
 public:
  Reader(const SealedDirectory& directory, Search& search)
      : directory_(directory), search_(search) {}

  Result<EntryPtr> At(size_t place) {
    const auto known = entries_.find(place);
    if (known != entries_.end()) return known->second;
    if (search_.reads == search_.reads_max) return EntryPtr();
    ++search_.reads;
    std::array<std::byte, sizeof(BlockDirEntry)> bytes;
    const uint32_t number = directory_.order_[place];
    XTDB_RETURN_IF_ERROR(directory_.file_.ReadAt(directory_.layout_.EntryOffset(number), bytes));
    XTDB_ASSIGN_OR_RETURN(const BlockDirEntry entry,
                          DecodeBlockDirEntry(bytes, directory_.chunk_sequence_));
    if (IsUnwritten(entry) || entry.extents > directory_.layout_.entry_count - number) {
      return Status::Corruption("entry " + std::to_string(number));
    }
    return entries_[place] = std::make_shared<const BlockDirEntry>(entry);
  }

  // The first place whose entry is not before what is sought; nothing: too many were read.
  template <typename IsBefore>
  Result<std::optional<size_t>> FirstNot(size_t first, IsBefore is_before) {
    size_t last = directory_.order_.size();
    while (first < last) {
      const size_t middle = first + (last - first) / 2;
      XTDB_ASSIGN_OR_RETURN(const EntryPtr entry, At(middle));
      if (entry == nullptr) return std::optional<size_t>();
      if (is_before(*entry)) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    return std::optional<size_t>(first);
  }

 private:
  const SealedDirectory& directory_;
  Search& search_;
  std::map<size_t, EntryPtr> entries_;
};

Status SealedDirectory::FindBlocks(const ChunkDirectory::Query& query, Search& search) const {
  Reader reader(*this, search);
  const auto is_mixed = [](const BlockDirEntry& entry) { return entry.kind == BlockKind::kMixed; };
  const auto is_before_tag = [&](const BlockDirEntry& entry) {
    return !is_mixed(entry) && entry.tag_id < query.tag;
  };
  const auto is_up_to_tag = [&](const BlockDirEntry& entry) {
    return !is_mixed(entry) && entry.tag_id <= query.tag;
  };
  XTDB_ASSIGN_OR_RETURN(const std::optional<size_t> first, reader.FirstNot(0, is_before_tag));
  if (!first) return Status();
  XTDB_ASSIGN_OR_RETURN(const std::optional<size_t> last, reader.FirstNot(*first, is_up_to_tag));
  if (!last) return Status();
  XTDB_ASSIGN_OR_RETURN(
      const std::optional<size_t> mixed,
      reader.FirstNot(*last, [&](const BlockDirEntry& entry) { return !is_mixed(entry); }));
  if (!mixed) return Status();
  const auto meets = [&](const BlockDirEntry& entry) {
    return entry.ts_min_us <= query.ts_to_us && entry.ts_max_us >= query.ts_from_us;
  };
  for (size_t place = *first; place < *last; ++place) {
    XTDB_ASSIGN_OR_RETURN(EntryPtr entry, reader.At(place));
    if (entry == nullptr) return Status();
    if (entry->ts_min_us > query.ts_to_us) break;
    if (meets(*entry)) search.blocks.push_back({std::move(entry), order_[place]});
  }
  search.pruned = static_cast<uint32_t>(*last - *first - search.blocks.size());
  for (size_t place = *mixed; place < order_.size(); ++place) {
    XTDB_ASSIGN_OR_RETURN(EntryPtr entry, reader.At(place));
    if (entry == nullptr) return Status();
    if (entry->tag_id > query.tag) break;
    if (entry->tag_last < query.tag) continue;
    if (meets(*entry)) {
      search.blocks.push_back({std::move(entry), order_[place]});
    } else {
      ++search.pruned;
    }
  }
  search.is_complete = true;
  return Status();
}

}  // namespace xtdb
