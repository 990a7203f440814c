#include "shell/commands/export_command.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "planner/plan.h"
#include "shell/commands/command.h"
#include "shell/commands/tag_patterns.h"
#include "shell/export/output_file.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr size_t kWriteBytes = 256 * kKiB;

constexpr const char* kFooter = R"(
TAG is a name, or a pattern, in which * is any text and ? any character. Points come by tag and
time. --from and --to are times as in SQL ('2026-01-31', '2026-01-31 06:00 Europe/Berlin', 'now');
--from belongs to the range, --to does not.

csv and json are what 'xtdb import' makes the same container of. In csv lines
'#tag,name,type,unit,description,step' say what the tags are, then come tag,time,value,quality; json
is one object a line, first of the tags, then of the points. lines is InfluxDB's line protocol.

Examples:
  xtdb export plant.xtdb > plant.csv
  xtdb export plant.xtdb | xtdb import copy.xtdb -
  xtdb export plant.xtdb 'boiler.*' --from 2026-01-01 --to 2026-02-01 --output january.csv
  xtdb export plant.xtdb pump.speed --format json --no-definitions | jq -c .value

)";

class Exporter {
 public:
  Exporter(const ExportOptions& options, Clock& clock, const Terminal& terminal, OutputFile& output)
      : options_(options),
        clock_(clock),
        terminal_(terminal),
        output_(output),
        progress_(terminal, clock),
        started_us_(clock.MonotonicUs()),
        formatter_(PointFormatter::Make(options.format, options.definitions)) {}

  Status Run(const ReadView& view, const std::function<bool()>& stop_asked) {
    Request request;
    XTDB_ASSIGN_OR_RETURN(request.tags, TagsByPatterns(view, options_.tags));
    request.ts_from_us = options_.ts_from_us;
    request.ts_to_us = options_.ts_to_us;
    request.order = RowOrder::kTagTs;
    XTDB_RETURN_IF_ERROR(formatter_->Begin(request.tags, text_));
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan, Plan::Make(view, std::move(request)));
    for (;;) {
      XTDB_ASSIGN_OR_RETURN(const Batch* const batch, plan->Next());
      if (batch == nullptr) break;
      if (stop_asked()) return Status::Interrupted("interrupted");
      XTDB_RETURN_IF_ERROR(Take(*batch));
    }
    XTDB_RETURN_IF_ERROR(WriteOut());
    return output_.Finish();
  }

  // On the terminal only: the result itself may go to standard output.
  void PrintSummary() {
    progress_.Clear();
    if (left_out_ > 0) {
      fmt::print(terminal_.err, "xtdb: {} left out: line protocol has no NULL, NaN and infinity\n",
                 CountText(left_out_, "point"));
    }
    if (options_.output == "-") return;
    const int64_t duration_us = clock_.MonotonicUs() - started_us_;
    fmt::print(terminal_.out, "{}: exported {} of {} in {}, {} points/s\n", options_.output,
               CountText(points_ - left_out_, "point"), CountText(tags_, "tag"),
               SecondsText(duration_us), RateText(points_, duration_us));
  }

 private:
  Status Take(const Batch& batch) {
    if (batch.tag != tag_) {
      tag_ = batch.tag;
      ++tags_;
      formatter_->BeginTag(*tag_);
    }
    left_out_ += formatter_->Append(*batch.columns, batch.begin, batch.end, text_);
    points_ += batch.end - batch.begin;
    if (progress_.IsDue()) {
      progress_.Show(fmt::format("{} points, {} points/s  {}", CountText(points_),
                                 RateText(points_, clock_.MonotonicUs() - started_us_),
                                 batch.tag->name));
    }
    return text_.size() < kWriteBytes ? Status() : WriteOut();
  }

  Status WriteOut() {
    const Status written = output_.Write(text_.text());
    text_.Clear();
    return written;
  }

  const ExportOptions& options_;
  Clock& clock_;
  const Terminal& terminal_;
  OutputFile& output_;
  ProgressLine progress_;
  const int64_t started_us_;
  const std::unique_ptr<PointFormatter> formatter_;
  TextBuffer text_;
  TagPtr tag_;  // whose points are being written
  uint64_t points_ = 0;
  uint64_t left_out_ = 0;
  uint64_t tags_ = 0;  // with points
};

}  // namespace

Status RunExport(const ExportOptions& options, Clock& clock,
                 const std::function<bool()>& stop_asked, const Terminal& terminal) {
  if (options.ts_from_us > options.ts_to_us) {
    return Status::InvalidArgument("--from " + FormatTime(options.ts_from_us) +
                                   " is not before --to " + FormatTime(options.ts_to_us + 1));
  }
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForReading(options.container));
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, engine->TakeSnapshot());
  auto output = std::make_unique<OutputFile>(terminal.out);
  if (options.output != "-") {
    XTDB_ASSIGN_OR_RETURN(output, OutputFile::Open(options.output));
  }
  Exporter exporter(options, clock, terminal, *output);
  XTDB_RETURN_IF_ERROR(exporter.Run(view, stop_asked));
  exporter.PrintSummary();
  return {};
}

void AddExportCommand(CLI::App& app, Command& command) {
  CLI::App& subcommand =
      *app.add_subcommand("export", "Write points as CSV, JSON or line protocol");
  const auto options = std::make_shared<ExportOptions>();
  subcommand.add_option("CONTAINER", options->container, "The file to read")->required();
  subcommand.add_option("TAG", options->tags, "Names or patterns of tags (default: all)");
  AddTimeOption(
      subcommand, "--from", [options](int64_t ts_us) { options->ts_from_us = ts_us; },
      "First time");
  AddTimeOption(
      subcommand, "--to", [options](int64_t ts_us) { options->ts_to_us = ts_us - 1; },
      "End of the range");
  const auto set_format = [options](const std::string& text) {
    options->format = text == "json"    ? ExportFormat::kJson
                      : text == "lines" ? ExportFormat::kLines
                                        : ExportFormat::kCsv;
  };
  subcommand.add_option_function<std::string>("--format", set_format, "csv is the default")
      ->type_name("csv|json|lines")
      ->check(CLI::IsMember({"csv", "json", "lines"}));
  subcommand.add_option("--output", options->output, "The file to write; - is standard output")
      ->type_name("FILE");
  subcommand.add_flag("--definitions,!--no-definitions", options->definitions,
                      "csv, json: lines in front that say what the tags are (default), or none");
  subcommand.footer(std::string(kFooter) + kExitCodes);
  subcommand.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      const StopSignal stop;
      XTDB_RETURN_IF_ERROR(RunExport(
          *options, SystemClock(), [&stop] { return stop.stopped(); }, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
