#include "shell/commands/salvage_command.h"

#include <fmt/format.h>

#include <memory>

#include "engine/io/clock.h"
#include "engine/salvage/salvager.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/stop_signal.h"
#include "vtab/text/one_line.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
OUTPUT must not exist; it gets every point of DAMAGED whose checksum is right, also where
directory, catalogue and log (DAMAGED-wal, if it is there) are lost. DAMAGED is only read. Close it
in every program first. Where the name of a tag is lost, it becomes tag_NUMBER.

Examples:
  xtdb salvage plant.xtdb saved.xtdb
  xtdb salvage plant.xtdb saved.xtdb --json

Exit codes: 0 nothing was lost, 1 something was lost (it is printed), 2 nothing could be done, or
wrong usage.
)";

std::string RangeText(int64_t ts_min_us, int64_t ts_max_us) {
  if (ts_max_us < ts_min_us) return "times not known";
  return FormatTime(ts_min_us) + " to " + FormatTime(ts_max_us);
}

std::string LossText(const SalvageLoss& loss) {
  std::string text = loss.tag.empty() ? "tag not known" : "tag '" + loss.tag + "'";
  text += ", " + RangeText(loss.ts_min_us, loss.ts_max_us);
  if (loss.points != 0) text += ", " + CountText(loss.points, "point");
  return OneLine(text + ": " + loss.what, std::string::npos);
}

void PrintText(const SalvageReport& report, const SalvageOptions& options,
               const Terminal& terminal) {
  for (const SalvageLoss& loss : report.losses) {
    fmt::print(terminal.out, "lost: {}\n", LossText(loss));
  }
  for (const DoubtfulRange& range : report.doubtful) {
    fmt::print(terminal.out,
               "doubtful: tag '{}', {}, {}: what replaced or deleted them may be lost\n",
               OneLine(range.tag, std::string::npos), RangeText(range.ts_min_us, range.ts_max_us),
               CountText(range.points, "older point"));
  }
  for (const std::string& note : report.notes) {
    fmt::print(terminal.out, "damaged, nothing lost by it: {}\n", note);
  }
  fmt::print(terminal.out, "saved: {} of {} to {}\n", CountText(report.points, "point"),
             CountText(report.tags.size(), "tag"), options.output);
  if (report.points != 0) {
    fmt::print(terminal.out, "  times: {}\n", RangeText(report.ts_min_us, report.ts_max_us));
  }
  fmt::print(terminal.out, "  read:  {}, {}, {}; {} from the log alone\n",
             CountText(report.blocks, "block"), CountText(report.vectors, "vector"),
             CountText(report.vectors_damaged, "damaged vector"),
             CountText(report.points_from_log, "point"));
  fmt::print(terminal.out, "{}\n",
             report.complete() ? "nothing was lost" : "something was lost, see above");
}

std::string JsonRange(int64_t ts_min_us, int64_t ts_max_us) {
  if (ts_max_us < ts_min_us) return R"("first_ts": null, "last_ts": null)";
  return fmt::format(R"("first_ts": {}, "last_ts": {})", ts_min_us, ts_max_us);
}

template <typename Items, typename Show>
std::string JsonList(const Items& items, const Show& show) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + show(item);
  return "[" + text + "]";
}

void PrintJson(const SalvageReport& report, const SalvageOptions& options,
               const Terminal& terminal) {
  const std::string tags = JsonList(report.tags, [](const SavedTag& tag) {
    const bool any = tag.points != 0;
    return fmt::format(R"({{"tag": {}, "points": {}, {}}})", JsonText(tag.name), tag.points,
                       any ? JsonRange(tag.ts_min_us, tag.ts_max_us) : JsonRange(0, -1));
  });
  const std::string losses = JsonList(report.losses, [](const SalvageLoss& loss) {
    return fmt::format(
        R"({{"tag": {}, {}, "points": {}, "what": {}}})",
        loss.tag.empty() ? "null" : JsonText(loss.tag), JsonRange(loss.ts_min_us, loss.ts_max_us),
        loss.points == 0 ? "null" : std::to_string(loss.points), JsonText(loss.what));
  });
  const std::string doubtful = JsonList(report.doubtful, [](const DoubtfulRange& range) {
    return fmt::format(R"({{"tag": {}, {}, "points": {}}})", JsonText(range.tag),
                       JsonRange(range.ts_min_us, range.ts_max_us), range.points);
  });
  fmt::print(terminal.out,
             "{{\"ok\": {}, \"output\": {}, \"points\": {}, \"points_from_log\": {}, {}, "
             "\"blocks\": {}, \"vectors\": {}, \"vectors_damaged\": {}, \"lost\": {}, "
             "\"doubtful\": {}, \"notes\": {}, \"tags\": {}}}\n",
             report.complete(), JsonText(options.output), report.points, report.points_from_log,
             report.points != 0 ? JsonRange(report.ts_min_us, report.ts_max_us) : JsonRange(0, -1),
             report.blocks, report.vectors, report.vectors_damaged, losses, doubtful,
             JsonList(report.notes, [](const std::string& note) { return JsonText(note); }), tags);
}

}  // namespace

Result<ExitCode> RunSalvage(const SalvageOptions& options, const Terminal& terminal,
                            const std::function<bool()>& stop_asked) {
  LongWork work(terminal, SystemClock(), stop_asked);
  Salvager salvager(PosixFileSystem(), SystemClock(), EngineOptions(), work.OnProgress());
  XTDB_ASSIGN_OR_RETURN(const SalvageReport report, salvager.Run(options.damaged, options.output));
  work.Clear();
  if (options.json) {
    PrintJson(report, options, terminal);
  } else {
    PrintText(report, options, terminal);
  }
  return report.complete() ? ExitCode::kOk : ExitCode::kProblems;
}

void AddSalvageCommand(CLI::App& app, Command& command) {
  CLI::App& salvage =
      *app.add_subcommand("salvage", "Make a new container of what is intact in a damaged one");
  const auto options = std::make_shared<SalvageOptions>();
  salvage.add_option("DAMAGED", options->damaged, "The container to read")->required();
  salvage.add_option("OUTPUT", options->output, "The container to make")->required();
  salvage.add_flag("--json", options->json, "Write JSON");
  salvage.footer(kFooter);
  salvage.callback([options, &command] {
    command = [options](const Terminal& terminal) {
      const StopSignal stop;
      const auto stop_asked = [&stop] { return stop.stopped(); };
      return OrNothingDone(RunSalvage(*options, terminal, stop_asked), terminal);
    };
  });
}

}  // namespace xtdb
