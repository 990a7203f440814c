#include "engine/salvage/raw_scanner.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "engine/format/chunk_format.h"

namespace xtdb {
namespace {

// Reads what the file has of [offset, offset + out.size()); what is beyond its end is zeros.
Status ReadUpTo(File& file, uint64_t file_size, uint64_t offset, std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  if (offset >= file_size) return Status();
  const uint64_t present = std::min<uint64_t>(out.size(), file_size - offset);
  return file.ReadAt(offset, out.first(static_cast<size_t>(present)));
}

uint64_t MostFrequentSequence(const std::vector<ScannedBlock>& blocks) {
  std::map<uint64_t, size_t> counts;
  for (const ScannedBlock& block : blocks) ++counts[block.decoded.head.chunk_sequence];
  uint64_t best = 0;
  size_t best_count = 0;
  for (const auto& [sequence, count] : counts) {
    if (count < best_count) continue;  // of equal ones the later tenant
    best = sequence;
    best_count = count;
  }
  return best;
}

// Its blocks were dropped or replaced: a slot is punched from behind, so the header goes last.
bool IsDeprecated(std::span<const uint64_t, kChunkStateWords> states) {
  const auto deprecated = static_cast<size_t>(ChunkState::kDeprecated);
  return std::all_of(states.begin(), states.begin() + deprecated,
                     [](uint64_t word) { return word == 0; }) &&
         states[deprecated] == ~uint64_t{0};
}

// A place is used again only after a flush that did not count, so of two blocks that claim an
// extent the later flush is the true one.
std::vector<ScannedBlock> DropOverwritten(std::vector<ScannedBlock> blocks) {
  std::vector<ScannedBlock> kept;
  for (ScannedBlock& block : blocks) {
    bool keep = true;
    while (keep && !kept.empty() &&
           kept.back().extent + kept.back().decoded.head.extents > block.extent) {
      if (kept.back().decoded.head.through_lsn < block.decoded.head.through_lsn) {
        kept.pop_back();
      } else {
        keep = false;
      }
    }
    if (keep) kept.push_back(std::move(block));
  }
  return kept;
}

}  // namespace

Result<std::optional<ScannedBlock>> RawScanner::TryBlock(const ChunkLayout& layout, uint32_t extent,
                                                         uint64_t file_size) {
  ScannedBlock block;
  block.slot = layout.slot;
  block.extent = extent;
  block.offset = layout.ExtentOffset(extent);
  std::vector<std::byte> bytes(sizeof(BlockHead));
  XTDB_RETURN_IF_ERROR(ReadUpTo(file_, file_size, block.offset, bytes));
  const Result<BlockHead> head = DecodeStruct<BlockHead>(bytes, "block head");
  if (!head.ok() || head.value().magic != kBlockMagic ||
      head.value().container_id != container_id_) {
    return std::optional<ScannedBlock>();
  }
  const uint64_t table_bytes = TableBytes(head.value());
  if (table_bytes > uint64_t{kBlockExtentsMax} * kExtentSizeBytes) {
    return std::optional<ScannedBlock>();
  }
  bytes.resize(static_cast<size_t>(sizeof(BlockHead) + table_bytes));
  XTDB_RETURN_IF_ERROR(ReadUpTo(file_, file_size, block.offset, bytes));
  Result<DecodedBlockHead> decoded = DecodeBlockHead(bytes);
  if (!decoded.ok() || decoded.value().head.extents > layout.entry_count - extent) {
    return std::optional<ScannedBlock>();
  }
  block.decoded = std::move(decoded).value();
  return std::optional<ScannedBlock>(std::move(block));
}

Result<std::vector<ScannedBlock>> RawScanner::ScanSlot(uint32_t slot) {
  const ChunkLayout layout = layout_.Layout(slot);
  XTDB_ASSIGN_OR_RETURN(const uint64_t file_size, file_.Size());
  std::vector<ScannedBlock> blocks;
  for (uint32_t extent = 0; extent < layout.entry_count; ++extent) {
    if (layout.ExtentOffset(extent) >= file_size) break;
    XTDB_ASSIGN_OR_RETURN(std::optional<ScannedBlock> block, TryBlock(layout, extent, file_size));
    if (block) blocks.push_back(std::move(*block));
  }

  std::array<std::byte, sizeof(ChunkHeader)> bytes;
  XTDB_RETURN_IF_ERROR(ReadUpTo(file_, file_size, layout.chunk_offset, bytes));
  const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
  std::array<uint64_t, kChunkStateWords> states{};
  XTDB_RETURN_IF_ERROR(ReadUpTo(file_, file_size, layout.chunk_offset + kChunkStateOffset,
                                std::as_writable_bytes(std::span(states))));
  if (header.ok() && IsDeprecated(states)) return std::vector<ScannedBlock>();
  const bool usable = header.ok() && header.value().slot == slot &&
                      ContainerIdOf(header.value().container_uuid) == container_id_;
  const uint64_t sequence = usable ? header.value().chunk_sequence : MostFrequentSequence(blocks);
  std::erase_if(blocks, [sequence](const ScannedBlock& block) {
    return block.decoded.head.chunk_sequence != sequence;
  });
  return DropOverwritten(std::move(blocks));
}

Result<std::vector<ScannedBlock>> RawScanner::ScanAll() {
  XTDB_ASSIGN_OR_RETURN(const uint64_t file_size, file_.Size());
  std::vector<ScannedBlock> all;
  for (uint32_t slot = 0; layout_.Layout(slot).chunk_offset < file_size; ++slot) {
    XTDB_ASSIGN_OR_RETURN(std::vector<ScannedBlock> blocks, ScanSlot(slot));
    std::move(blocks.begin(), blocks.end(), std::back_inserter(all));
    if (slot == std::numeric_limits<uint32_t>::max()) break;
  }
  return all;
}

}  // namespace xtdb
