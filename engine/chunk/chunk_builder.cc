#include "engine/chunk/chunk_builder.h"

#include <algorithm>
#include <array>

#include "engine/block/block_writer.h"
#include "engine/chunk/directory_builder.h"

namespace xtdb {

Status WriteChunkHeader(File& file, StateMutator& mutator, const ChunkHeader& header,
                        const ChunkLayout& layout) {
  if (header.chunk_sequence >= kCounterMax) {
    return Status::Corruption(file.path() + ": the numbers of chunks are used up");
  }
  std::array<std::byte, sizeof(ChunkHeader)> bytes;
  EncodeStruct(header, bytes);
  // A flush that was abandoned may have left a header here: the slot starts from zeros.
  XTDB_RETURN_IF_ERROR(file.Punch(layout.chunk_offset, layout.data_offset - layout.chunk_offset));
  XTDB_RETURN_IF_ERROR(file.Allocate(layout.chunk_offset, kExtentSizeBytes));
  XTDB_RETURN_IF_ERROR(file.WriteAt(layout.chunk_offset, bytes));
  XTDB_RETURN_IF_ERROR(mutator.Erase(layout));
  return mutator.MarkAllocated(layout);
}

Status ChunkBuilder::Begin() {
  chunk_ = std::make_shared<Chunk>(file_, layout_, header_, ChunkState::kAllocated, ChunkSummary{},
                                   budget_);
  chunk_->StartEmpty();
  allocated_end_ = layout_.data_offset;
  return output_.Punch(layout_.chunk_offset, layout_.end_offset - layout_.chunk_offset);
}

Status ChunkBuilder::Allocate(uint64_t end) {
  if (end <= allocated_end_) return Status();
  const uint64_t rounded = std::min((end + kMiB - 1) / kMiB * kMiB, layout_.end_offset);
  XTDB_RETURN_IF_ERROR(output_.Allocate(allocated_end_, rounded - allocated_end_));
  allocated_end_ = rounded;
  return Status();
}

Status ChunkBuilder::Add(EncodedBlock& block) {
  XTDB_CHECK(HasRoom(block.entry.extents));
  const uint64_t offset = layout_.ExtentOffset(next_extent_);
  XTDB_RETURN_IF_ERROR(Allocate(offset + block.entry.extents * kExtentSizeBytes));
  BlockWriter writer(io_, ContainerIdOf(header_.container_uuid));
  // Snapshots that see the chunk see all of it.
  XTDB_RETURN_IF_ERROR(
      writer.Write(block, header_.chunk_sequence, block.entry.through_lsn, offset));
  XTDB_RETURN_IF_ERROR(chunk_->AddEntry(next_extent_, block.entry));
  next_extent_ += block.entry.extents;
  return Status();
}

Result<std::shared_ptr<Chunk>> ChunkBuilder::Finish() {
  const uint64_t used_end = layout_.ExtentOffset(next_extent_);
  if (used_end < allocated_end_) {
    XTDB_RETURN_IF_ERROR(output_.Punch(used_end, allocated_end_ - used_end));
  }
  // A header says that the chunk has blocks and directory: it comes behind them.
  StateMutator mutator(output_);
  XTDB_RETURN_IF_ERROR(WriteChunkHeader(output_, mutator, header_, layout_));
  XTDB_RETURN_IF_ERROR(output_.Allocate(
      layout_.directory_offset, layout_.EntryOffset(next_extent_) - layout_.directory_offset));
  DirectoryBuilder directory(output_, layout_, header_.chunk_sequence);
  XTDB_ASSIGN_OR_RETURN(const std::vector<BlockRef> blocks, chunk_->AllBlocks(kMaxLsn));
  for (const BlockRef& block : blocks) {
    XTDB_RETURN_IF_ERROR(directory.Write(block.entry_index, *block.entry));
  }
  XTDB_RETURN_IF_ERROR(output_.Sync());
  return chunk_;
}

}  // namespace xtdb
