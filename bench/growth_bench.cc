// The same queries on stores of 1, 10 and 100 times the points: what asks for a fixed answer should
// cost the same on each, what reads everything as much more as there is more. "first" rows open the
// database anew, so they pay for what a connection looks up once; the files are in the page cache.
//
//   build/bench/growth_bench [--rows N] [--factors 1,10,100] [--runs N] [--folder DIR]

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>

#include "bench/common/machine.h"
#include "bench/common/sqlite_connection.h"
#include "bench/common/text.h"
#include "bench/common/timing.h"

namespace xtdb::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kTags = 100;
constexpr int64_t kStartUs = 1'735'689'600'000'000;  // 2025-01-01
constexpr int64_t kBatchSeconds = 10'000;

struct GrowthOptions {
  int64_t rows = 1'000'000;
  std::vector<int> factors = {1, 10, 100};
  size_t runs = 9;
  fs::path folder;
  fs::path extension;
};

// Asked for twice: by a connection that has asked before, and by a new one.
struct Query {
  const char* name;
  const char* grows;  // with the store
  const char* sql;
};
constexpr Query kQueries[] = {
    {"one point by tag and time", "no", "SELECT value FROM t WHERE tag = 's42' AND ts = :ts"},
    {"an hour of one tag, rows", "no",
     "SELECT sum(value) FROM t WHERE tag = 's42' AND ts >= :ts AND ts < :ts + 3600000000"},
    {"an hour of one tag, hourly figures", "no",
     "SELECT sum(count) FROM xtdb_aggregate('t', 's42', :ts, :ts + 3600000000, '1 hour')"},
    {"count of value > x in an hour of one tag", "no",
     "SELECT count(*) FROM t WHERE tag = 's42' AND value > 10 AND ts >= :ts AND ts < :ts + "
     "3600000000"},
    {"newest value of 100 tags", "no", "SELECT sum(value) FROM xtdb_last('t')"},
    {"a minute of all tags by time", "no",
     "SELECT sum(value) FROM (SELECT value FROM t WHERE ts >= :ts AND ts < :ts + 60000000 ORDER BY "
     "ts)"},
    {"one tag, daily figures of all time", "linear",
     "SELECT sum(count) FROM xtdb_aggregate('t', 's42', NULL, NULL, '1 day')"},
    {"100 tags, daily figures of all time", "linear",
     "SELECT sum(count) FROM xtdb_aggregate('t', '*', NULL, NULL, '1 day')"},
    {"points of each tag (xtdb_tags)", "linear", "SELECT sum(points) FROM xtdb_tags('t')"},
};

class Store {
 public:
  Store(const GrowthOptions& options, int factor)
      : options_(options),
        path_(options.folder / fmt::format("x{}.db", factor)),
        seconds_(options.rows * factor / kTags) {
    Connect();
    db_->Run(fmt::format("CREATE VIRTUAL TABLE t USING xtdb(path='x{}.xtdb')", factor));
    Fill();
  }

  void Connect() {
    db_ = std::make_unique<SqliteConnection>(path_.string());
    db_->LoadExtension(options_.extension.string());
    db_->Run("PRAGMA journal_mode = WAL");
  }

  double MillisecondsWarm(const Query& query) {
    const StatementPtr statement = db_->Prepare(query.sql);
    Bind(statement.get());
    db_->StepToEnd(statement.get());
    return MedianMs([&] {
      const Stopwatch watch;
      db_->StepToEnd(statement.get());
      return watch.Seconds();
    });
  }

  double MillisecondsFirst(const Query& query) {
    return MedianMs([&] {
      db_.reset();
      const Stopwatch watch;
      Connect();
      const StatementPtr statement = db_->Prepare(query.sql);
      Bind(statement.get());
      db_->StepToEnd(statement.get());
      return watch.Seconds();
    });
  }

