#include <algorithm>
#include <map>

#include "engine/chunk/drop_selection.h"
#include "engine/storage_engine.h"

namespace xtdb {

namespace {

// A background run hides nothing before its edge has moved by this share of the retention, unless
// a whole chunk can go: each run flushes.
constexpr int64_t kEdgeShare = 20;

uint64_t BlockBytes(const ChunkSummary& summary) {
  return uint64_t{summary.used_extents} * kExtentSizeBytes;
}

// The chunks of one place in the order of flushes: compaction has dealt out the same times to them.
struct Unit {
  int64_t ts_max_us = kTsMin;
  uint64_t bytes = 0;
  bool is_sealed = true;
};

// From where on the newest chunks that take `max_bytes` have their points.
int64_t LimitOfBytes(const ChunkList& chunks, uint64_t max_bytes) {
  std::map<std::pair<uint64_t, uint64_t>, Unit> by_place;
  uint64_t bytes = 0;
  for (const auto& chunk : chunks) {
    const ChunkSummary summary = chunk->summary();
    const SourceRange place = PlaceOf(chunk->header());
    Unit& unit = by_place[{place.first, place.last}];
    unit.ts_max_us = std::max(unit.ts_max_us, summary.ts_max_us);
    unit.bytes += BlockBytes(summary);
    unit.is_sealed &= chunk->state() == ChunkState::kSealed;
    bytes += BlockBytes(summary);
  }
  std::vector<Unit> units;
  for (const auto& [place, unit] : by_place) units.push_back(unit);
  std::sort(units.begin(), units.end(),
            [](const Unit& a, const Unit& b) { return a.ts_max_us < b.ts_max_us; });
  int64_t limit_us = kTsMin;
  // The newest stay, however large they are.
  for (size_t i = 0; i + 1 < units.size(); ++i) {
    if (bytes <= max_bytes || !units[i].is_sealed) break;
    bytes -= units[i].bytes;
    limit_us = units[i].ts_max_us + 1;
  }
  return std::min(limit_us, units.empty() ? kTsMin : units.back().ts_max_us);
}

}  // namespace

bool StorageEngine::HasRetention() const {
  const RequestedStorage storage = Storage();  // the superblock may just be written
  return storage.retention_us.value_or(0) != 0 || storage.max_bytes.value_or(0) != 0;
}

int64_t StorageEngine::RetentionLimit() const {
  const Superblock& superblock = container_->superblock();
  int64_t limit_us = kTsMin;
  if (superblock.options.retention_us != 0) {
    limit_us = std::max(limit_us, clock_.NowUs() - superblock.options.retention_us);
  }
  if (superblock.max_bytes != 0) {
    limit_us = std::max(limit_us, LimitOfBytes(*state_->chunks.chunks(), superblock.max_bytes));
  }
  return limit_us;
}

// Beyond the present it would hide what is written from now on, behind itself it hides what was
// written since: then whole chunks go, and nothing is hidden.
bool StorageEngine::MovesHorizon(int64_t limit_us, const Horizon& horizon) const {
  return limit_us > horizon.before_us && limit_us <= clock_.NowUs();
}

// By the holder of WRITER.
bool StorageEngine::IsRetentionDue() const {
  if (!options_.auto_retention || !HasRetention()) return false;
  const auto [chunks, horizon] = state_->chunks.visible();
  const int64_t limit_us = RetentionLimit();
  if (!MovesHorizon(limit_us, horizon)) return !SelectDroppable(*chunks, limit_us).empty();
  const auto is_old = [limit_us](const auto& chunk) {
    return chunk->state() == ChunkState::kSealed && chunk->summary().ts_max_us < limit_us;
  };
  if (std::any_of(chunks->begin(), chunks->end(), is_old)) return true;
  const auto is_cut = [limit_us](const auto& chunk) {
    return chunk->summary().ts_min_us < limit_us;
  };
  const int64_t retention_us = container_->superblock().options.retention_us;
  const bool has_moved =
      horizon.lsn == kNoLsn || limit_us - horizon.before_us >= retention_us / kEdgeShare;
  return has_moved && std::any_of(chunks->begin(), chunks->end(), is_cut);
}

Result<StorageEngine::DropReport> StorageEngine::RetainFrom(int64_t first_us, int64_t timeout_us) {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  DropReport report;
  XTDB_RETURN_IF_ERROR(RetainHeld(first_us, report));
  return report;
}

Result<StorageEngine::DropReport> StorageEngine::Retain(int64_t timeout_us) {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  if (!HasRetention()) {
    return Status::FailedPrecondition(path_ +
                                      " keeps its points for ever: it was made without "
                                      "retention and max_bytes");
  }
  // What max_bytes counts is in blocks.
  XTDB_RETURN_IF_ERROR(FlushAll());
  DropReport report;
  XTDB_RETURN_IF_ERROR(RetainHeld(RetentionLimit(), report));
  return report;
}

Status StorageEngine::RetainHeld(int64_t first_us, DropReport& report) {
  // What is buffered would be newer than the horizon; and only sealed chunks go.
  XTDB_RETURN_IF_ERROR(FlushAll());
  XTDB_RETURN_IF_ERROR(Checkpoint(LogState::kInUse));
  const auto [chunks, horizon] = state_->chunks.visible();
  const bool hides = MovesHorizon(first_us, horizon);
  // A directory that could not be read may hold anything.
  const auto has_older = [first_us](const auto& chunk) {
    return !chunk->knows_its_extents() || chunk->summary().ts_min_us < first_us;
  };
  if (hides && std::none_of(chunks->begin(), chunks->end(), has_older)) return Status();
  ChunkStore::DropPlan plan =
      hides ? state_->chunks.PlanRetain(first_us) : state_->chunks.PlanDrop(first_us);
  if (!hides && plan.record.chunks.empty()) return Status();
  report = ReportOf(plan);
  XTDB_RETURN_IF_ERROR(AppendDropRecord(std::move(plan), "retention"));
  {
    std::lock_guard lock(mutex_);
    ++stats_.retentions;
  }
  FreeDropped();
  return Status();
}

}  // namespace xtdb
