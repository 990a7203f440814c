#include "shell/commands/import_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "engine/storage_engine.h"
#include "shell/commands/command.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"

namespace xtdb {
namespace {

constexpr uint64_t kBadLinesShownMax = 20;

constexpr const char* kFooter = R"(
Long files have a point in each line: tag, time, value and, if you like, quality, in any order under
a header. Without a column of tags the points are of --tag, or of a tag with the file's name.
Wide files have a header, a time and one column for each tag. Separator, header, layout and format
of the times are detected; the options settle what cannot be told. Lines '#tag,name,type,unit,
description,step' in front define tags, as 'xtdb export' writes them.

Files of InfluxDB's line protocol make a tag of each field, with the measurement and the values of
its tags in front: 'air,room=k3 temp=21.5' is of the tag air.k3.temp; a field 'value' adds nothing
to the name. --unit says what their times count, --quality-column which field is the quality.

Files of JSON lines have an object in each line, long as {"tag":"t","time":"2026-01-31","value":1}
or wide as {"time":1769817600,"boiler.temp":71.5,"pump.on":true}.

All files together are one transaction: on an error nothing of them is kept.

Examples:
  xtdb import plant.xtdb plant.csv
  xtdb import plant.xtdb logs/*.csv --on-error skip
  xtdb import plant.xtdb boiler.csv --tag boiler.temp --time-format dmy --delimiter ';'
  xtdb import plant.xtdb meters.csv.gz --timezone Europe/Berlin
  zstdcat sensors.lp.zst | xtdb import plant.xtdb - --format lines --unit ns

)";

// Waits for other writers, and rolls back at its end what is not committed.
class EngineTransactions : public PointTransactions {
 public:
  explicit EngineTransactions(StorageEngine& engine) : engine_(engine) {}

  Result<Transaction*> Begin() override {
    if (transaction_ == nullptr) {
      XTDB_ASSIGN_OR_RETURN(transaction_, engine_.Begin(kWriterTimeoutUs));
    }
    return transaction_.get();
  }
  Status Commit() override {
    const std::unique_ptr<Transaction> transaction = std::move(transaction_);
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    return Status();
  }

 private:
  StorageEngine& engine_;
  std::unique_ptr<Transaction> transaction_;
};

class Importer {
 public:
  Importer(const ImportOptions& options, StorageEngine& engine, Clock& clock,
           const std::function<bool()>& stop_asked, const Terminal& terminal)
      : options_(options),
        clock_(clock),
        terminal_(terminal),
        progress_(terminal, clock),
        started_us_(clock.MonotonicUs()),
        hooks_{stop_asked, [this](const CsvProgress& progress) { return ShowProgress(progress); },
               [this](const std::string& file, const Status& why) { ShowBadLine(file, why); }},
        transactions_(engine),
        import_(options, transactions_, clock, hooks_) {}

  Status Run() {
    for (const std::string& file : options_.files) XTDB_RETURN_IF_ERROR(import_.ReadFile(file));
    return import_.Finish();
  }

  void PrintSummary() {
    progress_.Clear();
    const int64_t duration_us = clock_.MonotonicUs() - started_us_;
    const uint64_t bad_lines = import_.bad_lines();
    if (bad_lines > 0) {
      const std::string hidden =
          bad_lines > kBadLinesShownMax
              ? fmt::format(", the first {} of them shown", kBadLinesShownMax)
              : "";
      fmt::print(terminal_.err, "xtdb: {} skipped{}\n", CountText(bad_lines, "bad line"), hidden);
    }
    const CsvPointWriter& written = import_.written();
    fmt::print(terminal_.out, "{}: imported {}, {} of {} in {}, {} rows/s\n", options_.container,
               CountText(written.rows(), "row"), CountText(written.point_count(), "point"),
               CountText(written.tag_count(), "tag"), SecondsText(duration_us),
               RateText(written.rows(), duration_us));
  }

  uint64_t rows_committed() const { return import_.written().rows_committed(); }

 private:
  Status ShowProgress(const CsvProgress& progress) {
    if (!progress_.IsDue()) return Status();
    const uint64_t rows = import_.written().rows();
    const std::string done = progress.bytes_total > 0
                                 ? ProgressBar(progress.bytes_done, progress.bytes_total)
                                 : BytesText(progress.bytes_done);
    progress_.Show(fmt::format("{} {} rows, {} rows/s  {}", done, CountText(rows),
                               RateText(rows, clock_.MonotonicUs() - started_us_),
                               std::filesystem::path(progress.file).filename().string()));
    return Status();
  }

  void ShowBadLine(const std::string& file, const Status& reason) {
    if (import_.bad_lines() > kBadLinesShownMax) return;
    progress_.Clear();
    fmt::print(terminal_.err, "xtdb: {}: {} (skipped)\n", file, reason.message());
  }

  const ImportOptions& options_;
  Clock& clock_;
  const Terminal& terminal_;
  ProgressLine progress_;
  const int64_t started_us_;
  const CsvImportHooks hooks_;
  EngineTransactions transactions_;
  CsvImport import_;
};

Status WhatIsKept(const Status& failure, uint64_t rows_committed) {
  const std::string kept = rows_committed == 0
                               ? "nothing was imported"
                               : "the first " + CountText(rows_committed, "row") + " stay imported";
  const std::string text = std::string(failure.message()) + " (" + kept + ")";
  // Only the text reaches the user; the code said what to do to the code below.
  return Status::InvalidArgument(text);
}

}  // namespace

Status RunImport(const ImportOptions& options, Clock& clock,
                 const std::function<bool()>& stop_asked, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForWriting(options.container));
  Status imported;
  {
    // Its end rolls back what it has not committed, which must come before the close.
    Importer importer(options, *engine, clock, stop_asked, terminal);
    imported = importer.Run();
    if (imported.ok()) imported = engine->Close();
    if (imported.ok()) {
      importer.PrintSummary();
      return Status();
    }
    imported = WhatIsKept(imported, importer.rows_committed());
  }
  IgnoreStatus(engine->CloseAndRemoveIfNew(), "the first error is the one to tell");
  return imported;
}

namespace {

char ReadSeparator(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() == 1) return text[0];
  throw CLI::ValidationError("--delimiter", "write one character, or 'tab'");
}

CsvTimeFormat ReadTimeFormat(const std::string& text) {
  const Result<CsvTimeFormat> format = ParseCsvTimeFormat(text);
  if (format.ok()) return format.value();
  throw CLI::ValidationError("--time-format", std::string(format.status().message()));
}

std::shared_ptr<const TimeZone> ReadTimeZone(const std::string& text) {
  Result<std::shared_ptr<const TimeZone>> zone = TimeZone::Load(text);
  if (zone.ok()) return std::move(zone).value();
  throw CLI::ValidationError("--timezone", std::string(zone.status().message()));
}

void AddCsvOptions(CLI::App& subcommand, CsvOptions& csv) {
  const auto set_separator = [&csv](const std::string& text) {
    csv.separator = ReadSeparator(text);
  };
  const auto set_time_format = [&csv](const std::string& text) {
    csv.time_format = ReadTimeFormat(text);
  };
  const auto set_time_zone = [&csv](const std::string& text) {
    csv.time_zone = ReadTimeZone(text);
  };
  const auto set_layout = [&csv](const std::string& text) {
    csv.layout = text == "wide" ? CsvLayout::kWide : CsvLayout::kLong;
  };
  const auto set_decimal = [&csv](const std::string& text) { csv.decimal_comma = text == "comma"; };
  const auto set_header = [&csv](int64_t count) { csv.header = count > 0; };
  subcommand.add_option("--tag", csv.tag, "The tag of files that have only times and values");
  subcommand
      .add_option_function<std::string>("--delimiter", set_separator,
                                        "What separates the columns: one character, or 'tab'")
      ->type_name("CHAR");
  subcommand
      .add_option_function<std::string>("--decimal", set_decimal,
                                        "What stands before the fraction of a number")
      ->type_name("point|comma")
      ->check(CLI::IsMember({"point", "comma"}));
  subcommand
      .add_option_function<std::string>(
          "--time-format,--unit", set_time_format,
          "iso, s, ms, us, ns (since 1970), dmy (31.12.2024) or mdy (12/31/2024)")
      ->type_name("FORMAT");
  subcommand
      .add_option_function<std::string>(
          "--timezone", set_time_zone,
          "Whose clock shows the times that name no zone, as Europe/Berlin (default UTC)")
      ->type_name("NAME");
  subcommand.add_flag_function("--header,!--no-header", set_header,
                               "The first line has the names of the columns, or has not");
  subcommand
      .add_option_function<std::string>("--layout", set_layout,
                                        "long: a point in each line; wide: one column for each tag")
      ->type_name("long|wide")
      ->check(CLI::IsMember({"long", "wide"}));
  subcommand.add_option("--time-column", csv.time_column, "Name or number (from 1) of that column");
  subcommand.add_option("--tag-column", csv.tag_column, "Likewise");
  subcommand.add_option("--value-column", csv.value_column, "Likewise");
  subcommand.add_option("--quality-column", csv.quality_column, "Likewise");
}

void AddRowOptions(CLI::App& subcommand, ImportOptions& options) {
  const auto set_on_error = [&options](const std::string& text) {
    options.skip_bad_lines = text == "skip";
  };
  const auto set_quality = [&options](int quality) {
    options.quality = static_cast<Quality>(quality);
  };
  subcommand
      .add_option_function<std::string>(
          "--on-error", set_on_error,
          "What a bad line does: stop (default), with nothing imported, or skip")
      ->type_name("stop|skip")
      ->check(CLI::IsMember({"stop", "skip"}));
  subcommand
      .add_option_function<int>(
          "--quality", set_quality,
          "Quality of files without a column for it, 0 to 255 (default 192, good)")
      ->type_name("N")
      ->check(CLI::Range(0, 255));
  subcommand
      .add_option("--commit-every", options.rows_per_commit,
                  "Commit after so many rows: less memory for very large files")
      ->type_name("ROWS")
      ->check([](const std::string& text) {
        const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
        const bool is_some = text.find_first_not_of('0') != std::string::npos;
        return is_number && is_some ? "" : "\"" + text + "\" is no number of rows; write 1 or more";
      });
}

Result<ExitCode> RunUntilStopped(const ImportOptions& options, const Terminal& terminal) {
  const StopSignal stop;
  XTDB_RETURN_IF_ERROR(RunImport(
      options, SystemClock(), [&stop] { return stop.stopped(); }, terminal));
  return ExitCode::kOk;
}

}  // namespace

void AddImportCommand(CLI::App& app, Command& command) {
  CLI::App& subcommand =
      *app.add_subcommand("import", "Read CSV, JSON lines or line protocol into a container");
  const auto options = std::make_shared<ImportOptions>();
  subcommand
      .add_option("CONTAINER", options->container, "The file to write; made if there is none")
      ->required();
  subcommand
      .add_option("FILE", options->files,
                  "Files to read, packed by gzip or zstd or not; - is standard input")
      ->required();
  const auto set_format = [options](const std::string& text) {
    options->format = text == "lines"  ? ImportFormat::kLines
                      : text == "json" ? ImportFormat::kJson
                                       : ImportFormat::kCsv;
  };
  subcommand
      .add_option_function<std::string>("--format", set_format,
                                        "What the files are (default: as their first line says)")
      ->type_name("csv|json|lines")
      ->check(CLI::IsMember({"csv", "json", "lines"}));
  AddCsvOptions(subcommand, options->csv);
  AddRowOptions(subcommand, *options);
  subcommand.footer(std::string(kFooter) + kExitCodes);
  subcommand.callback([options, &command] {
    command = [options](const Terminal& terminal) { return RunUntilStopped(*options, terminal); };
  });
}

}  // namespace xtdb
