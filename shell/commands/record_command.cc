#include "shell/commands/record_command.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "engine/io/file_system.h"
#include "engine/storage_engine.h"
#include "shell/commands/command.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"

namespace xtdb {
namespace {

constexpr int64_t kMillisecondUs = 1'000;

constexpr const char* kFooter = R"(
The tags are named as cpu.0.load, mem.used, disk.vda.read, net.eth0.rx, pressure.io.some,
load.1min, processes.count. Bytes of disks and networks are counted since boot. The recording ends
at Ctrl-C or SIGTERM and leaves one file.

Examples:
  xtdb record machine.xtdb
  xtdb record machine.xtdb --interval 100ms --duration 1h
  xtdb record machine.xtdb --tags 'cpu.*,mem.used'

)";

class Recorder {
 public:
  Recorder(StorageEngine& engine, TelemetrySampler& sampler, const RecordOptions& options)
      : engine_(engine), sampler_(sampler), options_(options) {}

  // One sample, one transaction.
  Status Take(Clock& clock) {
    // The kernel's figures are no finer, and whole milliseconds take fewer bytes.
    const int64_t ts_us = clock.NowUs() / kMillisecondUs * kMillisecondUs;
    std::vector<TelemetryValue> values = sampler_.Sample();
    std::erase_if(values, [this](const TelemetryValue& value) { return !IsWanted(value.tag); });
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                          engine_.Begin(kWriterTimeoutUs));
    for (const TelemetryValue& value : values) {
      XTDB_RETURN_IF_ERROR(Write(*transaction, value, ts_us));
    }
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    ++samples_;
    points_ += values.size();
    return Status();
  }

  uint64_t samples() const { return samples_; }
  uint64_t points() const { return points_; }
  size_t tags() const { return tags_.size(); }

 private:
  bool IsWanted(const std::string& tag) const {
    if (options_.tag_globs.empty()) return true;
    return std::any_of(
        options_.tag_globs.begin(), options_.tag_globs.end(),
        [&tag](const std::string& glob) { return ::fnmatch(glob.c_str(), tag.c_str(), 0) == 0; });
  }

  Status Write(Transaction& transaction, const TelemetryValue& value, int64_t ts_us) {
    // What the user has since written of the tag is not to be overwritten.
    if (transaction.FindTag(value.tag) == nullptr) {
      XTDB_RETURN_IF_ERROR(
          transaction.DefineTag(value.tag, value.type, value.unit, value.description));
    }
    XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, transaction.FindOrDefineTag(value.tag));
    tags_.insert(value.tag);
    return transaction.Write(*tag, ts_us, value.value, kQualityGood);
  }

  StorageEngine& engine_;
  TelemetrySampler& sampler_;
  const RecordOptions& options_;
  std::set<std::string> tags_;
  uint64_t samples_ = 0;
  uint64_t points_ = 0;
};

std::string Describe(const Recorder& recorder, uint64_t bytes, const char* where) {
  return fmt::format("{} of {}, {}, {} {}, {} bytes/point", CountText(recorder.samples(), "sample"),
                     CountText(recorder.tags(), "tag"), CountText(recorder.points(), "point"),
                     BytesText(bytes), where, RatioText(bytes, recorder.points()));
}

Status RecordUntilStopped(Recorder& recorder, StorageEngine& engine, const RecordOptions& options,
                          Clock& clock, const RecordWaitFn& wait, ProgressLine& progress) {
  const int64_t start_us = clock.MonotonicUs();
  for (int64_t due_us = start_us;;) {
    XTDB_RETURN_IF_ERROR(recorder.Take(clock));
    if (recorder.points() == 0) {
      return Status::NotFound(options.tag_globs.empty()
                                  ? "this machine offers no telemetry under /proc"
                                  : "no tag of this machine fits --tags");
    }
    if (progress.IsDue()) {
      const EngineStats stats = engine.Stats();
      progress.Show(
          Describe(recorder, stats.container_disk_bytes + stats.log_bytes, "with the log"));
    }
    due_us += options.interval_us;
    const int64_t late_us = clock.MonotonicUs() - due_us;
    if (late_us > 0) due_us += late_us / options.interval_us * options.interval_us;
    const int64_t end_us = start_us + options.duration_us;
    const bool last = options.duration_us > 0 && due_us > end_us;
    const int64_t until_us = last ? end_us : due_us;
    if (!wait(until_us - clock.MonotonicUs()) || last) return Status();
  }
}

}  // namespace

Status RunRecord(const RecordOptions& options, TelemetrySampler& sampler, Clock& clock,
                 const RecordWaitFn& wait, const Terminal& terminal) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> engine,
                        OpenForWriting(options.container));
  Recorder recorder(*engine, sampler, options);
  ProgressLine progress(terminal, clock);
  const Status recorded = RecordUntilStopped(recorder, *engine, options, clock, wait, progress);
  progress.Clear();
  const Status closed = engine->CloseAndRemoveIfNew();
  XTDB_RETURN_IF_ERROR(recorded);
  XTDB_RETURN_IF_ERROR(closed);
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        PosixFileSystem().Open(options.container, OpenMode::kReadOnly));
  XTDB_ASSIGN_OR_RETURN(const uint64_t bytes, file->AllocatedBytes());
  fmt::print(terminal.out, "{}: recorded {}\n", options.container,
             Describe(recorder, bytes, "on disk"));
  return Status();
}

void AddRecordCommand(CLI::App& app, Command& command) {
  CLI::App& record = *app.add_subcommand("record", "Record this machine's own telemetry");
  const auto options = std::make_shared<RecordOptions>();
  record.add_option("CONTAINER", options->container, "The file to write; made if there is none")
      ->required();
  AddDurationOption(record, "--interval", options->interval_us,
                    "Time between two samples (default 1s)");
  AddDurationOption(record, "--duration", options->duration_us,
                    "End after this time (default: at Ctrl-C)");
  record
      .add_option("--tags", options->tag_globs, "Only tags whose names fit one of these patterns")
      ->delimiter(',')
      ->type_name("GLOB,...");
  record.footer(std::string(kFooter) + kExitCodes);
  record.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      TelemetrySampler sampler;
      const StopSignal stop;
      const auto wait = [&stop](int64_t us) {
        stop.WaitUs(us);
        return !stop.stopped();
      };
      XTDB_RETURN_IF_ERROR(RunRecord(*options, sampler, SystemClock(), wait, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
