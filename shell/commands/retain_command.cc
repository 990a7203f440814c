#include "shell/commands/retain_command.h"

#include <fmt/format.h>

#include <memory>

#include "shell/commands/command.h"
#include "shell/terminal/human_text.h"
#include "vtab/table_options.h"
#include "vtab/text/interval_text.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
Lets go what is older than the container's retention, and the oldest chunks beyond its max_bytes.
--keep and --max-bytes change these for good, as xtdb_set does in SQL; 0 is no limit. Without them
what the container was told before counts. What is let go cannot be brought back.

Examples:
  xtdb retain plant.xtdb
  xtdb retain plant.xtdb --keep '90 days'
  xtdb retain plant.xtdb --keep 0 --max-bytes 10G

)";

std::string IntervalText(int64_t us) {
  constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;
  return FormatInterval(
      {.months = 0, .days = static_cast<int32_t>(us / kDayUs), .us = us % kDayUs});
}

std::string KeptText(const RequestedStorage& storage) {
  const int64_t retention_us = storage.retention_us.value_or(0);
  const uint64_t max_bytes = storage.max_bytes.value_or(0);
  std::string text = retention_us == 0 ? "everything" : IntervalText(retention_us);
  if (max_bytes != 0) text += ", at most " + BytesText(max_bytes);
  return text;
}

Result<StorageEngine::DropReport> Retain(StorageEngine& engine, const RetainOptions& options) {
  const RequestedStorage& changes = options.changes;
  const bool has_changes = changes.retention_us || changes.max_bytes;
  if (has_changes) XTDB_RETURN_IF_ERROR(engine.ChangeStorage(changes, kWriterTimeoutUs));
  const RequestedStorage kept = engine.Storage();
  const bool has_limit = kept.retention_us.value_or(0) != 0 || kept.max_bytes.value_or(0) != 0;
  if (has_limit) return engine.Retain(kWriterTimeoutUs);
  if (has_changes) return StorageEngine::DropReport();
  return Status::FailedPrecondition(options.container +
                                    " keeps its points for ever; say --keep '90 days' or "
                                    "--max-bytes 10G");
}

void Print(const RetainOptions& options, const RequestedStorage& kept,
           const StorageEngine::DropReport& report, const Terminal& terminal) {
  if (options.json) {
    fmt::print(terminal.out,
               "{{\"retention_us\": {}, \"max_bytes\": {}, \"chunks_dropped\": {}, "
               "\"points_dropped\": {}, \"bytes_dropped\": {}}}\n",
               kept.retention_us.value_or(0), kept.max_bytes.value_or(0), report.chunks,
               report.points, report.bytes);
    return;
  }
  fmt::print(terminal.out, "{}: keeps {}; dropped {} with {}, {}\n", options.container,
             KeptText(kept), CountText(report.chunks, "chunk"), CountText(report.points, "point"),
             BytesText(report.bytes));
}

}  // namespace

Status RunRetain(const RetainOptions& options, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenExisting(options.container));
  const Result<StorageEngine::DropReport> report = Retain(*engine, options);
  const RequestedStorage kept = engine->Storage();
  const Status closed = engine->Close();
  XTDB_RETURN_IF_ERROR(report.status());
  XTDB_RETURN_IF_ERROR(closed);
  Print(options, kept, report.value(), terminal);
  return {};
}

void AddRetainCommand(CLI::App& app, Command& command) {
  CLI::App& retain = *app.add_subcommand("retain", "Let go old points, and say what is kept");
  const auto options = std::make_shared<RetainOptions>();
  retain.add_option("CONTAINER", options->container, "The file to change")->required();
  // Written and refused as the option of CREATE VIRTUAL TABLE.
  const auto change = [&retain, options](const std::string& name, const std::string& option,
                                         const std::string& type, const std::string& text) {
    const auto set = [options, name, option](const std::string& value) {
      const Result<RequestedStorage> changes = ParseStorageChange(option, value);
      if (!changes.ok()) {
        throw CLI::ValidationError(name, std::string(changes.status().message()));
      }
      if (changes.value().retention_us) {
        options->changes.retention_us = changes.value().retention_us;
      }
      if (changes.value().max_bytes) options->changes.max_bytes = changes.value().max_bytes;
    };
    retain.add_option_function<std::string>(name, set, text)->type_name(type);
  };
  change("--keep", "retention", "DURATION", "Points older than this go; 0: none do");
  change("--max-bytes", "max_bytes", "SIZE", "What blocks may take, as 10G; 0: no limit");
  retain.add_flag("--json", options->json, "Write JSON");
  retain.footer(std::string(kFooter) + kExitCodes);
  retain.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunRetain(*options, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
