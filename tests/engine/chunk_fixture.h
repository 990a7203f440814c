#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/block/block_reader.h"
#include "engine/block/block_writer.h"
#include "engine/block/mixed_packer.h"
#include "engine/block/tag_encoder.h"
#include "engine/chunk/chunk.h"
#include "engine/chunk/chunk_sealer.h"
#include "engine/chunk/directory_builder.h"
#include "engine/chunk/state_mutator.h"
#include "engine/io/aligned_io.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

// `count` int64 points from `ts_first` on, one second apart.
inline PointColumns MakeInts(size_t count, int64_t ts_first = 0) {
  PointColumns columns;
  columns.type = ValueType::kInt64;
  for (size_t i = 0; i < count; ++i) {
    Point point;
    point.ts_us = ts_first + static_cast<int64_t>(i) * 1'000'000;
    point.bits = FromInt64(static_cast<int64_t>(i % 97));
    columns.Append(point);
  }
  return columns;
}

// `count` float64 points of 64 random bits each (none NaN), so that sizes are in proportion to
// rows.
inline PointColumns MakeNoise(size_t count, int64_t ts_first = 0) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  uint64_t state = 42;
  for (size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    Point point;
    point.ts_us = ts_first + static_cast<int64_t>(i) * 1'000'000;
    point.bits = (state & 0x800F'FFFF'FFFF'FFFF) | 0x3FF0'0000'0000'0000;
    columns.Append(point);
  }
  return columns;
}

// A tag's blocks, nothing spared for MIXED ones.
inline Result<std::vector<EncodedBlock>> EncodeBlocks(TagId tag, const PointColumns& columns,
                                                      LSN through_lsn, uint32_t block_extents = 1) {
  BlockOptions options;
  options.block_extents = block_extents;
  XTDB_ASSIGN_OR_RETURN(EncodedTag encoded, EncodeTag(tag, columns, through_lsn, options));
  return std::move(encoded.blocks);
}

// A container of 4 MiB slots in a file system that fails and crashes on demand.
class ChunkFixture {
 public:
  static constexpr uint64_t kContainerId = 0x0807060504030201;
  static constexpr const char* kPath = "/plant.xtdb";

  ChunkFixture() : ChunkFixture(std::make_unique<FaultyFileSystem>(1)) {
    EXPECT_OK(file_->Allocate(0, layout_.Layout(3).end_offset));
    EXPECT_OK(file_->Sync());
    EXPECT_OK(fs_->SyncDirectory("/"));
  }
  explicit ChunkFixture(std::unique_ptr<FaultyFileSystem> fs) : fs_(std::move(fs)) { Reopen(); }

  void Reopen() {
    file_ = std::move(fs_->Open(kPath, OpenMode::kOpenOrCreate)).value();
    io_ = std::make_unique<AlignedIO>(*file_);
    mutator_ = std::make_unique<StateMutator>(*file_);
  }

  static ChunkHeader Header(uint32_t slot, uint64_t sequence) {
    ChunkHeader header;
    std::memcpy(header.container_uuid.data(), &kContainerId, sizeof(kContainerId));
    header.chunk_sequence = sequence;
    header.chunk_size_bytes = kChunkSizeMin;
    header.slot = slot;
    return header;
  }

  // A new tenant of the slot.
  std::shared_ptr<Chunk> NewChunk(uint32_t slot, uint64_t sequence) {
    const ChunkLayout place = layout_.Layout(slot);
    const ChunkHeader header = Header(slot, sequence);
    std::vector<std::byte> bytes(sizeof(header));
    EncodeStruct(header, bytes);
    EXPECT_OK(file_->WriteAt(place.chunk_offset, bytes));
    EXPECT_OK(mutator_->Erase(place));
    EXPECT_OK(mutator_->MarkAllocated(place));
    EXPECT_OK(file_->Sync());
    auto chunk = OpenChunk(slot, sequence, ChunkState::kAllocated);
    chunk->StartEmpty();
    return chunk;
  }
  // The chunk as it stands in the file.
  std::shared_ptr<Chunk> OpenChunk(uint32_t slot, uint64_t sequence, ChunkState state) {
    return std::make_shared<Chunk>(*file_, layout_.Layout(slot), Header(slot, sequence), state,
                                   ChunkSummary{});
  }

  // Writes the points as blocks behind the chunk's last one: data, directory, memory.
  std::vector<PlacedEntry> Put(Chunk& chunk, TagId tag, const PointColumns& columns, LSN flush_lsn,
                               uint32_t block_extents = 1) {
    std::vector<PlacedEntry> placed = WriteData(chunk, tag, columns, flush_lsn, block_extents);
    DirectoryBuilder builder(*file_, chunk.layout(), chunk.header().chunk_sequence);
    for (const PlacedEntry& entry : placed) {
      EXPECT_OK(builder.Write(entry.entry_index, entry.entry));
      EXPECT_OK(chunk.AddEntry(entry.entry_index, entry.entry));
    }
    return placed;
  }
  // The same, but data only.
  std::vector<PlacedEntry> WriteData(Chunk& chunk, TagId tag, const PointColumns& columns,
                                     LSN flush_lsn, uint32_t block_extents = 1) {
    std::vector<PlacedEntry> placed;
    auto blocks = EncodeBlocks(tag, columns, flush_lsn - 1, block_extents);
    EXPECT_OK(blocks);
    BlockWriter writer(*io_, kContainerId);
    uint32_t extent = chunk.next_free_extent();
    for (EncodedBlock& block : blocks.value()) {
      const uint64_t sequence = chunk.header().chunk_sequence;
      EXPECT_OK(writer.Write(block, sequence, flush_lsn, chunk.layout().ExtentOffset(extent)));
      placed.push_back({chunk.layout().slot, extent, sequence, block.entry});
      extent += block.entry.extents;
    }
    return placed;
  }

  FaultyFileSystem& fs() { return *fs_; }
  File& file() { return *file_; }
  AlignedIO& io() { return *io_; }
  StateMutator& mutator() { return *mutator_; }
  const LayoutCalculator& layout() const { return layout_; }

 private:
  const LayoutCalculator layout_ = LayoutCalculator::Create(kChunkSizeMin).value();
  std::unique_ptr<FaultyFileSystem> fs_;
  std::unique_ptr<File> file_;
  std::unique_ptr<AlignedIO> io_;
  std::unique_ptr<StateMutator> mutator_;
};

}  // namespace xtdb
