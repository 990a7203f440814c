#include "engine/check/integrity_checker.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "engine/block/block_stats.h"
#include "engine/chunk/chunk_sealer.h"
#include "engine/chunk/state_mutator.h"
#include "engine/wal/log_reader.h"

namespace xtdb {

namespace {

std::string ChunkName(const Chunk& chunk) {
  return "chunk " + std::to_string(chunk.header().chunk_sequence) + " (slot " +
         std::to_string(chunk.layout().slot) + ")";
}

bool IsDropped(StorageEngine& engine, const Chunk& chunk) {
  // The frame may be newer than what this process has read of the log.
  const auto newest = engine.TakeSnapshot();
  IgnoreStatus(newest.status(), "then what is known already decides");
  const std::vector<DroppedChunk> all = engine.DroppedChunks();
  return std::any_of(all.begin(), all.end(), [&](const DroppedChunk& dropped) {
    return dropped.chunk->header().chunk_sequence == chunk.header().chunk_sequence;
  });
}

// What is wrong with a slot whose chunk is dropped. A crash may have kept any part of its punching.
std::string DroppedFault(File& file, const DroppedChunk& dropped) {
  const Chunk& chunk = *dropped.chunk;
  std::vector<std::byte> bytes(sizeof(ChunkHeader));
  const Status read = file.ReadAt(chunk.layout().chunk_offset, bytes);
  if (!read.ok()) return std::string(read.message());
  const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
  const uint64_t sequence = chunk.header().chunk_sequence;
  // Another process may have freed the slot and given it to a later chunk.
  if (header.ok() && header.value().chunk_sequence > sequence) return "";
  const Result<ChunkState> state = StateMutator(file).Read(chunk.layout());
  // Before it is marked, a crash may have torn the word.
  if (!state.ok() && dropped.is_marked) return std::string(state.status().message());
  if (state.ok() && state.value() < ChunkState::kSealed) {
    return "it is dropped, and " + std::string(ChunkStateName(state.value())) + " on disk";
  }
  if (std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; })) {
    return "";
  }
  if (!header.ok()) return std::string(header.status().message());
  return header.value().chunk_sequence == sequence ? "" : "the header is that of an earlier chunk";
}

}  // namespace

Result<StorageEngine::CheckReport> IntegrityChecker::Run() {
  XTDB_RETURN_IF_ERROR(CheckWhatChanges());
  XTDB_ASSIGN_OR_RETURN(snapshot_, engine_.TakeSnapshot());
  CheckSlots(snapshot_->chunks());
  for (const std::shared_ptr<Chunk>& chunk : snapshot_->chunks()) {
    block_count_ += chunk->summary().block_count;
  }
  for (const std::shared_ptr<Chunk>& chunk : snapshot_->chunks()) {
    XTDB_RETURN_IF_ERROR(CheckChunk(*chunk, snapshot_->lsn()));
  }
  CheckDropped();
  for (const Event& event : engine_.events().All()) {
    if (event.kind == kDamagedChunkEvent) Problem(event.kind, event.message);
  }
  return report_;
}

// What writers change in place is looked at while none does. Where there is no log nobody has
// written, and a check must not make one.
Status IntegrityChecker::CheckWhatChanges() {
  constexpr int64_t kWaitUs = 1'000'000;
  const bool in_use = engine_.container().superblock().log_state == LogState::kInUse;
  std::unique_ptr<Transaction> writer;
  bool may_read_log = true;
  if (in_use && !engine_.options().read_only) {
    Result<std::unique_ptr<Transaction>> begun = engine_.Begin(kWaitUs);
    if (begun.ok()) writer = std::move(begun).value();
    may_read_log = writer != nullptr;
  }
  CheckSuperblocks();
  CheckCatalogue();
  if (in_use && may_read_log) CheckLog();
  return Status();
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
}

void IntegrityChecker::CheckCatalogue() {
  const Result<std::vector<std::byte>> bytes = engine_.container().ReadCatalogue();
  if (!bytes.ok()) return Problem("catalogue", std::string(bytes.status().message()));
  if (bytes.value().empty()) return;
  const Result<Catalogue> catalogue = DecodeCatalogue(bytes.value());
  if (!catalogue.ok()) return Problem("catalogue", std::string(catalogue.status().message()));
  const Superblock& superblock = engine_.container().superblock();
  for (const TagDefinition& tag : catalogue.value().tags) {
    if (tag.id >= superblock.next_tag_id) {
      Problem("catalogue", "tag '" + tag.name + "' has number " + std::to_string(tag.id) +
                               ", which is still to be given out");
    }
    // Its name may have changed since the checkpoint.
    if (engine_.tags()->Find(tag.id) == nullptr) {
      Problem("catalogue", "tag '" + tag.name + "' is not in the dictionary");
    }
  }
  for (const ChunkTableEntry& row : catalogue.value().chunks) {
    if (row.slot >= superblock.slot_count || row.chunk_sequence >= superblock.next_chunk_sequence) {
      Problem("chunk table", "chunk " + std::to_string(row.chunk_sequence) + " in slot " +
                                 std::to_string(row.slot) +
                                 " is beyond what the superblock counts");
    }
    if (row.kind == ChunkKind::kCatalog) CheckCatalogChunk(row);
  }
}

