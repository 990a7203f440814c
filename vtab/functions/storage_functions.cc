#include <algorithm>
#include <utility>

#include "engine/storage_engine.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

const char* KindName(ChunkKind kind) {
  switch (kind) {
    case ChunkKind::kRaw:
      return "raw";
    case ChunkKind::kCompact:
      return "compact";
    case ChunkKind::kCatalog:
      return "catalog";
  }
  return "unknown";
}

const char* StateName(ChunkState state) {
  switch (state) {
    case ChunkState::kErased:
      return "erased";
    case ChunkState::kAllocated:
      return "allocated";
    case ChunkState::kSealed:
      return "sealed";
    case ChunkState::kDeprecated:
      return "deprecated";
    case ChunkState::kFree:
      return "free";
  }
  return "unknown";
}

constexpr OutputColumn kChunkColumns[] = {
    {"slot", "BIGINT"},          {"sequence", "BIGINT"},     {"kind", "TEXT"},
    {"state", "TEXT"},           {"blocks", "BIGINT"},       {"points", "BIGINT"},
    {"first_time", "TIMESTAMP"}, {"last_time", "TIMESTAMP"}, {"first_ts", "BIGINT"},
    {"last_ts", "BIGINT"},       {"used_bytes", "BIGINT"},   {"chunk_bytes", "BIGINT"},
    {"last_flush_lsn", "BIGINT"}};

// The open chunk grows on while a snapshot looks at it, so its figures come from the blocks seen.
Result<ChunkSummary> SummaryAt(Chunk& chunk, LSN lsn) {
  if (chunk.state() == ChunkState::kSealed) return chunk.summary();
  XTDB_ASSIGN_OR_RETURN(const std::vector<BlockRef> blocks, chunk.AllBlocks(lsn));
  ChunkSummary summary;
  for (const BlockRef& block : blocks) {
    const BlockDirEntry& entry = *block.entry;
    const bool is_first = summary.block_count++ == 0;
    summary.ts_min_us = is_first ? entry.ts_min_us : std::min(summary.ts_min_us, entry.ts_min_us);
    summary.ts_max_us = is_first ? entry.ts_max_us : std::max(summary.ts_max_us, entry.ts_max_us);
    summary.point_count += entry.count;
    summary.used_extents += entry.extents;
    summary.last_flush_lsn = std::max(summary.last_flush_lsn, entry.flush_lsn);
  }
  return summary;
}

class ChunkRows final : public RowSource {
 public:
  explicit ChunkRows(std::shared_ptr<const FunctionCall> call)
      : call_(std::move(call)), snapshot_(call_->View().snapshot) {
    const ChunkList& seen = snapshot_->chunks();
    for (DroppedChunk& dropped : call_->engine().DroppedChunks()) {
      if (std::find(seen.begin(), seen.end(), dropped.chunk) != seen.end()) continue;
      dropped_.push_back(std::move(dropped.chunk));
    }
  }

  Result<bool> Next(FunctionRow& row) override {
    const ChunkList& chunks = snapshot_->chunks();
    const bool is_dropped = next_ >= chunks.size();
    if (next_ == chunks.size() + dropped_.size()) return false;
    Chunk& chunk = is_dropped ? *dropped_[next_ - chunks.size()] : *chunks[next_];
    ++next_;
    ChunkSummary summary = chunk.summary();
    if (!is_dropped) {
      XTDB_ASSIGN_OR_RETURN(summary, SummaryAt(chunk, snapshot_->lsn()));
    }
    const bool has_blocks = summary.block_count > 0;
    const auto as_time = [&](int64_t ts_us) { return has_blocks ? Cell(TimeCell{ts_us}) : Cell(); };
    const auto as_ts = [&](int64_t ts_us) { return has_blocks ? Cell(ts_us) : Cell(); };
    row.key = static_cast<int64_t>(chunk.header().chunk_sequence);
    row.cells =
        MakeCells(Count(chunk.layout().slot), Count(chunk.header().chunk_sequence),
                  std::string(KindName(chunk.header().kind)),
                  std::string(StateName(is_dropped ? ChunkState::kDeprecated : chunk.state())),
                  Count(summary.block_count), Count(summary.point_count),
                  as_time(summary.ts_min_us), as_time(summary.ts_max_us), as_ts(summary.ts_min_us),
                  as_ts(summary.ts_max_us), Count(summary.used_extents * kExtentSizeBytes),
                  Count(chunk.layout().end_offset - chunk.layout().chunk_offset),
                  has_blocks ? Count(summary.last_flush_lsn) : Cell());
    return true;
  }

