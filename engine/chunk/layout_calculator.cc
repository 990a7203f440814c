#include "engine/chunk/layout_calculator.h"

#include "engine/base/types.h"
#include "engine/format/block_format.h"

namespace xtdb {
namespace {

constexpr uint64_t kOrderEntryBytes = sizeof(uint16_t);

constexpr uint64_t DirectoryExtents(uint64_t entries) {
  return ExtentsOf(entries * (sizeof(BlockDirEntry) + kOrderEntryBytes));
}

// The most data extents that, with their places in the directory, fit beside the header extent.
uint32_t EntryCount(uint64_t chunk_size_bytes) {
  const uint64_t extents = chunk_size_bytes / kExtentSizeBytes - 1;
  uint64_t entries = extents;
  while (entries + DirectoryExtents(entries) > extents) --entries;
  return static_cast<uint32_t>(entries);
}

}  // namespace

uint64_t ChunkLayout::EntryOffset(uint32_t entry) const {
  return directory_offset + entry * uint64_t{sizeof(BlockDirEntry)};
}

LayoutCalculator::LayoutCalculator(uint64_t chunk_size_bytes)
    : chunk_size_bytes_(chunk_size_bytes), entry_count_(EntryCount(chunk_size_bytes)) {}

Result<LayoutCalculator> LayoutCalculator::Create(uint64_t chunk_size_bytes) {
  if (!IsChunkSize(chunk_size_bytes)) {
    return Status::InvalidArgument("chunk size " + std::to_string(chunk_size_bytes) +
                                   ": a power of two from 4 MiB to 256 MiB is wanted");
  }
  return LayoutCalculator(chunk_size_bytes);
}

ChunkLayout LayoutCalculator::Layout(uint32_t slot) const {
  ChunkLayout layout;
  layout.slot = slot;
  layout.chunk_offset = kExtentSizeBytes + slot * chunk_size_bytes_;
  layout.entry_count = entry_count_;
  layout.directory_offset = layout.chunk_offset + kExtentSizeBytes;
  layout.directory_bytes = entry_count_ * uint64_t{sizeof(BlockDirEntry)};
  layout.order_offset = layout.directory_offset + layout.directory_bytes;
  layout.order_bytes = entry_count_ * kOrderEntryBytes;
  layout.data_offset = layout.directory_offset + DirectoryExtents(entry_count_) * kExtentSizeBytes;
  layout.end_offset = layout.chunk_offset + chunk_size_bytes_;
  return layout;
}

uint64_t LayoutCalculator::TextBytesMax() const {
  return chunk_size_bytes_ == kChunkSizeMin ? kTextBytesMaxInSmallChunks : kTextBytesMax;
}

}  // namespace xtdb
