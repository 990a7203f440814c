#include "shell/commands/compact_command.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <memory>

#include "shell/commands/command.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"

namespace xtdb {
namespace {

constexpr int kRoundsMax = 64;
constexpr std::chrono::milliseconds kLookInterval{100};

constexpr const char* kFooter = R"(
Merges chunks into ones that are sorted by tag and time, without what was overwritten, deleted or
hidden by retention, and compressed. Others may read and write meanwhile. A container that is being
written is compacted in the background anyway; this is for one that nobody writes any more, and for
--full, which takes what was merged before, too. It may be killed at any time.

Examples:
  xtdb compact plant.xtdb
  xtdb compact plant.xtdb --full

)";

struct Outcome {
  uint64_t chunks_in = 0;
  uint64_t chunks_out = 0;
  uint64_t points_in = 0;
  uint64_t points_out = 0;
  uint64_t disk_bytes_before = 0;
  uint64_t disk_bytes_after = 0;
};

// One call of the engine, with signs of life.
Result<StorageEngine::CompactionReport> CompactOnce(StorageEngine& engine, CompactionScope scope,
                                                    Clock& clock, ProgressLine& progress) {
  const int64_t started_us = clock.MonotonicUs();
  auto report =
      std::async(std::launch::async, [&] { return engine.Compact(scope, kWriterTimeoutUs); });
  while (report.wait_for(kLookInterval) == std::future_status::timeout) {
    const EngineStats stats = engine.Stats();
    progress.Show(fmt::format(
        "compacting: {} merged, {} read, {}", CountText(stats.chunks_compacted, "chunk"),
        BytesText(stats.compaction_bytes_read), SecondsText(clock.MonotonicUs() - started_us)));
  }
  progress.Clear();
  return report.get();
}

Result<Outcome> CompactAll(StorageEngine& engine, bool full, Clock& clock,
                           const Terminal& terminal) {
  ProgressLine progress(terminal, clock);
  const CompactionScope scope = full ? CompactionScope::kAll : CompactionScope::kRaw;
  Outcome outcome;
  // A run merges so many chunks at most; what it makes of them may be merged again.
  for (int round = 0; round < kRoundsMax; ++round) {
    XTDB_ASSIGN_OR_RETURN(const StorageEngine::CompactionReport report,
                          CompactOnce(engine, scope, clock, progress));
    if (report.chunks_in == 0) break;
    outcome.chunks_in += report.chunks_in;
    outcome.chunks_out += report.chunks_out;
    outcome.points_in += report.counts.points_in;
    outcome.points_out += report.counts.points_out;
  }
  return outcome;
}

void Print(const CompactOptions& options, const Outcome& outcome, const Terminal& terminal) {
  if (options.json) {
    fmt::print(terminal.out,
               "{{\"chunks_in\": {}, \"chunks_out\": {}, \"points_in\": {}, \"points_out\": {}, "
               "\"disk_bytes_before\": {}, \"disk_bytes_after\": {}}}\n",
               outcome.chunks_in, outcome.chunks_out, outcome.points_in, outcome.points_out,
               outcome.disk_bytes_before, outcome.disk_bytes_after);
  } else if (outcome.chunks_in == 0) {
    fmt::print(terminal.out, "{}: nothing to merge\n", options.container);
  } else {
    fmt::print(terminal.out, "{}: {} merged into {}, {} on disk before, {} after\n",
               options.container, CountText(outcome.chunks_in, "chunk"),
               CountText(outcome.chunks_out), BytesText(outcome.disk_bytes_before),
               BytesText(outcome.disk_bytes_after));
  }
}

}  // namespace

Status RunCompact(const CompactOptions& options, Clock& clock, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenExisting(options.container));
  const uint64_t disk_bytes_before = engine->Stats().container_disk_bytes;
  Result<Outcome> compacted = CompactAll(*engine, options.full, clock, terminal);
  const Status closed = engine->Close();
  XTDB_ASSIGN_OR_RETURN(Outcome outcome, std::move(compacted));
  XTDB_RETURN_IF_ERROR(closed);
  outcome.disk_bytes_before = disk_bytes_before;
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        PosixFileSystem().Open(options.container, OpenMode::kReadOnly));
  XTDB_ASSIGN_OR_RETURN(outcome.disk_bytes_after, file->AllocatedBytes());
  Print(options, outcome, terminal);
  return {};
}

void AddCompactCommand(CLI::App& app, Command& command) {
  CLI::App& compact = *app.add_subcommand("compact", "Merge chunks: smaller, and faster to read");
  const auto options = std::make_shared<CompactOptions>();
  compact.add_option("CONTAINER", options->container, "The file to compact")->required();
  compact.add_flag("--full", options->full, "Also chunks that were merged before");
  compact.add_flag("--json", options->json, "Write JSON");
  compact.footer(std::string(kFooter) + kExitCodes);
  compact.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunCompact(*options, SystemClock(), terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
