#include <utility>

#include "engine/storage_engine.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

// Rows that are all there from the start.
class FixedRows final : public RowSource {
 public:
  explicit FixedRows(std::vector<Cells> rows) : rows_(std::move(rows)) {}

  Result<bool> Next(FunctionRow& row) override {
    if (next_ == rows_.size()) return false;
    row.key = static_cast<int64_t>(next_);
    row.cells = std::move(rows_[next_++]);
    return true;
  }

 private:
  std::vector<Cells> rows_;
  size_t next_ = 0;
};

Result<std::unique_ptr<RowSource>> MakeFixed(std::vector<Cells> rows) {
  return std::unique_ptr<RowSource>(std::make_unique<FixedRows>(std::move(rows)));
}

constexpr OutputColumn kStatColumns[] = {{"name", "TEXT"}, {"value", "BIGINT"}, {"unit", "TEXT"}};

Result<std::unique_ptr<RowSource>> OpenStats(std::shared_ptr<const FunctionCall> call) {
  const EngineStats stats = call->engine().Stats();
  const RequestedStorage storage = call->engine().Storage();
  struct Stat {
    const char* name;
    uint64_t value;
    const char* unit;
  };
  const Stat all[] = {
      {"tags", stats.tags, "tags"},
      {"chunks", stats.chunks, "chunks"},
      {"buffered_points", stats.buffered_points, "points"},
      {"buffered_bytes", stats.buffered_bytes, "bytes"},
      {"snapshot_bytes", stats.snapshot_bytes, "bytes"},
      {"cached_bytes", stats.cached_bytes, "bytes"},
      {"directory_bytes", stats.directory_bytes, "bytes"},
      {"snapshots", stats.snapshots, "snapshots"},
      {"oldest_snapshot_lsn", stats.oldest_snapshot_lsn, "lsn"},
      {"oldest_snapshot_pid", static_cast<uint64_t>(stats.oldest_snapshot_pid), "process"},
      {"oldest_snapshot_age", static_cast<uint64_t>(stats.oldest_snapshot_age_us), "microseconds"},
      {"published_lsn", stats.published_lsn, "lsn"},
      {"durable_lsn", stats.durable_lsn, "lsn"},
      {"checkpoint_lsn", stats.checkpoint_lsn, "lsn"},
      {"log_bytes", stats.log_bytes, "bytes"},
      {"log_segments", stats.log_segments, "segments"},
      {"log_unsynced_bytes", stats.log_unsynced_bytes, "bytes"},
      {"retention", static_cast<uint64_t>(storage.retention_us.value_or(0)), "microseconds"},
      {"max_bytes", storage.max_bytes.value_or(0), "bytes"},
      {"container_bytes", stats.container_bytes, "bytes"},
      {"container_disk_bytes", stats.container_disk_bytes, "bytes"},
      {"waiting_commits", stats.waiting_commits, "commits"},
      {"commits", stats.commits, "transactions since open"},
      {"joined_commits", stats.joined_commits, "transactions since open"},
      {"log_syncs", stats.log_syncs, "syncs since open"},
      {"points_written", stats.points_written, "points since open"},
      {"flushes", stats.flushes, "flushes since open"},
      {"blocks_written", stats.blocks_written, "blocks since open"},
      {"block_bytes_written", stats.block_bytes_written, "bytes since open"},
      {"checkpoints", stats.checkpoints, "checkpoints since open"},
      {"chunks_sealed", stats.chunks_sealed, "chunks since open"},
      {"chunks_dropped", stats.chunks_dropped, "chunks since open"},
      {"retentions", stats.retentions, "retentions since open"},
      {"slots_reclaimed", stats.slots_reclaimed, "slots since open"},
      {"compactions", stats.compactions, "compactions since open"},
      {"chunks_compacted", stats.chunks_compacted, "chunks since open"},
      {"compaction_bytes_read", stats.compaction_bytes_read, "bytes since open"},
      {"compaction_bytes_written", stats.compaction_bytes_written, "bytes since open"},
      {"recovered_transactions", stats.recovered_transactions, "transactions at open"},
      {"recovered_points", stats.recovered_points, "points at open"},
  };
  std::vector<Cells> rows;
  for (const Stat& stat : all) {
    rows.push_back(MakeCells(std::string(stat.name), Count(stat.value), std::string(stat.unit)));
  }
  return MakeFixed(std::move(rows));
}

constexpr OutputColumn kEventColumns[] = {
    {"time", "TIMESTAMP"}, {"level", "TEXT"}, {"kind", "TEXT"}, {"message", "TEXT"}};

const char* LevelName(EventLevel level) {
  switch (level) {
    case EventLevel::kInfo:
      return "info";
    case EventLevel::kWarning:
      return "warning";
    case EventLevel::kError:
      return "error";
  }
  return "unknown";
}

Result<std::unique_ptr<RowSource>> OpenEvents(std::shared_ptr<const FunctionCall> call) {
  std::vector<Cells> rows;
  for (Event& event : call->engine().events().All()) {
    rows.push_back(MakeCells(TimeCell{event.time_us}, std::string(LevelName(event.level)),
                             std::move(event.kind), std::move(event.message)));
  }
  return MakeFixed(std::move(rows));
}

constexpr OutputColumn kQueryColumns[] = {{"name", "TEXT"}, {"value", "NUMERIC"}};

Result<std::unique_ptr<RowSource>> OpenLastQuery(std::shared_ptr<const FunctionCall> call) {
  XTDB_ASSIGN_OR_RETURN(Table* const table, call->FindTable());
  const PlanCounters counters = table->last_query()->counters();
  const std::pair<const char*, uint64_t> all[] = {
      {"tags", counters.tags},
      {"chunks_considered", counters.chunks_considered},
      {"chunks_pruned", counters.chunks_pruned},
      {"blocks_considered", counters.blocks_considered},
      {"blocks_pruned", counters.blocks_pruned},
      {"blocks_read", counters.blocks_read},
      {"vectors_pruned", counters.vectors_pruned},
      {"vectors_decoded", counters.vectors_decoded},
      {"blocks_from_statistics", counters.blocks_from_statistics},
      {"vectors_from_statistics", counters.vectors_from_statistics},
      {"memory_runs", counters.memory_runs},
      {"rows", counters.rows},
  };
  std::vector<Cells> rows;
  for (const auto& [name, value] : all) rows.push_back(MakeCells(std::string(name), Count(value)));
  rows.push_back(MakeCells(std::string("summary"), counters.ToString()));
  return MakeFixed(std::move(rows));
}

constexpr TableFunction kStats = {.name = "xtdb_stats",
                                  .columns = kStatColumns,
                                  .arguments = kTableArgument,
                                  .has_tag_column = false,
                                  .by_tag = false,
                                  .example = "xtdb_stats('plant')",
                                  .open = OpenStats};
constexpr TableFunction kEvents = {.name = "xtdb_events",
                                   .columns = kEventColumns,
                                   .arguments = kTableArgument,
                                   .has_tag_column = false,
                                   .by_tag = false,
                                   .example = "xtdb_events('plant')",
                                   .open = OpenEvents};
constexpr TableFunction kLastQuery = {.name = "xtdb_last_query",
                                      .columns = kQueryColumns,
                                      .arguments = kTableArgument,
                                      .has_tag_column = false,
                                      .by_tag = false,
                                      .example = "xtdb_last_query('plant')",
                                      .open = OpenLastQuery};

}  // namespace

int RegisterStatusFunctions(sqlite3* db) {
  for (const TableFunction* function : {&kStats, &kEvents, &kLastQuery}) {
    const int code = RegisterTableFunction(db, *function);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace xtdb
