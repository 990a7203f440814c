#include "engine/chunk/chunk_sealer.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace xtdb {
namespace {

std::string Where(const Chunk& chunk) {
  return "seal chunk " + std::to_string(chunk.header().chunk_sequence) + " (slot " +
         std::to_string(chunk.layout().slot) + ")";
}

}  // namespace

Result<ChunkSummary> ChunkSealer::Seal(Chunk& chunk) {
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, mutator_.Read(chunk.layout()));
  if (state == ChunkState::kSealed || chunk.state() == ChunkState::kSealed) {
    return Status::FailedPrecondition(Where(chunk) + ": double seal");
  }
  if (state != ChunkState::kAllocated || chunk.state() != ChunkState::kAllocated) {
    return Status::FailedPrecondition(Where(chunk) + ": it is " +
                                      std::string(ChunkStateName(state)) + ", not ALLOCATED");
  }
  XTDB_ASSIGN_OR_RETURN(const ChunkSummary summary, WriteSeal(chunk));
  XTDB_RETURN_IF_ERROR(mutator_.MarkSealed(chunk.layout()));
  return Finish(chunk, summary);
}

Result<ChunkSummary> ChunkSealer::SealAgain(Chunk& chunk) {
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, mutator_.Read(chunk.layout()));
  if (state != ChunkState::kSealed || chunk.state() != ChunkState::kAllocated) {
    return Status::FailedPrecondition(Where(chunk) + ": it was not sealed before the crash");
  }
  XTDB_ASSIGN_OR_RETURN(const ChunkSummary summary, WriteSeal(chunk));
  XTDB_RETURN_IF_ERROR(mutator_.RepeatSealed(chunk.layout()));
  return Finish(chunk, summary);
}

Result<ChunkSummary> ChunkSealer::Finish(Chunk& chunk, const ChunkSummary& summary) {
  XTDB_RETURN_IF_ERROR(file_.Sync());
  chunk.set_state(ChunkState::kSealed);
  return summary;
}

// Order array and seal record, synced: what the state word promises.
Result<ChunkSummary> ChunkSealer::WriteSeal(Chunk& chunk) {
  const ChunkLayout& layout = chunk.layout();
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::byte> image, chunk.DirectoryImage());
  const auto directory = std::span(image).first(static_cast<size_t>(layout.directory_bytes));
  const auto order = std::span(image).subspan(static_cast<size_t>(layout.directory_bytes));
  std::vector<std::byte> on_disk(directory.size());
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout.directory_offset, on_disk));
  const auto [mine, theirs] = std::mismatch(directory.begin(), directory.end(), on_disk.begin());
  if (mine != directory.end()) {
    const auto entry = (mine - directory.begin()) / static_cast<int64_t>(sizeof(BlockDirEntry));
    return Status::Corruption(Where(chunk) + ": entry " + std::to_string(entry) +
                              " on disk is not what memory holds");
  }

  SealRecord seal;
  seal.chunk_sequence = chunk.header().chunk_sequence;
  seal.summary = chunk.summary();
  seal.order_crc32 = Crc32(order.first(seal.summary.block_count * sizeof(uint16_t)));
  seal.super_crc32 = SuperCrc(directory, order);
  std::array<std::byte, sizeof(SealRecord)> record;
  EncodeStruct(seal, record);
  XTDB_RETURN_IF_ERROR(file_.WriteAt(layout.order_offset, order));
  XTDB_RETURN_IF_ERROR(file_.WriteAt(layout.chunk_offset + kSealRecordOffset, record));
  XTDB_RETURN_IF_ERROR(file_.Sync());
  return seal.summary;
}

Result<SealRecord> ChunkSealer::Verify(const ChunkLayout& layout) {
  const std::string where = "chunk slot " + std::to_string(layout.slot);
  std::array<std::byte, sizeof(SealRecord)> record;
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout.chunk_offset + kSealRecordOffset, record));
  Result<SealRecord> seal = DecodeSealRecord(record);
  if (!seal.ok()) return seal.status().WithContext(where);
  std::vector<std::byte> image(layout.directory_bytes + layout.order_bytes);
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout.directory_offset, image));
  const auto directory = std::span(image).first(static_cast<size_t>(layout.directory_bytes));
  const auto order = std::span(image).subspan(directory.size());
  if (SuperCrc(directory, order) != seal.value().super_crc32) {
    return Status::Corruption(where + ": SuperCRC of directory and order array");
  }
  for (uint32_t i = 0; i < layout.entry_count; ++i) {
    const auto bytes = directory.subspan(i * sizeof(BlockDirEntry), sizeof(BlockDirEntry));
    const Status entry = DecodeBlockDirEntry(bytes, seal.value().chunk_sequence).status();
    if (!entry.ok()) return entry.WithContext(where + ", entry " + std::to_string(i));
  }
  return seal;
}

}  // namespace xtdb
