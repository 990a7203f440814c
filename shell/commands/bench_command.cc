#include "shell/commands/bench_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "planner/plan.h"
#include "shell/commands/command.h"
#include "shell/telemetry/machine_description.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/stop_signal.h"
#include "vtab/version.h"

namespace xtdb {
namespace {

constexpr int kTags = 100;
constexpr size_t kRowsPerTag = 1'000;  // of a commit
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kStartUs = 1'767'225'600 * kSecondUs;  // 2026-01-01

constexpr const char* kFooter = R"(
Three measurements, each of some seconds, in a container in a temporary folder, or a new one in
FOLDER, which is removed afterwards:
  commits  one point each, durable: the disk has it when the commit returns
  written  durable commits of 100,000 points of 100 tags, numbers with two decimals
  read     all of these, by tag and time, from a container just opened

Examples:
  xtdb bench
  xtdb bench /var/lib/plant --duration 10s

)";

// A folder that goes with the object.
class BenchFolder {
 public:
  static Result<std::unique_ptr<BenchFolder>> Make(const std::string& parent) {
    std::error_code error;
    const std::filesystem::path in =
        parent.empty() ? std::filesystem::temp_directory_path(error) : parent.c_str();
    std::string path = (in / "xtdb-bench-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
      return Status::FromErrno("make a folder in " + in.string(), errno);
    }
    return std::unique_ptr<BenchFolder>(new BenchFolder(std::move(path)));
  }
  ~BenchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit BenchFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

struct Figures {
  uint64_t commits = 0;
  int64_t commits_us = 0;
  int64_t commit_median_us = 0;
  int64_t commit_p99_us = 0;
  uint64_t written_points = 0;
  int64_t written_us = 0;
  uint64_t read_points = 0;
  int64_t read_us = 0;
  uint64_t disk_bytes = 0;  // of the written points
};

double PerSecond(uint64_t count, int64_t us) {
  return us == 0 ? 0 : static_cast<double>(count) * 1e6 / static_cast<double>(us);
}

class Bench {
 public:
  Bench(const BenchOptions& options, Clock& clock, LongWork& work, std::string folder)
      : options_(options), clock_(clock), work_(work), folder_(std::move(folder)) {}

  Result<Figures> Run() {
    XTDB_RETURN_IF_ERROR(MeasureCommits());
    XTDB_RETURN_IF_ERROR(MeasureWriting());
    XTDB_RETURN_IF_ERROR(MeasureReading());
    return figures_;
  }

 private:
  Status Tell(const char* what, uint64_t count) {
    return work_.Step([&] { return fmt::format("{}: {}", what, CountText(count)); });
  }

  Status MeasureCommits() {
    XTDB_ASSIGN_OR_RETURN(const auto engine, OpenForWriting(folder_ + "/commits.xtdb"));
    std::vector<int64_t> latencies_us;
    const int64_t started_us = clock_.MonotonicUs();
    int64_t now_us = started_us;
    while (now_us - started_us < options_.duration_us) {
      const auto number = static_cast<int64_t>(latencies_us.size());
      XTDB_RETURN_IF_ERROR(engine->WritePoint(
          "signal", kStartUs + number, Value::Real(static_cast<double>(number) / 4), kQualityGood));
      const int64_t done_us = clock_.MonotonicUs();
      latencies_us.push_back(done_us - now_us);
      now_us = done_us;
      XTDB_RETURN_IF_ERROR(Tell("durable commits", latencies_us.size()));
    }
    figures_.commits = latencies_us.size();
    figures_.commits_us = now_us - started_us;
    std::sort(latencies_us.begin(), latencies_us.end());
    figures_.commit_median_us = latencies_us[latencies_us.size() / 2];
    figures_.commit_p99_us = latencies_us[latencies_us.size() * 99 / 100];
    return engine->Close();
  }

  // Numbers as sensors give them: two decimals, near the one before.
  void MakeValues(std::vector<double>& values) {
    for (double& value : values) {
      random_ = random_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      level_ += static_cast<int64_t>(random_ >> 60) - 7;
      value = static_cast<double>(level_) / 100;
    }
  }

  Status WriteOnce(StorageEngine& engine, int64_t first_us) {
    std::vector<int64_t> ts_us(kRowsPerTag);
    for (size_t i = 0; i < kRowsPerTag; ++i) {
      ts_us[i] = first_us + static_cast<int64_t>(i) * kSecondUs;
    }
    std::vector<double> values(kRowsPerTag);
    XTDB_ASSIGN_OR_RETURN(const auto transaction, engine.Begin(kWriterTimeoutUs));
    for (int i = 0; i < kTags; ++i) {
      MakeValues(values);
      XTDB_ASSIGN_OR_RETURN(StagedTag* const tag,
                            transaction->FindOrDefineTag("tag" + std::to_string(i)));
      XTDB_RETURN_IF_ERROR(
          transaction->WriteColumn(*tag, {ts_us, std::span<const double>(values), {}, {}}));
    }
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    figures_.written_points += kTags * kRowsPerTag;
    return {};
  }

