#include "shell/commands/container_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/io/file_system.h"
#include "engine/read_view.h"

namespace xtdb {
namespace {

// A container that was not closed cannot be read without its log.
Result<uint64_t> LogBytes(const StorageEngine& engine) {
  if (engine.container().superblock().log_state == LogState::kClean) return uint64_t{0};
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> log,
                        PosixFileSystem().Open(engine.path() + "-wal", OpenMode::kReadOnly));
  return log->AllocatedBytes();
}

}  // namespace

Result<ContainerReport> MakeContainerReport(StorageEngine& engine) {
  ContainerReport report;
  report.stats = engine.Stats();
  XTDB_ASSIGN_OR_RETURN(report.log_bytes, LogBytes(engine));
  report.chunk_size_bytes = engine.container().header().chunk_size_bytes;
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, engine.TakeSnapshot());
  for (const std::shared_ptr<Chunk>& chunk : view.snapshot->chunks()) {
    if (chunk->state() == ChunkState::kSealed) ++report.sealed_chunks;
    XTDB_ASSIGN_OR_RETURN(const std::vector<BlockRef> blocks,
                          chunk->AllBlocks(view.snapshot->lsn()));
    report.blocks += blocks.size();
    for (const BlockRef& block : blocks) {
      report.block_bytes += block.entry->extents * kExtentSizeBytes;
    }
  }
  for (const TagPtr& tag : view.AllTags()) {
    XTDB_ASSIGN_OR_RETURN(TagSummary summary, SummarizeTag(view, tag, nullptr));
    if (summary.points > 0) {
      const bool first = report.points == 0;
      report.first_ts_us =
          first ? summary.first_ts_us : std::min(report.first_ts_us, summary.first_ts_us);
      report.last_ts_us =
          first ? summary.last_ts_us : std::max(report.last_ts_us, summary.last_ts_us);
      report.points += summary.points;
    }
    report.tags.push_back({tag, std::move(summary)});
  }
  return report;
}

std::string ValueText(const std::optional<FoundPoint>& found) {
  if (!found) return "-";
  const Point& point = found->point;
  if ((point.flags & kPointNull) != 0) return "NULL";
  switch (found->type) {
    case ValueType::kText:
      return std::string(point.text);
    case ValueType::kFloat64:
      return fmt::format("{}", AsDouble(point.bits));
    case ValueType::kFloat32:
      return fmt::format("{}", AsFloat(point.bits));
    case ValueType::kNone:
      return "NULL";
    default:
      return std::to_string(AsInt64(point.bits));
  }
}

}  // namespace xtdb
