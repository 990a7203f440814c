#include "engine/check/integrity_checker.h"

#include <algorithm>
#include <cstring>

#include "engine/block/block_stats.h"
#include "engine/chunk/chunk_sealer.h"

namespace xtdb {

namespace {

std::string ChunkName(const Chunk& chunk) {
  return "chunk " + std::to_string(chunk.header().chunk_sequence) + " (slot " +
         std::to_string(chunk.layout().slot) + ")";
}

bool SameStats(const ValueStats& a, const ValueStats& b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

}  // namespace

Result<StorageEngine::CheckReport> IntegrityChecker::Run() {
  CheckSuperblocks();
  XTDB_ASSIGN_OR_RETURN(const auto snapshot, engine_.TakeSnapshot());
  for (const std::shared_ptr<Chunk>& chunk : snapshot->chunks())
    CheckChunk(*chunk, snapshot->lsn());
  for (const Event& event : engine_.events().All()) {
    if (event.kind == kDamagedChunkEvent) Problem(event.kind, event.message);
  }
  return report_;
}

void IntegrityChecker::Problem(const std::string& where, const std::string& what) {
  report_.problems.push_back(where + ": " + what);
}

void IntegrityChecker::CheckSuperblocks() {
  File& file = engine_.container().file();
  std::vector<std::byte> extent(kExtentSizeBytes);
  const Status read = file.ReadAt(0, extent);
  if (!read.ok()) return Problem("header", std::string(read.message()));
  const Result<ContainerHeader> header = DecodeContainerHeader(extent);
  if (!header.ok()) Problem("header", std::string(header.status().message()));
  for (size_t copy = 0; copy < 2; ++copy) {
    const Result<Superblock> superblock =
        DecodeSuperblock(std::span(extent).subspan(kSuperblockOffsets[copy], kSuperblockSizeBytes));
    if (!superblock.ok()) {
      Problem("superblock copy " + std::to_string(copy),
              std::string(superblock.status().message()));
    }
  }
  const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
  const auto bytes = std::span<const std::byte>(extent);
  const auto header_rest =
      bytes.subspan(sizeof(ContainerHeader), kSuperblockOffsets[0] - sizeof(ContainerHeader));
  const auto tail = bytes.subspan(kSuperblockOffsets[1] + kSuperblockSizeBytes);
  if (!std::all_of(header_rest.begin(), header_rest.end(), is_zero) ||
      !std::all_of(tail.begin(), tail.end(), is_zero)) {
    Problem("header", "bytes that must be zero are not");
  }
  const Result<std::vector<std::byte>> catalogue = engine_.container().ReadCatalogue();
  if (!catalogue.ok()) Problem("catalogue", std::string(catalogue.status().message()));
}

void IntegrityChecker::CheckChunkHeader(Chunk& chunk) {
  File& file = engine_.container().file();
  const std::string where = ChunkName(chunk);
  std::vector<std::byte> bytes(sizeof(ChunkHeader));
  const Status read = file.ReadAt(chunk.layout().chunk_offset, bytes);
  if (!read.ok()) return Problem(where, std::string(read.message()));
  const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
  if (!header.ok()) {
    Problem(where, std::string(header.status().message()));
  } else if (header.value().chunk_sequence != chunk.header().chunk_sequence ||
             header.value().container_uuid != chunk.header().container_uuid) {
    Problem(where, "the header is that of another chunk");
  }
  StateMutator mutator(file);
  const Result<ChunkState> state = mutator.Read(chunk.layout());
  if (!state.ok()) {
    Problem(where, std::string(state.status().message()));
  } else if (state.value() != chunk.state()) {
    Problem(where, "the state on disk is " + std::string(ChunkStateName(state.value())) + ", not " +
                       std::string(ChunkStateName(chunk.state())));
  }
  if (chunk.state() != ChunkState::kSealed) return;
  const Result<SealRecord> seal = ChunkSealer(file, mutator).Verify(chunk.layout());
  if (!seal.ok()) {
    Problem(where, std::string(seal.status().message()));
  } else if (!(seal.value().summary == chunk.summary())) {
    Problem(where, "seal record and chunk table differ");
  }
}

void IntegrityChecker::CheckChunk(Chunk& chunk, LSN lsn) {
  ++report_.chunks;
  CheckChunkHeader(chunk);
  const Result<std::vector<BlockRef>> blocks = chunk.AllBlocks(lsn);
  if (!blocks.ok()) return Problem(ChunkName(chunk), std::string(blocks.status().message()));
  CheckOverlap(chunk, blocks.value());
  for (const BlockRef& block : blocks.value()) CheckBlock(block);
}

void IntegrityChecker::CheckOverlap(Chunk& chunk, const std::vector<BlockRef>& blocks) {
  uint32_t next_free = 0;
  for (const BlockRef& block : blocks) {
    if (block.entry_index < next_free) {
      Problem(ChunkName(chunk),
              "block " + std::to_string(block.entry_index) + " overlaps the one before it");
    }
    next_free = block.entry_index + block.entry->extents;
  }
}

void IntegrityChecker::CheckBlock(const BlockRef& block) {
  ++report_.blocks;
  const BlockDirEntry& entry = *block.entry;
  std::string where = ChunkName(*block.chunk) + ", block " + std::to_string(block.entry_index);
  const TagPtr tag = engine_.tags()->Find(entry.tag_id);
  if (!tag)
    Problem(where, "tag number " + std::to_string(entry.tag_id) + " is not in the catalogue");
  if (tag) where += ", tag '" + tag->name + "'";
  const auto loaded =
      engine_.block_reader().Read(entry, block.chunk->header().chunk_sequence, block.entry_index,
                                  block.chunk->layout().ExtentOffset(block.entry_index));
  if (!loaded.ok()) return Problem(where, std::string(loaded.status().message()));
  PointColumns columns;
  columns.type = entry.value_type;
  for (size_t i = 0; i < loaded.value()->vectors().size(); ++i) {
    ++report_.vectors;
    const Status decoded = loaded.value()->DecodeVectorAt(i, columns);
    if (!decoded.ok()) return Problem(where, std::string(decoded.message()));
  }
  report_.points += columns.size();
  if (!SameStats(ComputeStats(columns, 0, columns.size()), entry.stats)) {
    Problem(where, "the directory's statistics are not those of the data");
  }
}

}  // namespace xtdb
