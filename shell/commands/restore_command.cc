#include "shell/commands/restore_command.h"

#include <memory>
#include <optional>

#include "engine/backup/container_backup.h"
#include "engine/container.h"
#include "engine/process/process_locks.h"
#include "shell/commands/command.h"
#include "shell/commands/copy_report.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/stop_signal.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
BACKUP is a container that 'xtdb backup' made, or any other that is closed. It is checked first,
block by block; so is the copy, before it gets the name CONTAINER. With --force it takes the place
of a container that is there already, whose points and log are gone then; close it in every program
first.

Examples:
  xtdb restore plant-monday.xtdb plant.xtdb
  xtdb restore plant-monday.xtdb plant.xtdb --force

)";

// A slip of the hand is not to cost another file.
Status CheckMayGo(File& file) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size == 0 || Container::CheckIsContainer(file).ok()) return {};
  return Status::AlreadyExists(file.path() +
                               " is no container, or its beginning is destroyed; move it away");
}

// Whoever opens the container while this lives waits, and then finds the new one.
class ContainerHold {
 public:
  static Result<std::unique_ptr<ContainerHold>> Take(FileSystem& fs, const std::string& path) {
    XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs.Open(path, OpenMode::kReadWrite));
    XTDB_RETURN_IF_ERROR(CheckMayGo(*file));
    auto hold = std::unique_ptr<ContainerHold>(new ContainerHold(std::move(file)));
    XTDB_RETURN_IF_ERROR(hold->locks_.LockRecovery());
    XTDB_ASSIGN_OR_RETURN(const bool alone, hold->locks_.TryExclusiveOpen());
    if (alone) return hold;
    return Status::Busy(path + " is open in another program; close it there first");
  }

 private:
  explicit ContainerHold(std::unique_ptr<File> file)
      : file_(std::move(file)), locks_(*file_, SystemClock()) {}

  const std::unique_ptr<File> file_;  // its locks end with it
  ProcessLocks locks_;
};

Status CheckBackup(StorageEngine& backup, const std::string& path, const ProgressFn& on_progress) {
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CheckReport report, backup.Check(on_progress));
  if (report.problems.empty()) return {};
  return Status::Corruption(path + " is damaged: " + report.problems[0] + " (" +
                            CountText(report.problems.size(), "problem") + "; 'xtdb check " + path +
                            "' shows all, 'xtdb salvage' saves the rest)");
}

Status RemoveIfThere(FileSystem& fs, const std::string& path) {
  const Status removed = fs.Remove(path);
  return removed.code() == StatusCode::kNotFound ? Status() : removed;
}

// The old log and shared memory go last: beside the restored container they are known to be
// another's, and the old one without its log would be no whole one.
Status PutInPlace(FileSystem& fs, const std::string& copy, const std::string& container) {
  XTDB_RETURN_IF_ERROR(fs.Rename(copy, container));
  XTDB_RETURN_IF_ERROR(fs.SyncDirectory(DirectoryOf(container)));
  XTDB_RETURN_IF_ERROR(RemoveIfThere(fs, container + "-wal"));
  XTDB_RETURN_IF_ERROR(RemoveIfThere(fs, container + "-shm"));
  return fs.SyncDirectory(DirectoryOf(container));
}

}  // namespace

Status RunRestore(const RestoreOptions& options, const Terminal& terminal,
                  const std::function<bool()>& stop_asked) {
  FileSystem& fs = PosixFileSystem();
  // A symbolic link stays one.
  XTDB_ASSIGN_OR_RETURN(const std::string container, fs.ResolvePath(options.container));
  const bool exists = fs.Exists(container);
  if (exists && !options.force) {
    return Status::AlreadyExists(options.container +
                                 " exists; move it away, or say --force to replace it");
  }
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> backup,
                        OpenForReading(options.backup));
  LongWork work(terminal, SystemClock(), stop_asked);
  XTDB_RETURN_IF_ERROR(CheckBackup(*backup, options.backup, work.OnProgress()));
  std::unique_ptr<ContainerHold> hold;
  if (exists) {
    XTDB_ASSIGN_OR_RETURN(const FileIdentity from, fs.Identify(options.backup));
    XTDB_ASSIGN_OR_RETURN(const FileIdentity to, fs.Identify(container));
    if (from.IsSameFile(to)) return Status::InvalidArgument("BACKUP and CONTAINER are one file");
    XTDB_ASSIGN_OR_RETURN(hold, ContainerHold::Take(fs, container));
  }
  const std::string copy = exists ? container + ".restored" : container;
  // What a killed restore has left.
  if (exists) XTDB_RETURN_IF_ERROR(RemoveIfThere(fs, copy));
  XTDB_ASSIGN_OR_RETURN(
      const BackupReport report,
      ContainerBackup(fs, *backup, work.OnProgress()).Run(copy, kWriterTimeoutUs));
  if (exists) XTDB_RETURN_IF_ERROR(PutInPlace(fs, copy, container));
  work.Clear();
  PrintCopyReport(report, options.container, "restored ", options.json, terminal);
  return {};
}

void AddRestoreCommand(CLI::App& app, Command& command) {
  CLI::App& restore = *app.add_subcommand("restore", "Make a container of a backup");
  const auto options = std::make_shared<RestoreOptions>();
  restore.add_option("BACKUP", options->backup, "The container to copy")->required();
  restore.add_option("CONTAINER", options->container, "The file to make")->required();
  restore.add_flag("--force", options->force, "Replace CONTAINER, if it exists");
  restore.add_flag("--json", options->json, "Write JSON");
  restore.footer(std::string(kFooter) + kExitCodes);
  restore.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      const StopSignal stop;
      XTDB_RETURN_IF_ERROR(RunRestore(*options, terminal, [&stop] { return stop.stopped(); }));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