  Status MeasureWriting() {
    const std::string path = folder_ + "/written.xtdb";
    XTDB_ASSIGN_OR_RETURN(const auto engine, OpenForWriting(path));
    const int64_t started_us = clock_.MonotonicUs();
    int64_t first_us = kStartUs;
    while (clock_.MonotonicUs() - started_us < options_.duration_us) {
      XTDB_RETURN_IF_ERROR(WriteOnce(*engine, first_us));
      first_us += static_cast<int64_t>(kRowsPerTag) * kSecondUs;
      XTDB_RETURN_IF_ERROR(Tell("points written", figures_.written_points));
    }
    // What is still in memory has been paid for only when it is in blocks.
    XTDB_RETURN_IF_ERROR(engine->Close());
    figures_.written_us = clock_.MonotonicUs() - started_us;
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                          PosixFileSystem().Open(path, OpenMode::kReadOnly));
    XTDB_ASSIGN_OR_RETURN(figures_.disk_bytes, file->AllocatedBytes());
    return {};
  }

  Status ReadOnce(StorageEngine& engine) {
    ReadView view;
    XTDB_ASSIGN_OR_RETURN(view.snapshot, engine.TakeSnapshot());
    Request request;
    request.tags = view.AllTags();
    request.order = RowOrder::kTagTs;
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan, Plan::Make(view, std::move(request)));
    for (;;) {
      XTDB_ASSIGN_OR_RETURN(const Batch* const batch, plan->Next());
      if (batch == nullptr) return {};
      figures_.read_points += batch->end - batch->begin;
    }
  }

  Status MeasureReading() {
    const int64_t started_us = clock_.MonotonicUs();
    while (clock_.MonotonicUs() - started_us < options_.duration_us) {
      XTDB_ASSIGN_OR_RETURN(const auto engine, OpenForReading(folder_ + "/written.xtdb"));
      XTDB_RETURN_IF_ERROR(ReadOnce(*engine));
      XTDB_RETURN_IF_ERROR(Tell("points read", figures_.read_points));
    }
    figures_.read_us = clock_.MonotonicUs() - started_us;
    return {};
  }

  const BenchOptions& options_;
  Clock& clock_;
  LongWork& work_;
  const std::string folder_;
  Figures figures_;
  uint64_t random_ = 1;  // the same values each time
  int64_t level_ = 5'000;
};

void PrintText(const Figures& figures, const MachineDescription& machine, const std::string& folder,
               const Terminal& terminal) {
  fmt::print(terminal.out, "{}, xtdb {}\n", MachineText(machine, folder), Version());
  fmt::print(terminal.out,
             "  commits  {} a second, durable; half of them within {} us, 99 % {} us\n",
             RateText(figures.commits, figures.commits_us), figures.commit_median_us,
             figures.commit_p99_us);
  fmt::print(terminal.out, "  written  {} points a second, {} bytes/point on disk\n",
             RateText(figures.written_points, figures.written_us),
             RatioText(figures.disk_bytes, figures.written_points));
  fmt::print(terminal.out, "  read     {} points a second\n",
             RateText(figures.read_points, figures.read_us));
}

void PrintJson(const Figures& figures, const MachineDescription& machine,
               const Terminal& terminal) {
  fmt::print(terminal.out,
             "{{\"version\": {}, \"processor\": {}, \"processors\": {}, \"memory\": {}, "
             "\"kernel\": {}, \"file_system\": {}, \"commits_per_s\": {:.0f}, "
             "\"commit_median_us\": {}, \"commit_p99_us\": {}, \"points_written_per_s\": {:.0f}, "
             "\"bytes_per_point\": {:.3f}, \"points_read_per_s\": {:.0f}}}\n",
             JsonText(Version()), JsonText(machine.processor), machine.processors,
             JsonText(machine.memory), JsonText(machine.kernel), JsonText(machine.file_system),
             PerSecond(figures.commits, figures.commits_us), figures.commit_median_us,
             figures.commit_p99_us, PerSecond(figures.written_points, figures.written_us),
             static_cast<double>(figures.disk_bytes) / static_cast<double>(figures.written_points),
             PerSecond(figures.read_points, figures.read_us));
}

}  // namespace

Status RunBench(const BenchOptions& options, Clock& clock, const Terminal& terminal,
                const std::function<bool()>& stop_asked) {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<BenchFolder> folder,
                        BenchFolder::Make(options.folder));
  LongWork work(terminal, clock, stop_asked);
  XTDB_ASSIGN_OR_RETURN(const Figures figures, Bench(options, clock, work, folder->path()).Run());
  work.Clear();
  const MachineDescription machine = DescribeMachine(folder->path());
  if (options.json) {
    PrintJson(figures, machine, terminal);
  } else {
    PrintText(figures, machine, DirectoryOf(folder->path()), terminal);
  }
  return {};
}

void AddBenchCommand(CLI::App& app, Command& command) {
  CLI::App& bench = *app.add_subcommand("bench", "Measure this machine");
  const auto options = std::make_shared<BenchOptions>();
  bench.add_option("FOLDER", options->folder, "Where to write (default: for temporary files)");
  AddDurationOption(bench, "--duration", options->duration_us, "Of each measurement (default 2s)");
  bench.add_flag("--json", options->json, "Write JSON");
  bench.footer(std::string(kFooter) + kExitCodes);
  bench.callback([options, &command] {
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      const StopSignal stop;
      XTDB_RETURN_IF_ERROR(
          RunBench(*options, SystemClock(), terminal, [&stop] { return stop.stopped(); }));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
