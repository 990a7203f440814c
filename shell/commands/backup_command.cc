#include "shell/commands/backup_command.h"

#include <memory>

#include "engine/backup/container_backup.h"
#include "shell/commands/copy_report.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/stop_signal.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
TARGET must not exist. It becomes an ordinary container, closed, with every commit made before the
backup began; it is read and checked before it gets its name. Writers wait only while what may
change is copied. In an application, SELECT xtdb_backup('TABLE', 'TARGET') does the same.

--json writes one object of what the copy holds: points, blocks, chunks, bytes_written.

Examples:
  xtdb backup plant.xtdb plant-monday.xtdb
  xtdb backup plant.xtdb plant-monday.xtdb --json | jq .points

)";

// A container on a medium that cannot be written can still be copied, if it was closed.
Result<std::shared_ptr<StorageEngine>> OpenSource(const std::string& path) {
  EngineOptions options;
  options.must_exist = true;
  Result<std::shared_ptr<StorageEngine>> opened =
      StorageEngine::Open(PosixFileSystem(), SystemClock(), path, options);
  if (opened.ok() || opened.status().code() != StatusCode::kReadOnly) return opened;
  return OpenForReading(path);
}

}  // namespace

Result<ExitCode> RunBackup(const BackupOptions& options, const Terminal& terminal,
                           const std::function<bool()>& stop_asked) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine, OpenSource(options.source));
  LongWork work(terminal, SystemClock(), stop_asked);
  ContainerBackup backup(PosixFileSystem(), *engine, work.OnProgress());
  const Result<BackupReport> copied = backup.Run(options.target, kWriterTimeoutUs);
  // Else its log would stay behind.
  const Status closed = engine->Close();
  XTDB_ASSIGN_OR_RETURN(const BackupReport report, copied);
  XTDB_RETURN_IF_ERROR(closed);
  work.Clear();
  PrintCopyReport(report, options.target, "", options.json, terminal);
  return ExitCode::kOk;
}

void AddBackupCommand(CLI::App& app, Command& command) {
  CLI::App& backup = *app.add_subcommand("backup", "Copy a container that may be in use");
  const auto options = std::make_shared<BackupOptions>();
  backup.add_option("SOURCE", options->source, "The container to copy")->required();
  backup.add_option("TARGET", options->target, "The file to make")->required();
  backup.add_flag("--json", options->json, "Write JSON");
  backup.footer(std::string(kFooter) + kExitCodes);
  backup.callback([options, &command] {
    command = [options](const Terminal& terminal) {
      const StopSignal stop;
      return RunBackup(*options, terminal, [&stop] { return stop.stopped(); });
    };
  });
}

}  // namespace xtdb
