#include "shell/commands/import_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "engine/storage_engine.h"
#include "shell/commands/command.h"
#include "shell/commands/point_writer.h"
#include "shell/csv/csv_batch_pump.h"
#include "shell/csv/csv_batch_reader.h"
#include "shell/csv/csv_reader.h"
#include "shell/csv/csv_tag_table.h"
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
of the times are detected; the options settle what cannot be told. All files together are one
transaction: on an error nothing of them is kept.

Examples:
  xtdb import plant.xtdb plant.csv
  xtdb import plant.xtdb logs/*.csv --on-error skip
  xtdb import plant.xtdb boiler.csv --tag boiler.temp --time-format dmy --delimiter ';'
  zcat plant.csv.gz | xtdb import plant.xtdb -

)";

// An open file that is closed at the end, if it is not standard input.
class InputFile {
 public:
  explicit InputFile(const std::string& path) : is_stdin_(path == "-") {
    fd_ = is_stdin_ ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    error_ = fd_ < 0 ? errno : 0;
  }
  ~InputFile() {
    if (fd_ >= 0 && !is_stdin_) ::close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int fd() const { return fd_; }
  Status status() const { return error_ == 0 ? Status() : Status::FromErrno("open", error_); }
  // 0: not known, as of a pipe.
  uint64_t SizeBytes() const {
    struct stat about = {};
    if (::fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    return static_cast<uint64_t>(about.st_size);
  }

 private:
  const bool is_stdin_;
  int fd_ = -1;
  int error_ = 0;
};

std::string DisplayName(const std::string& path) { return path == "-" ? "stdin" : path; }

// A file with time and value only is of the tag that it is named after: the header says no more
// than "value".
Result<CsvSchema> DetectSchema(const CsvReader::Beginning& beginning, const CsvOptions& options,
                               const std::string& path) {
  Result<CsvSchema> schema = DetectCsvSchema(beginning.text, beginning.whole, options);
  if (path == "-" || !options.tag.empty()) return schema;
  const std::string stem = std::filesystem::path(path).stem().string();
  if (!schema.ok()) {
    CsvOptions with_tag = options;
    with_tag.tag = stem;
    if (options.header.value_or(false) || options.layout == CsvLayout::kWide) return schema;
    Result<CsvSchema> again = DetectCsvSchema(beginning.text, beginning.whole, with_tag);
    return again.ok() && !again.value().header ? std::move(again) : std::move(schema);
  }
  if (schema.value().layout == CsvLayout::kLong && !schema.value().tag_column) {
    schema.value().tag = stem;
  }
  return schema;
}

class Importer {
 public:
  Importer(const ImportOptions& options, StorageEngine& engine, Clock& clock,
           const std::function<bool()>& stop_asked, const Terminal& terminal)
      : options_(options),
        writer_(engine, options.rows_per_commit),
        clock_(clock),
        stop_asked_(stop_asked),
        terminal_(terminal),
        progress_(terminal, clock, 0),
        started_us_(clock.MonotonicUs()) {}

  Status Run() {
    for (const std::string& file : options_.files) {
      const Status imported = ImportFile(file);
      if (!imported.ok()) return imported.WithContext(DisplayName(file));
    }
    return writer_.Finish();
  }

  void PrintSummary() {
    progress_.Clear();
    const int64_t duration_us = clock_.MonotonicUs() - started_us_;
    if (bad_lines_ > 0) {
      const std::string hidden =
          bad_lines_ > kBadLinesShownMax
              ? fmt::format(", the first {} of them shown", kBadLinesShownMax)
              : "";
      fmt::print(terminal_.err, "xtdb: {} skipped{}\n", CountText(bad_lines_, "bad line"), hidden);
    }
    fmt::print(terminal_.out, "{}: imported {}, {} of {} in {}, {} rows/s\n", options_.container,
               CountText(writer_.rows(), "row"), CountText(writer_.point_count(), "point"),
               CountText(writer_.tag_count(), "tag"), SecondsText(duration_us),
               RateText(writer_.rows(), duration_us));
  }

  uint64_t rows_committed() const { return writer_.rows_committed(); }

 private:
  Status ImportFile(const std::string& path) {
    const InputFile file(path);
    XTDB_RETURN_IF_ERROR(file.status());
    std::atomic<bool> cancelled = false;
    CsvReader reader(
        CsvFromDescriptor(file.fd(), [&] { return cancelled.load() || stop_asked_(); }));
    XTDB_ASSIGN_OR_RETURN(const CsvReader::Beginning beginning, reader.Peek());
    XTDB_ASSIGN_OR_RETURN(CsvSchema schema, DetectSchema(beginning, options_.csv, path));
    reader.set_separator(schema.separator);
    CsvBatchReader batches(reader, tags_, std::move(schema), BatchOptions());
    CsvBatchPump pump(batches, cancelled);
    const uint64_t size_bytes = file.SizeBytes();
    const auto on_bad_line = [&](const Status& reason) { return NoteBadLine(path, reason); };
    for (;;) {
      XTDB_ASSIGN_OR_RETURN(const CsvBatch* const batch, pump.Next());
      if (batch == nullptr) return Status();
      XTDB_RETURN_IF_ERROR(writer_.Write(*batch, on_bad_line));
      if (stop_asked_()) return Status::FailedPrecondition("interrupted");
      ShowProgress(path, batch->bytes_consumed, size_bytes);
    }
  }

  CsvBatchOptions BatchOptions() const {
    CsvBatchOptions options;
    options.now_us = clock_.NowUs();
    options.quality = options_.quality;
    options.ends_at_bad_record = !options_.skip_bad_lines;
    options.records_per_boundary = options_.rows_per_commit;
    options.records_to_boundary = options_.rows_per_commit == 0 ? 0 : writer_.rows_to_commit();
    return options;
  }

  void ShowProgress(const std::string& path, uint64_t bytes_done, uint64_t size_bytes) {
    if (!progress_.IsDue()) return;
    const std::string done =
        size_bytes > 0 ? ProgressBar(bytes_done, size_bytes) : BytesText(bytes_done);
    progress_.Show(fmt::format("{} {} rows, {} rows/s  {}", done, CountText(writer_.rows()),
                               RateText(writer_.rows(), clock_.MonotonicUs() - started_us_),
                               std::filesystem::path(DisplayName(path)).filename().string()));
  }

  Status NoteBadLine(const std::string& path, const Status& reason) {
    if (!options_.skip_bad_lines) return reason;
    if (++bad_lines_ > kBadLinesShownMax) return Status();
    progress_.Clear();
    fmt::print(terminal_.err, "xtdb: {}: {} (skipped)\n", DisplayName(path), reason.message());
    return Status();
  }

  const ImportOptions& options_;
  PointWriter writer_;
  Clock& clock_;
  const std::function<bool()>& stop_asked_;
  const Terminal& terminal_;
  ProgressLine progress_;
  const int64_t started_us_;
  CsvTagTable tags_;
  uint64_t bad_lines_ = 0;
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

void AddCsvOptions(CLI::App& import, CsvOptions& csv) {
  const auto set_separator = [&csv](const std::string& text) {
    csv.separator = ReadSeparator(text);
  };
  const auto set_time_format = [&csv](const std::string& text) {
    csv.time_format = ReadTimeFormat(text);
  };
  const auto set_layout = [&csv](const std::string& text) {
    csv.layout = text == "wide" ? CsvLayout::kWide : CsvLayout::kLong;
  };
  const auto set_header = [&csv](int64_t count) { csv.header = count > 0; };
  import.add_option("--tag", csv.tag, "The tag of files that have only times and values");
  import
      .add_option_function<std::string>("--delimiter", set_separator,
                                        "What separates the columns: one character, or 'tab'")
      ->type_name("CHAR");
  import
      .add_option_function<std::string>(
          "--time-format", set_time_format,
          "iso, s, ms, us, ns (since 1970), dmy (31.12.2024) or mdy (12/31/2024)")
      ->type_name("FORMAT");
  import.add_flag_function("--header,!--no-header", set_header,
                           "The first line has the names of the columns, or has not");
  import
      .add_option_function<std::string>("--layout", set_layout,
                                        "long: a point in each line; wide: one column for each tag")
      ->type_name("long|wide")
      ->check(CLI::IsMember({"long", "wide"}));
  import.add_option("--time-column", csv.time_column, "Name or number (from 1) of that column");
  import.add_option("--tag-column", csv.tag_column, "Likewise");
  import.add_option("--value-column", csv.value_column, "Likewise");
  import.add_option("--quality-column", csv.quality_column, "Likewise");
}

void AddRowOptions(CLI::App& import, ImportOptions& options) {
  const auto set_on_error = [&options](const std::string& text) {
    options.skip_bad_lines = text == "skip";
  };
  const auto set_quality = [&options](int quality) {
    options.quality = static_cast<Quality>(quality);
  };
  import
      .add_option_function<std::string>(
          "--on-error", set_on_error,
          "What a bad line does: stop (default), with nothing imported, or skip")
      ->type_name("stop|skip")
      ->check(CLI::IsMember({"stop", "skip"}));
  import
      .add_option_function<int>(
          "--quality", set_quality,
          "Quality of files without a column for it, 0 to 255 (default 192, good)")
      ->type_name("N")
      ->check(CLI::Range(0, 255));
  import
      .add_option("--commit-every", options.rows_per_commit,
                  "Commit after so many rows: less memory for very large files")
      ->type_name("ROWS");
}

Result<ExitCode> RunUntilStopped(const ImportOptions& options, const Terminal& terminal) {
  const StopSignal stop;
  XTDB_RETURN_IF_ERROR(RunImport(
      options, SystemClock(), [&stop] { return stop.stopped(); }, terminal));
  return ExitCode::kOk;
}

}  // namespace

void AddImportCommand(CLI::App& app, Command& command) {
  CLI::App& import = *app.add_subcommand("import", "Read CSV files into a container");
  const auto options = std::make_shared<ImportOptions>();
  import.add_option("CONTAINER", options->container, "The file to write; made if there is none")
      ->required();
  import.add_option("FILE", options->files, "CSV files; - is standard input")->required();
  AddCsvOptions(import, options->csv);
  AddRowOptions(import, *options);
  import.footer(std::string(kFooter) + kExitCodes);
  import.callback([options, &command] {
    command = [options](const Terminal& terminal) { return RunUntilStopped(*options, terminal);
};
}  // namespace xtdb
);
}

}  // namespace xtdb
