#include "engine/transaction/exact_integers.h"

#include <limits>

#include "engine/storage_engine.h"
#include "engine/transaction/value.h"

namespace xtdb {

namespace {

constexpr int64_t kExactBound = int64_t{1} << 53;  // all integers up to here are exact

// Whether the entry alone tells that all its integers are exact.
bool IsWithinBound(const BlockDirEntry& entry) {
  if (entry.kind != BlockKind::kPoints) return false;
  return !IsInteger(entry.value_type) || entry.stats.value_count == 0 ||
         (AsInt64(entry.stats.min) >= -kExactBound && AsInt64(entry.stats.max) <= kExactBound);
}

Result<bool> IsBlockExact(const Snapshot& snapshot, const BlockRef& block, TagId tag) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<LoadedBlock> loaded,
                        snapshot.engine().block_reader().Read(
                            *block.entry, block.chunk->header().chunk_sequence, block.entry_index,
                            block.chunk->layout().ExtentOffset(block.entry_index)));
  const VectorTable table = loaded->TableOf(tag);
  if (!IsInteger(table.type)) return true;
  for (size_t i = 0; i < table.vectors.size(); ++i) {
    PointColumns columns;
    columns.type = table.type;
    XTDB_RETURN_IF_ERROR(loaded->DecodeVectorAt(table.first_vector + i, columns));
    if (!AreIntegersExact(columns)) return false;
  }
  return true;
}

}  // namespace

bool AreIntegersExact(const PointColumns& columns) {
  if (!IsInteger(columns.type)) return true;
  for (size_t row = 0; row < columns.size(); ++row) {
    if (columns.flags[row] == 0 && !IsExactAsDouble(AsInt64(columns.bits[row]))) return false;
  }
  return true;
}

Result<bool> AreIntegersExact(const Snapshot& snapshot, TagId tag) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  std::vector<BlockRef> blocks;
  for (const auto& chunk : snapshot.chunks()) {
    XTDB_RETURN_IF_ERROR(chunk->FindBlocks(tag, kMin, kMax, snapshot.lsn(), blocks).status());
  }
  for (const BlockRef& block : blocks) {
    if (IsWithinBound(*block.entry)) continue;
    XTDB_ASSIGN_OR_RETURN(const bool exact, IsBlockExact(snapshot, block, tag));
    if (!exact) return false;
  }
  std::vector<MemoryRun> runs;
  snapshot.buffer().RunsAt(tag, snapshot.lsn(), kMin, kMax, runs);
  for (const MemoryRun& run : runs) {
    if (!AreIntegersExact(*run.columns)) return false;
  }
  return true;
}

}  // namespace xtdb