 private:
  const std::shared_ptr<const FunctionCall> call_;
  const std::shared_ptr<const Snapshot> snapshot_;
  ChunkList dropped_;  // their slots are not free yet; the snapshot does not see them
  size_t next_ = 0;
};

enum BlockColumn : size_t { kEncoding = 15, kBlockColumnCount = 20 };
constexpr OutputColumn kBlockColumns[] = {{"tag", "TEXT"},
                                          {"chunk", "BIGINT"},
                                          {"block", "BIGINT"},
                                          {"first_time", "TIMESTAMP"},
                                          {"last_time", "TIMESTAMP"},
                                          {"first_ts", "BIGINT"},
                                          {"last_ts", "BIGINT"},
                                          {"points", "BIGINT"},
                                          {"good", "BIGINT"},
                                          {"nulls", "BIGINT"},
                                          {"deleted", "BIGINT"},
                                          {"min", "NUMERIC"},
                                          {"max", "NUMERIC"},
                                          {"type", "TEXT"},
                                          {"vectors", "BIGINT"},
                                          {"encoding", "TEXT"},
                                          {"bytes", "BIGINT"},
                                          {"data_bytes", "BIGINT"},
                                          {"bytes_per_point", "DOUBLE PRECISION"},
                                          {"flush_lsn", "BIGINT"}};
static_assert(std::size(kBlockColumns) == kBlockColumnCount);

class BlockRows final : public RowSource {
 public:
  explicit BlockRows(std::shared_ptr<const FunctionCall> call)
      : call_(std::move(call)), snapshot_(call_->View().snapshot) {
    if (!call_->tags.names) return;
    wanted_.emplace();
    for (const TagPtr& tag : SelectTags(call_->View(), call_->tags)) wanted_->push_back(tag->id);
    std::sort(wanted_->begin(), wanted_->end());
  }

  // A row for each block; for each tag of a MIXED one.
  Result<bool> Next(FunctionRow& row) override {
    while (next_run_ == runs_.size()) {
      XTDB_ASSIGN_OR_RETURN(const bool has_block, NextBlock());
      if (!has_block) return false;
    }
    run_ = runs_[next_run_++];
    Fill(row);
    return true;
  }

  Status Complete(FunctionRow& row) override {
    if (loaded_ == nullptr) {
      XTDB_ASSIGN_OR_RETURN(loaded_, call_->View().Load(block_));
    }
    XTDB_ASSIGN_OR_RETURN(std::string encoding, loaded_->DescribeEncoding(run_.first_vector));
    if (run_.vector_count > 1) encoding += "; " + std::to_string(run_.vector_count) + " vectors";
    if (IsMixed()) encoding = "mixed; " + encoding;
    row.cells[kEncoding] = std::move(encoding);
    return {};
  }

 private:
  bool IsMixed() const { return block_.entry->kind == BlockKind::kMixed; }
  bool IsWanted(TagId tag) const {
    return !wanted_ || std::binary_search(wanted_->begin(), wanted_->end(), tag);
  }
  // By its entry alone.
  bool MayHold(const BlockRef& block) const {
    const auto first = std::lower_bound(wanted_->begin(), wanted_->end(), block.entry->tag_id);
    return first != wanted_->end() && *first <= LastTag(*block.entry);
  }

  Result<bool> NextBlock() {
    while (next_block_ == blocks_.size()) {
      const ChunkList& chunks = snapshot_->chunks();
      if (next_chunk_ == chunks.size()) return false;
      XTDB_ASSIGN_OR_RETURN(blocks_, chunks[next_chunk_++]->AllBlocks(snapshot_->lsn()));
      next_block_ = 0;
      if (wanted_) std::erase_if(blocks_, [&](const BlockRef& block) { return !MayHold(block); });
    }
    block_ = blocks_[next_block_++];
    loaded_ = nullptr;
    next_run_ = 0;
    const BlockDirEntry& entry = *block_.entry;
    runs_ = {{entry.tag_id, entry.value_type, 0, entry.vector_count}};
    if (!IsMixed()) return true;
    XTDB_ASSIGN_OR_RETURN(loaded_, call_->View().Load(block_));
    runs_ = loaded_->runs();
    std::erase_if(runs_, [&](const TagRun& run) { return !IsWanted(run.tag_id); });
    return true;
  }

