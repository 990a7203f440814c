#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/storage_engine.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

// What the program returns; in the help text of every command.
enum class ExitCode : int {
  kOk = 0,
  kError = 1,
  kUsage = 2,  // the command line is wrong; nothing was done
  // Of check and salvage, as diff and grep have them.
  kProblems = 1,     // done; there is damage
  kNothingDone = 2,  // it could not be read
};
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 error, 2 wrong usage (check and salvage: 1 damage, 2 not done).";

// The command that was parsed, ready to run. A failing one returns what to print behind `xtdb: `.
using Command = std::function<Result<ExitCode>(const Terminal&)>;

// Adds one subcommand; when it is parsed it sets `command`, which must outlive `app`.
void AddRecordCommand(CLI::App& app, Command& command);
void AddImportCommand(CLI::App& app, Command& command);
void AddExportCommand(CLI::App& app, Command& command);
void AddTagsCommand(CLI::App& app, Command& command);
void AddCompactCommand(CLI::App& app, Command& command);
void AddRetainCommand(CLI::App& app, Command& command);
void AddRestoreCommand(CLI::App& app, Command& command);
void AddMirrorCommand(CLI::App& app, Command& command);
void AddBenchCommand(CLI::App& app, Command& command);
void AddStatsCommand(CLI::App& app, Command& command);
void AddCheckCommand(CLI::App& app, Command& command);
void AddBackupCommand(CLI::App& app, Command& command);
void AddSalvageCommand(CLI::App& app, Command& command);
void AddPlotCommand(CLI::App& app, Command& command);
void AddSqlCommand(CLI::App& app, Command& command);

// An option that takes a PostgreSQL interval ('10s', '1h30m', '2 days'), more than zero; a month
// counts 30 days.
CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, int64_t& duration_us,
                               const std::string& description);

// An option that takes a time as SQL does ('2026-01-31', '2026-01-31 06:00 Europe/Berlin', 'now'),
// UTC where it names no zone. `set` gets it in microseconds, kTsMin to kTsMax + 1.
CLI::Option* AddTimeOption(CLI::App& app, const std::string& name,
                           const std::function<void(int64_t)>& set, const std::string& description);

// An error is printed and becomes kNothingDone.
Result<ExitCode> OrNothingDone(Result<ExitCode> done, const Terminal& terminal);

// The container, made if there is none.
Result<std::shared_ptr<StorageEngine>> OpenForWriting(const std::string& path);
// The container, which must exist.
Result<std::shared_ptr<StorageEngine>> OpenExisting(const std::string& path);
// The container, which must exist; nothing is changed on disk.
Result<std::shared_ptr<StorageEngine>> OpenForReading(const std::string& path);

// Waits as long for another writer as a person does.
inline constexpr int64_t kWriterTimeoutUs = 10'000'000;

}  // namespace xtdb
