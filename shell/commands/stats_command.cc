#include "shell/commands/stats_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "shell/commands/command.h"
#include "shell/commands/container_report.h"
#include "shell/commands/tag_table.h"
#include "shell/terminal/human_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
Examples:
  xtdb stats plant.xtdb
  xtdb stats plant.xtdb --tags
  xtdb stats plant.xtdb --json | jq .points

)";

void PrintLine(const Terminal& terminal, const char* name, const std::string& value) {
  fmt::print(terminal.out, "  {:<12} {}\n", name, value);
}

void PrintSummary(const ContainerReport& report, const Terminal& terminal) {
  const EngineStats& stats = report.stats;
  PrintLine(terminal, "tags", CountText(report.tags.size()));
  PrintLine(terminal, "points", CountText(report.points));
  if (report.points > 0) {
    PrintLine(terminal, "from", FormatTime(report.first_ts_us));
    PrintLine(terminal, "to", FormatTime(report.last_ts_us));
  }
  PrintLine(terminal, "on disk", BytesText(report.disk_bytes()));
  PrintLine(terminal, "bytes/point", RatioText(report.disk_bytes(), report.points));
  PrintLine(terminal, "chunks",
            fmt::format("{} of {} MiB, {} sealed", CountText(stats.chunks),
                        report.chunk_size_bytes / kMiB, CountText(report.sealed_chunks)));
  PrintLine(terminal, "blocks",
            fmt::format("{}, {}", CountText(report.blocks), BytesText(report.block_bytes)));
  std::string log = "none, closed cleanly";
  if (report.log_bytes > 0) {
    log = fmt::format("{}, {} not yet in blocks", BytesText(report.log_bytes),
                      CountText(stats.buffered_points, "point"));
  }
  PrintLine(terminal, "log", log);
}

void PrintJson(const ContainerReport& report, const StatsOptions& options,
               const Terminal& terminal) {
  std::string json = fmt::format(
      "{{\"path\": {}, \"tags\": {}, \"points\": {}, \"disk_bytes\": {}, \"log_bytes\": {}, "
      "\"chunks\": {}, \"sealed_chunks\": {}, \"chunk_size_bytes\": {}, \"blocks\": {}, "
      "\"block_bytes\": {}, \"buffered_points\": {}",
      JsonText(options.container), report.tags.size(), report.points, report.disk_bytes(),
      report.log_bytes, report.stats.chunks, report.sealed_chunks, report.chunk_size_bytes,
      report.blocks, report.block_bytes, report.stats.buffered_points);
  if (report.points > 0) {
    json +=
        fmt::format(", \"first_ts\": {}, \"last_ts\": {}", report.first_ts_us, report.last_ts_us);
  }
  if (options.tags) {
    json += ", \"tag_list\": [";
    for (size_t i = 0; i < report.tags.size(); ++i) {
      json += (i == 0 ? "" : ", ") + TagJson(report.tags[i]);
    }
    json += "]";
  }
  fmt::print(terminal.out, "{}}}\n", json);
}

}  // namespace

Status RunStats(const StatsOptions& options, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForReading(options.container));
  XTDB_ASSIGN_OR_RETURN(const ContainerReport report, MakeContainerReport(*engine));
  if (options.json) {
    PrintJson(report, options, terminal);
    return Status();
  }
  fmt::print(terminal.out, "{}\n", options.container);
  PrintSummary(report, terminal);
  if (options.tags) fmt::print(terminal.out, "\n{}", TagTableText(report.tags));
  return Status();
}

void AddStatsCommand(CLI::App& app, Command& command) {
  CLI::App& stats = *app.add_subcommand("stats", "Show what a container holds and takes");
  const auto options = std::make_shared<StatsOptions>();
  stats.add_option("CONTAINER", options->container, "The file to read")->required();
  stats.add_flag("--tags", options->tags, "A line for each tag");
  stats.add_flag("--json", options->json, "Write JSON");
  stats.footer(std::string(kFooter) + kExitCodes);
  stats.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunStats(*options, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
