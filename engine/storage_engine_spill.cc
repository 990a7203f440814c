#include <utility>

#include "engine/block/mixed_packer.h"
#include "engine/storage_engine.h"

namespace xtdb {

// What was committed before is flushed first: of one tag, a later flush counts more than the blocks
// of this transaction.
Status StorageEngine::BeginSpilling() {
  XTDB_RETURN_IF_ERROR(FlushAll());
  spill_base_lsn_ = wal_->end_lsn();
  spill_count_ = 0;
  return Status();
}

// A transaction's rows leave memory as blocks that nothing names until it commits.
Status StorageEngine::SpillRows(Staging& staging) {
  const std::vector<Staging::Leaving> leaving = staging.RowsToSpill();
  SpillGroups groups;
  for (const Staging::Leaving& one : leaving) {
    XTDB_ASSIGN_OR_RETURN(std::shared_ptr<SpillGroup> group, WriteGroup(one));
    group->is_rolled_back = staging.is_rolled_back();
    groups.push_back(std::move(group));
  }
  staging.Spill(leaving, std::move(groups));
  return Status();
}

Result<std::shared_ptr<SpillGroup>> StorageEngine::WriteGroup(const Staging::Leaving& leaving) {
  // Later groups count more, and all count less than what the log will have of this transaction:
  // its frames begin here and take many bytes for each group.
  const LSN rank = spill_base_lsn_ + spill_count_++;
  const BlockOptions options = FlushBlockOptions(leaving.tags.size());
  std::vector<EncodedTag> encoded(leaving.tags.size());
  XTDB_RETURN_IF_ERROR(ParallelFor(encoded.size(), options_.threads, [&](size_t i) -> Status {
    const Staging::Leaving::Rows& rows = leaving.tags[i];
    XTDB_ASSIGN_OR_RETURN(encoded[i], EncodeTag(rows.tag, rows.columns(), rank, options));
    return Status();
  }));
  auto group = std::make_shared<SpillGroup>();
  group->after = leaving.after;
  group->until = leaving.until;
  BlockOutput output(container_->file(), container_->container_id(), options_.block_output);
  MixedPacker mixed(rank);
  std::vector<EncodedBlock> mixed_blocks;
  for (size_t i = 0; i < encoded.size(); ++i) {
    const Staging::Leaving::Rows& rows = leaving.tags[i];
    group->row_count += rows.columns().size();
    XTDB_RETURN_IF_ERROR(PlaceSpilled(encoded[i].blocks, output, *group));
    if (!encoded[i].rest.empty()) group->mixed_tags.push_back(rows.tag);
    for (EncodedVector& vector : encoded[i].rest) mixed.Add(std::move(vector), mixed_blocks);
  }
  mixed.Finish(mixed_blocks);
  XTDB_RETURN_IF_ERROR(PlaceSpilled(mixed_blocks, output, *group));
  XTDB_RETURN_IF_ERROR(output.Finish());
  group->Sort();
  return group;
}

Status StorageEngine::PlaceSpilled(std::span<EncodedBlock> blocks, BlockOutput& output,
                                   SpillGroup& group) {
  for (EncodedBlock& block : blocks) {
    block.entry.needs_entry = 1;
    XTDB_ASSIGN_OR_RETURN(const ChunkStore::Place place, PlaceBlock(block, output));
    // Until the log gives it a place, that of its rank.
    block.entry.flush_lsn = block.entry.through_lsn;
    group.blocks.push_back({block.entry, place.entry_index, place.chunk});
  }
  return Status();
}

// The groups as the log names them; the first one also has the chunks that were begun.
FlushRecord StorageEngine::RecordOf(const SpillGroup& group, bool is_first) const {
  FlushRecord record;
  if (is_first) record.chunks = state_->chunks.begun_chunks();
  for (const SpillGroup::Block& block : group.blocks) {
    record.entries.push_back({block.chunk->layout().slot, block.entry_index,
                              block.chunk->header().chunk_sequence, block.entry});
  }
  record.mixed_tags = group.mixed_tags;
  return record;
}

}  // namespace xtdb
