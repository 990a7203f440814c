#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "shell/commands/command.h"
#include "shell/plot/near_names.h"
#include "shell/terminal/terminal.h"
#include "vtab/text/quote_text.h"
#include "vtab/version.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
Examples:
  xtdb record machine.xtdb --duration 1min
  xtdb import plant.xtdb plant.csv
  xtdb stats plant.xtdb --tags
  xtdb plot plant.xtdb boiler.temp
  xtdb sql plant.xtdb "SELECT tag, count(*), avg(value) FROM plant GROUP BY tag"

'xtdb COMMAND --help' tells more.
)";

void PrintError(const Terminal& terminal, std::string_view message) {
  fmt::print(terminal.err, "xtdb: {}\n", message);
}

// Of a slip of the hand CLI11 says that an argument was not expected, and in what order of them.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "-";
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    commands.push_back(command->get_name());
  }
  const bool is_command = std::find(commands.begin(), commands.end(), first) != commands.end();
  if (first.starts_with('-') || is_command) return error.what();
  const std::vector<std::string> near = NearNames(first, commands, 1);
  return "there is no command " + QuoteForMessage(first) +
         (near.empty() ? "" : "; there is " + QuoteForMessage(near[0]));
}

// Help and version are exceptions too, of exit code 0.
ExitCode HandleParseError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv,
                          const Terminal& terminal) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return ExitCode::kOk;
  }
  if (argc == 1) {
    fmt::print(terminal.err, "{}", app.help());
    return ExitCode::kUsage;
  }
  PrintError(terminal, WhatIsWrong(app, error, argc, argv));
  fmt::print(terminal.err, "Run with --help for more information.\n");
  return ExitCode::kUsage;
}

ExitCode Run(int argc, char** argv, const Terminal& terminal) {
  CLI::App app("An embedded time-series store for signals", "xtdb");
  app.set_version_flag("--version", "xtdb " + std::string(Version()));
  app.require_subcommand(1);
  app.footer(std::string(kFooter) + kExitCodes);
  Command command;
  AddRecordCommand(app, command);
  AddImportCommand(app, command);
  AddExportCommand(app, command);
  AddTagsCommand(app, command);
  AddStatsCommand(app, command);
  AddCheckCommand(app, command);
  AddBackupCommand(app, command);
  AddRestoreCommand(app, command);
  AddSalvageCommand(app, command);
  AddCompactCommand(app, command);
  AddRetainCommand(app, command);
  AddMirrorCommand(app, command);
  AddBenchCommand(app, command);
  AddPlotCommand(app, command);
  AddSqlCommand(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return HandleParseError(app, error, argc, argv, terminal);
  }
  Result<ExitCode> done = command(terminal);
  // What is still in the buffer may not fit on the disk either.
  if (done.ok() && std::fflush(terminal.out) != 0) done = Status::FromErrno("write", errno);
  if (done.ok()) return done.value();
  PrintError(terminal, done.status().message());
  return ExitCode::kError;
}

}  // namespace
}  // namespace xtdb

int main(int argc, char** argv) {
  const xtdb::Terminal terminal = xtdb::Terminal::Standard();
  try {
    return static_cast<int>(xtdb::Run(argc, argv, terminal));
  } catch (const std::bad_alloc&) {
    std::fputs("xtdb: out of memory\n", stderr);
  } catch (const std::exception& error) {
    // A result that cannot be written, as to a full disk.
    std::fprintf(stderr, "xtdb: %s\n", error.what());
  }
  return static_cast<int>(xtdb::ExitCode::kError);
}
