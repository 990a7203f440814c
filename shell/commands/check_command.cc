#include "shell/commands/check_command.h"

#include <fmt/format.h>

#include <memory>

#include "shell/terminal/human_text.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/stop_signal.h"
#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
Every block, directory and checksum is read; nothing is changed. Other programs may have the
container open. In an application, SELECT xtdb_check('TABLE') does the same.

Examples:
  xtdb check plant.xtdb
  xtdb check plant.xtdb --json

--json writes one object: ok (true or false), problems (a list of texts), and the counts chunks,
blocks, vectors, points, points_in_log of what was read.

Exit codes: 0 sound, 1 problems (they are printed), 2 it could not be read, or wrong usage.
)";

void PrintJson(const StorageEngine::CheckReport& report, uint64_t points_in_log,
               const Terminal& terminal) {
  std::string problems;
  for (const std::string& problem : report.problems) {
    problems += (problems.empty() ? "" : ", ") + JsonText(problem);
  }
  fmt::print(terminal.out,
             "{{\"ok\": {}, \"problems\": [{}], \"chunks\": {}, \"blocks\": {}, \"vectors\": {}, "
             "\"points\": {}, \"points_in_log\": {}}}\n",
             report.problems.empty(), problems, report.chunks, report.blocks, report.vectors,
             report.points, points_in_log);
}

void PrintText(const StorageEngine::CheckReport& report, uint64_t points_in_log,
               const Terminal& terminal) {
  for (const std::string& problem : report.problems) {
    fmt::print(terminal.out, "{}\n", OneLine(problem, std::string::npos));
  }
  fmt::print(terminal.out, "{}: {}, {}, {}, {} read{}\n",
             report.problems.empty() ? "no problems" : CountText(report.problems.size(), "problem"),
             CountText(report.chunks, "chunk"), CountText(report.blocks, "block"),
             CountText(report.vectors, "vector"), CountText(report.points, "point"),
             points_in_log == 0 ? "" : ", " + CountText(points_in_log, "point") + " in the log");
}

}  // namespace

Result<ExitCode> RunCheck(const CheckOptions& options, const Terminal& terminal,
                          const std::function<bool()>& stop_asked) {
  LongWork work(terminal, SystemClock(), stop_asked);
  StorageEngine::CheckReport report;
  const Result<std::shared_ptr<StorageEngine>> engine = OpenForReading(options.container);
  uint64_t points_in_log = 0;
  if (engine.ok()) {
    points_in_log = engine.value()->Stats().buffered_points;
    XTDB_ASSIGN_OR_RETURN(report, engine.value()->Check(work.OnProgress()));
  } else if (engine.status().code() == StatusCode::kCorruption) {
    // Damage that keeps the container from being opened is what was asked for, not a failure.
    report.problems.emplace_back(engine.status().message());
  } else {
    return engine.status();
  }
  work.Clear();
  if (options.json) {
    PrintJson(report, points_in_log, terminal);
  } else {
    PrintText(report, points_in_log, terminal);
  }
  return report.problems.empty() ? ExitCode::kOk : ExitCode::kProblems;
}

void AddCheckCommand(CLI::App& app, Command& command) {
  CLI::App& check = *app.add_subcommand("check", "Look for damage in a container");
  const auto options = std::make_shared<CheckOptions>();
  check.add_option("CONTAINER", options->container, "The file to read")->required();
  check.add_flag("--json", options->json, "Write JSON");
  check.footer(kFooter);
  check.callback([options, &command] {
    command = [options](const Terminal& terminal) {
      const StopSignal stop;
      const auto stop_asked = [&stop] { return stop.stopped(); };
      return OrNothingDone(RunCheck(*options, terminal, stop_asked), terminal);
    };
  });
}

}  // namespace xtdb