// Chunks of the other kinds are looked at one by one.
void IntegrityChecker::CheckCatalogChunk(const ChunkTableEntry& row) {
  const std::string where = "catalogue chunk " + std::to_string(row.chunk_sequence) + " (slot " +
                            std::to_string(row.slot) + ")";
  const ChunkLayout layout = engine_.container().layout().Layout(row.slot);
  std::vector<std::byte> bytes(sizeof(ChunkHeader));
  const Status read = engine_.container().file().ReadAt(layout.chunk_offset, bytes);
  if (!read.ok()) return Problem(where, std::string(read.message()));
  const Result<ChunkHeader> header = DecodeChunkHeader(bytes);
  if (!header.ok()) return Problem(where, std::string(header.status().message()));
  if (header.value().chunk_sequence != row.chunk_sequence || header.value().slot != row.slot ||
      header.value().kind != row.kind ||
      header.value().container_uuid != engine_.container().header().uuid) {
    Problem(where, "the header is that of another chunk");
  }
  const Result<ChunkState> state = StateMutator(engine_.container().file()).Read(layout);
  if (!state.ok()) Problem(where, std::string(state.status().message()));
}

void IntegrityChecker::CheckLog() {
  const std::string path = engine_.path() + "-wal";
  Result<std::unique_ptr<File>> file = engine_.fs().Open(path, OpenMode::kReadOnly);
  if (!file.ok()) return Problem("log", std::string(file.status().message()));
  Result<LogReader> reader = LogReader::Create(*file.value(), engine_.container().header().uuid);
  if (!reader.ok()) return Problem("log", std::string(reader.status().message()));
  const Superblock& superblock = engine_.container().superblock();
  const LSN published = engine_.Stats().published_lsn;
  const Result<ReplayEnd> end = reader.value().Replay(superblock.checkpoint_lsn, {});
  if (!end.ok()) return Problem("log", std::string(end.status().message()));
  if (published >= superblock.checkpoint_lsn && end.value().end_lsn <= published &&
      published != superblock.checkpoint_lsn) {
    Problem("log", path + " ends at LSN " + std::to_string(end.value().end_lsn) +
                       ", before the commit at LSN " + std::to_string(published));
  }
}

void IntegrityChecker::CheckSlots(const ChunkList& chunks) {
  std::map<uint32_t, const Chunk*> slots;
  for (const std::shared_ptr<Chunk>& chunk : chunks) {
    const auto [at, is_first] = slots.emplace(chunk->layout().slot, chunk.get());
    if (!is_first) Problem(ChunkName(*chunk), "its slot is also that of " + ChunkName(*at->second));
  }
}