  std::string Answer(const Query& query) {
    const StatementPtr statement = db_->Prepare(query.sql);
    Bind(statement.get());
    if (sqlite3_step(statement.get()) != SQLITE_ROW) return "";
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0));
    return text == nullptr ? "" : text;
  }

  double MiB() const { return static_cast<double>(fs::file_size(Container())) / 1048576.0; }

 private:
  fs::path Container() const { return fs::path(path_).replace_extension(".xtdb"); }

  // All tags side by side, in transactions of 10,000 seconds.
  void Fill() {
    std::mt19937_64 random(1);
    std::vector<double> level(kTags, 0);
    std::vector<int64_t> ts(kBatchSeconds);
    std::vector<double> value(kBatchSeconds);
    const StatementPtr append = db_->Prepare("SELECT xtdb_append('t', ?, ?, ?)");
    for (int64_t second = 0; second < seconds_; second += kBatchSeconds) {
      db_->Run("BEGIN");
      for (int tag = 0; tag < kTags; ++tag) {
        for (size_t i = 0; i < ts.size(); ++i) {
          level[static_cast<size_t>(tag)] += static_cast<double>(random() % 41) - 20;
          ts[i] = kStartUs + (second + static_cast<int64_t>(i)) * 1'000'000;
          value[i] = level[static_cast<size_t>(tag)] / 100;
        }
        const std::string name = "s" + std::to_string(tag);
        sqlite3_bind_text(append.get(), 1, name.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_blob64(append.get(), 2, ts.data(), ts.size() * 8, SQLITE_STATIC);
        sqlite3_bind_blob64(append.get(), 3, value.data(), value.size() * 8, SQLITE_STATIC);
        db_->StepToEnd(append.get());
      }
      db_->Run("COMMIT");
    }
    db_->Run("SELECT xtdb_seal('t')");
  }

  // In the middle of what there is.
  void Bind(sqlite3_stmt* statement) {
    const int index = sqlite3_bind_parameter_index(statement, ":ts");
    if (index != 0) sqlite3_bind_int64(statement, index, kStartUs + seconds_ / 2 * 1'000'000);
  }

  template <typename Measure>
  double MedianMs(Measure&& measure) {
    std::vector<double> seconds(options_.runs);
    for (double& one : seconds) one = measure();
    return Median(seconds) * 1e3;
  }

  const GrowthOptions& options_;
  const fs::path path_;
  const int64_t seconds_;
  std::unique_ptr<SqliteConnection> db_;
};

void Run(const GrowthOptions& options) {
  std::vector<std::unique_ptr<Store>> stores;
  for (const int factor : options.factors) {
    const Stopwatch watch;
    stores.push_back(std::make_unique<Store>(options, factor));
    fmt::print("{} points in {:.0f} MiB, written in {:.1f} s\n",
               WithCommas(static_cast<uint64_t>(options.rows * factor)), stores.back()->MiB(),
               watch.Seconds());
  }
  fmt::print("{}\n{}\n\n| ms, median of {} | grows | ", DescribeBuild(), DescribeMachine(),
             options.runs);
  for (const int factor : options.factors) fmt::print("{}x | first | ", factor);
  fmt::print("\n|---|---|");
  for (size_t i = 0; i < options.factors.size(); ++i) fmt::print("---|---|");
  for (const Query& query : kQueries) {
    fmt::print("\n| {} | {} | ", query.name, query.grows);
    for (const std::unique_ptr<Store>& store : stores) {
      if (store->Answer(query).empty()) Fail(std::string(query.name) + " has no answer");
      const double warm = store->MillisecondsWarm(query);
      fmt::print("{} | {} | ", Figure(warm), Figure(store->MillisecondsFirst(query)));
      std::fflush(stdout);
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("\n\nmemory at most {} MiB\n", usage.ru_maxrss / 1024);
}

}  // namespace
}  // namespace xtdb::bench

int main(int argc, char** argv) {
  CLI::App app("xTdb's queries on stores of growing size");
  xtdb::bench::GrowthOptions options;
  std::string folder;
  app.add_option("--rows", options.rows, "points of the smallest store")
      ->capture_default_str()
      ->check(CLI::Range(1'000'000, 1'000'000'000));
  app.add_option("--factors", options.factors, "of the stores, apart by commas")->delimiter(',');
  app.add_option("--runs", options.runs, "runs of each; medians are printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--folder", folder, "where the stores are made; default: in TMPDIR");
  CLI11_PARSE(app, argc, argv);
  namespace fs = std::filesystem;
  options.extension = fs::read_symlink("/proc/self/exe").parent_path() / "../xtdb.so";
  options.folder = (folder.empty() ? fs::temp_directory_path() : fs::path(folder)) /
                   ("xtdb-growth-" + std::to_string(getpid()));
  fs::create_directories(options.folder);
  xtdb::bench::Run(options);
  fs::remove_all(options.folder);
  return 0;
}
