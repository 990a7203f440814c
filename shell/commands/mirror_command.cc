#include "shell/commands/mirror_command.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "engine/io/file_system.h"
#include "shell/commands/command.h"
#include "shell/commands/tag_patterns.h"
#include "shell/mirror/mirror.h"
#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"

namespace xtdb {
namespace {

constexpr const char* kFooter = R"(
For tools that read SQLite and cannot load an extension, such as Grafana's SQLite plugin. DATABASE
gets a table latest(tag, time, epoch, value, quality) and for each --rollup one of buckets, such as
rollup_1h(tag, time, epoch, count, min, max, avg, first, last); epoch is seconds since 1970, and
bad points do not count. It remembers its rollups. Each run is one transaction in WAL mode: killed
at any time, the database is whole, and the next run goes on.

Of each tag the buckets are computed again from --overlap before its newest point on, all of them if
points came later than that. Points that were changed or deleted before the overlap need --full,
which makes all tables anew. What the container lets go (retention, max_bytes) stays in the mirror
until then. A renamed tag keeps its rows under its new name.

Examples:
  xtdb mirror plant.xtdb plant.db
  xtdb mirror plant.xtdb plant.db --every 1min --rollup 1h --rollup '1 day' --timezone Europe/Berlin
  sqlite3 plant.db "SELECT time, avg FROM rollup_1h WHERE tag = 'boiler.temp' ORDER BY epoch"

)";

class MirrorRunner {
 public:
  MirrorRunner(const MirrorOptions& options, Clock& clock, const MirrorWaitFn& wait,
               const Terminal& terminal)
      : options_(options),
        clock_(clock),
        wait_(wait),
        terminal_(terminal),
        progress_(terminal, clock),
        full_(options.full) {}

  Status Open() {
    XTDB_ASSIGN_OR_RETURN(engine_, OpenForReading(options_.container));
    return {};
  }

  Status RunOnce() {
    XTDB_RETURN_IF_ERROR(CheckIsTheSame());
    if (!mirror_) XTDB_RETURN_IF_ERROR(OpenDatabase());
    ReadView view;
    XTDB_ASSIGN_OR_RETURN(view.snapshot, engine_->TakeSnapshot());
    if (view.snapshot->lsn() == mirrored_lsn_) return {};
    XTDB_ASSIGN_OR_RETURN(const std::vector<TagPtr> tags, Tags(view));
    const auto on_progress = [this](size_t done, size_t of) -> Status {
      if (!wait_(0)) return Status::Interrupted("interrupted");
      progress_.Show(
          fmt::format("{} {} of {}", ProgressBar(done, of), CountText(done), CountText(of, "tag")));
      return {};
    };
    XTDB_RETURN_IF_ERROR(mirror_->Update(view, tags, full_, on_progress));
    full_ = false;
    mirrored_lsn_ = view.snapshot->lsn();
    tags_ = tags.size();
    return {};
  }

  Status RunForever() {
    for (int64_t due_us = clock_.MonotonicUs();;) {
      const Status done = RunOnce();
      progress_.Clear();
      if (done.code() == StatusCode::kInterrupted) return {};
      if (!done.ok() && done.code() != StatusCode::kBusy) return done;
      if (!done.ok()) {
        fmt::print(terminal_.err, "xtdb: {} (trying again)\n", done.message());
      }
      progress_.Show(fmt::format("{}, {} changed so far", CountText(tags_, "tag"),
                                 CountText(RowsChanged(), "row")));
      due_us = std::max(due_us + options_.every_us, clock_.MonotonicUs());
      if (!wait_(due_us - clock_.MonotonicUs())) return {};
    }
  }

  void PrintSummary(int64_t duration_us) {
    progress_.Clear();
    fmt::print(terminal_.out, "{}: {}, {} changed in {}\n", options_.database,
               CountText(tags_, "tag"), CountText(RowsChanged(), "row"), SecondsText(duration_us));
  }