// Another process may have taken a step since this one has looked.
bool IntegrityChecker::IsStepAhead(const Chunk& chunk, ChunkState on_disk) const {
  if (on_disk == ChunkState::kDeprecated) return IsDropped(engine_, chunk);
  return on_disk == ChunkState::kSealed && chunk.state() == ChunkState::kAllocated;
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
             header.value().container_uuid != chunk.header().container_uuid ||
             header.value().slot != chunk.layout().slot ||
             header.value().kind != chunk.header().kind) {
    Problem(where, "the header is that of another chunk");
  }
  StateMutator mutator(file);
  const Result<ChunkState> state = mutator.Read(chunk.layout());
  if (!state.ok()) {
    Problem(where, std::string(state.status().message()));
  } else if (state.value() != chunk.state() && !IsStepAhead(chunk, state.value())) {
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

void IntegrityChecker::CheckDropped() {
  for (const DroppedChunk& dropped : engine_.DroppedChunks()) {
    const std::string fault = DroppedFault(engine_.container().file(), dropped);
    // The engine goes on: the slot may have got another tenant between list and look.
    if (fault.empty() || !IsDropped(engine_, *dropped.chunk)) continue;
    Problem(ChunkName(*dropped.chunk), fault);
  }
}

Status IntegrityChecker::CheckChunk(Chunk& chunk, LSN lsn) {
  ++report_.chunks;
  CheckChunkHeader(chunk);
  const Result<std::vector<BlockRef>> blocks = chunk.AllBlocks(lsn);
  if (!blocks.ok()) {
    Problem(ChunkName(chunk), std::string(blocks.status().message()));
    return {};
  }
  CheckOverlap(chunk, blocks.value());
  if (chunk.state() == ChunkState::kAllocated) CheckOpenDirectory(chunk, blocks.value());
  for (const BlockRef& block : blocks.value()) {
    XTDB_RETURN_IF_ERROR(TellProgress(on_progress_, "checking", report_.blocks, block_count_));
    CheckBlock(block);
  }
  return {};
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

// The directory of an open chunk is in memory; that on disk may lack what the log still has.
void IntegrityChecker::CheckOpenDirectory(Chunk& chunk, const std::vector<BlockRef>& blocks) {
  const ChunkLayout& layout = chunk.layout();
  std::vector<std::byte> directory(layout.directory_bytes);
  const Status read = engine_.container().file().ReadAt(layout.directory_offset, directory);
  if (!read.ok()) return Problem(ChunkName(chunk), std::string(read.message()));
  const auto on_disk = [&](uint32_t i) {
    return std::span(directory).subspan(i * sizeof(BlockDirEntry), sizeof(BlockDirEntry));
  };
  const auto name = [&](uint32_t i) {
    return ChunkName(chunk) + ", directory entry " + std::to_string(i);
  };
  for (uint32_t i = 0; i < layout.entry_count; ++i) {
    const auto entry = DecodeBlockDirEntry(on_disk(i), chunk.header().chunk_sequence);
    if (!entry.ok()) Problem(name(i), std::string(entry.status().message()));
  }
  for (const BlockRef& block : blocks) {
    const auto entry =
        DecodeBlockDirEntry(on_disk(block.entry_index), chunk.header().chunk_sequence);
    if (!entry.ok() || IsUnwritten(entry.value())) continue;
    if (entry.value().head_crc32 != block.entry->head_crc32) {
      Problem(name(block.entry_index), "it describes another block than the one that is read");
    }
  }
}

void IntegrityChecker::CheckVector(const std::string& where, const LoadedBlock& block, size_t index,
                                   const PointColumns& columns, size_t begin) {
  const VectorEntry& row = block.vectors()[index];
  const ValueStats stats = ComputeStats(columns, begin, columns.size(), StatsScope::kVector);
  ValueStats stored = stats;
  stored.sum_low = row.sum_low;
  stored.sum_high = row.sum_high;
  bool same = row.deleted_count == stats.deleted_count;
  if (block.head().kind == BlockKind::kPoints) {
    same = same && row.min == stats.min && row.max == stats.max &&
           AgreeOnSum(columns.type, stats, stored) && row.good_count == stats.good_count &&
           row.bad_count == stats.bad_count && row.null_count == stats.null_count &&
           row.nan_count == stats.nan_count;
  }
  if (!same) {
    Problem(where, "vector " + std::to_string(index) +
                       ": the vector table's statistics are not those of the data");
  }
}

void IntegrityChecker::CheckBlock(const BlockRef& block) {
  ++report_.blocks;
  const BlockDirEntry& entry = *block.entry;
  const std::string where =
      ChunkName(*block.chunk) + ", block " + std::to_string(block.entry_index);
  const auto loaded =
      engine_.block_reader().Read(entry, block.chunk->header().chunk_sequence, block.entry_index,
                                  block.chunk->layout().ExtentOffset(block.entry_index));
  if (!loaded.ok()) {
    const TagPtr tag = snapshot_->tags().Find(entry.tag_id);
    return Problem(tag ? where + ", tag '" + tag->name + "'" : where,
                   std::string(loaded.status().message()));
  }
  for (const TagRun& run : loaded.value()->runs()) CheckRun(where, *loaded.value(), run, entry);
}

void IntegrityChecker::CheckRun(std::string where, LoadedBlock& block, const TagRun& run,
                                const BlockDirEntry& entry) {
  const TagPtr tag = snapshot_->tags().Find(run.tag_id);
  if (!tag) {
    Problem(where, "tag number " + std::to_string(run.tag_id) + " is not in the catalogue");
  }
  if (tag) where += ", tag '" + tag->name + "'";
  PointColumns columns;
  columns.type = run.type;
  uint64_t rows = 0;
  for (uint32_t i = 0; i < run.vector_count; ++i) {
    ++report_.vectors;
    const size_t index = run.first_vector + i;
    rows += block.vectors()[index].count;
    const size_t begin = columns.size();
    const Status decoded = block.DecodeVectorAt(index, columns);
    if (decoded.ok()) {
      CheckVector(where, block, index, columns, begin);
    } else {
      Problem(where, std::string(decoded.message()));
    }
  }
  report_.points += columns.size();
  // Vectors are damaged, which was said; or statistics of many tags, which there are none of.
  if (columns.size() != rows || entry.kind != BlockKind::kPoints) return;
  if (!AreEquivalent(run.type, ComputeStats(columns, 0, columns.size()), entry.stats)) {
    Problem(where, "the directory's statistics are not those of the data");
  }
}

}  // namespace xtdb