  // What the block's entry says of one tag, and the table of a MIXED block of each.
  BlockDirEntry Described(uint64_t& bytes) const {
    BlockDirEntry entry = *block_.entry;
    bytes = entry.extents * kExtentSizeBytes;
    if (!IsMixed()) return entry;
    const std::span<const VectorEntry> vectors = loaded_->TableOf(run_).vectors;
    entry.tag_id = run_.tag_id;
    entry.value_type = run_.type;
    entry.ts_min_us = vectors.front().ts_min_us;
    entry.ts_max_us = vectors.back().ts_max_us;
    entry.vector_count = static_cast<uint16_t>(vectors.size());
    entry.count = 0;
    uint64_t data_bytes = 0;
    for (const VectorEntry& vector : vectors) {
      entry.count += vector.count;
      entry.stats.deleted_count += vector.deleted_count;
      data_bytes += vector.size_bytes;
    }
    // Its share of the extents: head, table and padding by the data.
    uint64_t all_bytes = 0;
    for (const VectorEntry& vector : loaded_->vectors()) all_bytes += vector.size_bytes;
    bytes = bytes * data_bytes / all_bytes;
    entry.data_size_bytes = static_cast<uint32_t>(data_bytes);
    return entry;
  }

  void Fill(FunctionRow& row) const {
    uint64_t bytes = 0;
    const BlockDirEntry entry = Described(bytes);
    const ValueStats& stats = entry.stats;
    const TagPtr tag = call_->View().FindTag(entry.tag_id);
    const ValueType tag_type = tag == nullptr ? entry.value_type : tag->type;
    const bool has_values = stats.value_count > 0;
    const auto extreme = [&](ValueBits bits) {
      return has_values ? ValueCell(bits, entry.value_type, tag_type) : Cell();
    };
    // A MIXED block has no statistics.
    const auto counted = [&](uint32_t count) { return IsMixed() ? Cell() : Cell(Count(count)); };
    const auto sequence = static_cast<int64_t>(block_.chunk->header().chunk_sequence);
    const auto run = static_cast<int64_t>(next_run_ - 1);
    row.key = (((sequence << 16) + block_.entry_index) << 16) + run;
    row.cells = MakeCells(
        tag == nullptr ? Cell() : Cell(tag->name), sequence, Count(block_.entry_index),
        TimeCell{entry.ts_min_us}, TimeCell{entry.ts_max_us}, entry.ts_min_us, entry.ts_max_us,
        Count(entry.count - stats.deleted_count), counted(stats.good_count),
        counted(stats.null_count), Count(stats.deleted_count), extreme(stats.min),
        extreme(stats.max), std::string(ValueTypeName(entry.value_type)), Count(entry.vector_count),
        LateCell(), Count(bytes), Count(entry.data_size_bytes),
        static_cast<double>(bytes) / entry.count, Count(entry.flush_lsn));
  }

  const std::shared_ptr<const FunctionCall> call_;
  const std::shared_ptr<const Snapshot> snapshot_;
  std::optional<std::vector<TagId>> wanted_;  // sorted
  size_t next_chunk_ = 0;
  std::vector<BlockRef> blocks_;  // of the chunk before next_chunk_
  size_t next_block_ = 0;
  BlockRef block_;                       // of the row
  std::shared_ptr<LoadedBlock> loaded_;  // null: not yet
  std::vector<TagRun> runs_;             // of block_
  size_t next_run_ = 0;
  TagRun run_;  // of the row
};

template <typename Source>
Result<std::unique_ptr<RowSource>> Open(std::shared_ptr<const FunctionCall> call) {
  return std::unique_ptr<RowSource>(std::make_unique<Source>(std::move(call)));
}

constexpr TableFunction kChunks = {.name = "xtdb_chunks",
                                   .columns = kChunkColumns,
                                   .arguments = kTableArgument,
                                   .has_tag_column = false,
                                   .by_tag = false,
                                   .example = "xtdb_chunks('plant')",
                                   .open = Open<ChunkRows>};
constexpr TableFunction kBlocks = {.name = "xtdb_blocks",
                                   .columns = kBlockColumns,
                                   .arguments = kTableArgument,
                                   .has_tag_column = true,
                                   .by_tag = false,
                                   .example = "xtdb_blocks('plant')",
                                   .open = Open<BlockRows>};

}  // namespace

int RegisterStorageFunctions(sqlite3* db) {
  const int code = RegisterTableFunction(db, kChunks);
  return code != SQLITE_OK ? code : RegisterTableFunction(db, kBlocks);
}

}  // namespace xtdb
