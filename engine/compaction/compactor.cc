#include "engine/compaction/compactor.h"

#include <algorithm>
#include <limits>

#include "engine/base/parallel.h"

namespace xtdb {
namespace {

// Of a tag with more, so many are merged, encoded and written at a time.
constexpr size_t kSliceRows = size_t{1} << 20;
// Tags that are encoded at a time have no more than this together, but for one slice.
constexpr size_t kGroupRows = size_t{1} << 18;
constexpr size_t kGroupTags = 256;

}  // namespace

Result<ChunkList> Compactor::Run() {
  XTDB_RETURN_IF_ERROR(FindTagBlocks());
  for (size_t begin = 0; begin < tag_blocks_.size();) {
    size_t end = begin;
    while (end < tag_blocks_.size() && tag_blocks_[end].first == tag_blocks_[begin].first) ++end;
    XTDB_RETURN_IF_ERROR(MergeTag(std::span(tag_blocks_).subspan(begin, end - begin)));
    begin = end;
  }
  XTDB_RETURN_IF_ERROR(WriteSlices());
  std::vector<EncodedBlock> rests;
  for (auto& [lsn, packer] : packers_) packer.Finish(rests);
  XTDB_RETURN_IF_ERROR(Place(rests));
  XTDB_RETURN_IF_ERROR(FinishChunk());
  return std::move(outputs_);
}

// Every block once for each tag that it has points of.
Status Compactor::FindTagBlocks() {
  for (const auto& chunk : options_.inputs) {
    XTDB_ASSIGN_OR_RETURN(const std::vector<BlockRef> blocks, chunk->AllBlocks(options_.lsn));
    for (const BlockRef& block : blocks) {
      counts_.points_in += block.entry->count;
      counts_.bytes_in += block.entry->extents * kExtentSizeBytes;
      if (block.entry->kind == BlockKind::kPoints) {
        tag_blocks_.emplace_back(block.entry->tag_id, block);
        continue;
      }
      XTDB_ASSIGN_OR_RETURN(const PointMerge::Source source, LoadSource(block));
      for (const TagRun& run : source.loaded->runs()) tag_blocks_.emplace_back(run.tag_id, block);
      mixed_.clear();
    }
  }
  std::stable_sort(tag_blocks_.begin(), tag_blocks_.end(),
                   [](const TagBlock& a, const TagBlock& b) { return a.first < b.first; });
  return Status();
}

Result<PointMerge::Source> Compactor::LoadSource(const BlockRef& block) {
  const bool is_mixed = block.entry->kind == BlockKind::kMixed;
  if (is_mixed) {
    const auto known = mixed_.find(block.entry.get());
    if (known != mixed_.end()) return SourceOf(block, known->second);
  }
  const Chunk& chunk = *block.chunk;
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<LoadedBlock> loaded,
                        reader_.Read(*block.entry, chunk.header().chunk_sequence, block.entry_index,
                                     chunk.layout().ExtentOffset(block.entry_index)));
  if (is_mixed) mixed_[block.entry.get()] = loaded;
  return SourceOf(block, std::move(loaded));
}

PointMerge::Source Compactor::SourceOf(const BlockRef& block,
                                       std::shared_ptr<LoadedBlock> loaded) const {
  return {block.entry.get(), std::move(loaded),
          options_.horizon.FirstVisible(block.entry->through_lsn)};
}