 private:
  // Somebody may have moved it away, and put another one there.
  Status CheckIsTheSame() const {
    FileSystem& fs = PosixFileSystem();
    XTDB_ASSIGN_OR_RETURN(const FileIdentity opened, engine_->container().file().Identity());
    const Result<FileIdentity> there = fs.Identify(options_.container);
    if (there.ok() && there.value().IsSameFile(opened)) return {};
    return Status::FailedPrecondition(options_.container +
                                      " was moved or replaced; start the mirror again");
  }
  // Another program may have it locked.
  Status OpenDatabase() {
    tables_.reset();
    XTDB_ASSIGN_OR_RETURN(db_, SqliteDatabase::Open(options_.database, options_.busy_timeout_ms));
    const std::string uuid = UuidText(engine_->container().header().uuid);
    XTDB_ASSIGN_OR_RETURN(tables_, MirrorTables::Make(*db_, uuid, options_.rollups));
    mirror_.emplace(*tables_, clock_, options_.overlap_us);
    return {};
  }
  uint64_t RowsChanged() const { return tables_ == nullptr ? 0 : tables_->rows_changed(); }

  // With --every tags may still come.
  Result<std::vector<TagPtr>> Tags(const ReadView& view) const {
    Result<std::vector<TagPtr>> tags = TagsByPatterns(view, options_.tags);
    const bool may_come = options_.every_us > 0 && tags.status().code() == StatusCode::kNotFound;
    if (may_come) return std::vector<TagPtr>();
    return tags;
  }

  const MirrorOptions& options_;
  Clock& clock_;
  const MirrorWaitFn& wait_;
  const Terminal& terminal_;
  ProgressLine progress_;
  std::shared_ptr<StorageEngine> engine_;
  std::unique_ptr<SqliteDatabase> db_;
  std::unique_ptr<MirrorTables> tables_;
  std::optional<Mirror> mirror_;
  bool full_;
  LSN mirrored_lsn_ = kNoLsn;  // by this runner
  size_t tags_ = 0;
};

}  // namespace

Status RunMirror(const MirrorOptions& options, Clock& clock, const MirrorWaitFn& wait,
                 const Terminal& terminal) {
  const int64_t started_us = clock.MonotonicUs();
  MirrorRunner runner(options, clock, wait, terminal);
  XTDB_RETURN_IF_ERROR(runner.Open());
  XTDB_RETURN_IF_ERROR(options.every_us > 0 ? runner.RunForever() : runner.RunOnce());
  runner.PrintSummary(clock.MonotonicUs() - started_us);
  return {};
}

void AddMirrorCommand(CLI::App& app, Command& command) {
  CLI::App& mirror = *app.add_subcommand("mirror", "Keep plain SQLite tables of a container");
  struct Given {
    MirrorOptions options;
    std::vector<std::string> rollups;
    std::string zone;
  };
  const auto given = std::make_shared<Given>();
  MirrorOptions& options = given->options;
  mirror.add_option("CONTAINER", options.container, "The file to read")->required();
  mirror.add_option("DATABASE", options.database, "The SQLite database; made if there is none")
      ->required();
  AddDurationOption(mirror, "--every", options.every_us, "Again and again (default: once)");
  mirror
      .add_option("--rollup", given->rollups,
                  "A table of buckets, as 1h, '15 min', '1 day', '1 mon' (default: 1h)")
      ->allow_extra_args(false)
      ->type_name("WIDTH");
  mirror.add_option("--timezone", given->zone, "On whose clock days begin (default UTC)")
      ->type_name("NAME")
      ->needs("--rollup");
  AddDurationOption(mirror, "--overlap", options.overlap_us,
                    "How far back each run looks (default 1h)");
  mirror.add_option("--tags", options.tags, "Only tags whose names fit one of these patterns")
      ->delimiter(',')
      ->type_name("GLOB,...");
  mirror.add_flag("--full", options.full, "Forget what is there");
  mirror.footer(std::string(kFooter) + kExitCodes);
  mirror.callback([given, &command] {
    for (const std::string& text : given->rollups) {
      Result<RollupWidth> rollup = ParseRollupWidth(text, given->zone);
      if (!rollup.ok()) {
        throw CLI::ValidationError("--rollup", std::string(rollup.status().message()));
      }
      given->options.rollups.push_back(std::move(rollup).value());
    }
    command = [given](const Terminal& terminal) -> Result<ExitCode> {
      const StopSignal stop;
      const auto wait = [&stop](int64_t us) {
        stop.WaitUs(us);
        return !stop.stopped();
      };
      XTDB_RETURN_IF_ERROR(RunMirror(given->options, SystemClock(), wait, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