Status Compactor::MergeTag(std::span<const TagBlock> blocks) {
  const TagId tag = blocks.front().first;
  if (options_.is_stopped()) return Status::Busy("compaction: stopped");
  const TagPtr definition = tags_.Find(tag);
  if (definition == nullptr) {
    return Status::Corruption("tag " + std::to_string(tag) + " has blocks and no definition");
  }
  std::erase_if(mixed_, [tag](const auto& item) { return item.first->tag_last < tag; });
  LSN through_lsn = kNoLsn;
  std::vector<PointMerge::Source> sources;
  for (const auto& [same_tag, block] : blocks) {
    XTDB_ASSIGN_OR_RETURN(PointMerge::Source source, LoadSource(block));
    through_lsn = std::max(through_lsn, block.entry->through_lsn);
    sources.push_back(std::move(source));
  }
  PointMerge merge(tag, definition->type, std::move(sources));
  while (!merge.done()) {
    Slice slice{tag, through_lsn, {}, true};
    slice.points.type = definition->type;
    XTDB_RETURN_IF_ERROR(merge.Read(kSliceRows, slice.points));
    slice.is_last = merge.done();
    XTDB_RETURN_IF_ERROR(DropTombstones(slice));
    if (slice.points.empty()) continue;
    slice_rows_ += slice.points.size();
    counts_.points_out += slice.points.size();
    slices_.push_back(std::move(slice));
    if (slice_rows_ >= kGroupRows || slices_.size() >= kGroupTags) {
      XTDB_RETURN_IF_ERROR(WriteSlices());
    }
  }
  return Status();
}

// A tombstone has done its work once no block is left that is older than it and may hold its point.
Status Compactor::DropTombstones(Slice& slice) const {
  PointColumns& points = slice.points;
  const auto is_deleted = [](uint8_t flags) { return (flags & kPointDeleted) != 0; };
  if (std::none_of(points.flags.begin(), points.flags.end(), is_deleted)) return Status();
  std::vector<BlockRef> older;
  for (const auto& chunk : options_.older) {
    XTDB_RETURN_IF_ERROR(
        chunk->FindBlocks(slice.tag, points.ts_us.front(), points.ts_us.back(), options_.lsn, older)
            .status());
    if (!older.empty()) return Status();
  }
  PointColumns kept;
  kept.type = points.type;
  for (size_t row = 0; row < points.size(); ++row) {
    if (!is_deleted(points.flags[row])) kept.AppendRow(points, row);
  }
  points = std::move(kept);
  return Status();
}

Status Compactor::WriteSlices() {
  if (options_.is_stopped()) return Status::Busy("compaction: stopped");
  std::vector<EncodedTag> encoded(slices_.size());
  const auto encode = [&](size_t i) -> Status {
    const Slice& slice = slices_[i];
    BlockOptions blocks = options_.blocks;
    // Rests of several slices in one MIXED block would overlap every block between them, which then
    // no statistics could answer for; half an extent that is wasted costs less.
    blocks.spares_rest &= slice.is_last;
    XTDB_ASSIGN_OR_RETURN(encoded[i],
                          EncodeTag(slice.tag, slice.points, slice.through_lsn, blocks));
    return Status();
  };
  XTDB_RETURN_IF_ERROR(ParallelFor(slices_.size(), options_.threads, encode));
  std::vector<EncodedBlock> full;
  for (size_t i = 0; i < slices_.size(); ++i) {
    XTDB_RETURN_IF_ERROR(Place(encoded[i].blocks));
    MixedPacker& packer =
        packers_.try_emplace(slices_[i].through_lsn, slices_[i].through_lsn).first->second;
    for (EncodedVector& vector : encoded[i].rest) packer.Add(std::move(vector), full);
  }
  slices_.clear();
  slice_rows_ = 0;
  return Place(full);
}

Status Compactor::Place(std::span<EncodedBlock> blocks) {
  for (EncodedBlock& block : blocks) {
    if (builder_ == nullptr || !builder_->HasRoom(block.entry.extents)) {
      XTDB_RETURN_IF_ERROR(FinishChunk());
      XTDB_RETURN_IF_ERROR(NextChunk());
    }
    XTDB_RETURN_IF_ERROR(builder_->Add(block));
    counts_.bytes_out += block.entry.extents * kExtentSizeBytes;
  }
  return Status();
}

Status Compactor::NextChunk() {
  XTDB_ASSIGN_OR_RETURN(const ChunkHeader header, options_.next_header());
  builder_ = std::make_unique<ChunkBuilder>(file_, output_, layout_.Layout(header.slot), header,
                                            options_.directory_budget);
  return builder_->Begin();
}

Status Compactor::FinishChunk() {
  if (builder_ == nullptr) return Status();
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<Chunk> chunk, builder_->Finish());
  outputs_.push_back(std::move(chunk));
  builder_ = nullptr;
  return Status();
}

}  // namespace xtdb
