// xTdb beside SQLite and DuckDB, in one run: the same seeded points, medians of --runs, the stores
// in turn within each run. Prints one table; docs/benchmarks.md says what each row means.
//
//   build/bench/compare [--rows N] [--runs N] [--folder DIR] [--only WORK]

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "bench/common/machine.h"
#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/compare/contest.h"
#include "bench/compare/works.h"

namespace xtdb::bench {
namespace {

namespace fs = std::filesystem;

constexpr Work kWorks[] = {
    {"insert", RunInsertWork}, {"commits", RunCommitsWork},   {"manytags", RunManyTagsWork},
    {"bulk", RunBulkWork},     {"points", RunWritePointWork}, {"latency", RunLatencyWork},
    {"csv", RunCsvWork},       {"sizes", RunSizesWork},       {"reads", RunReadsWork},
};

std::vector<std::string> WorkNames() {
  std::vector<std::string> names;
  for (const Work& work : kWorks) names.emplace_back(work.name);
  return names;
}

void PrintHead(const Contest& contest, const std::string& clock) {
  std::string stores;
  for (const auto& contender : contest.contenders())
    stores += (stores.empty() ? "" : ", ") + contender->version();
  fmt::print(
      "{}\nG1 {} points, G100 as many, G100K {} of {} tags; seed 1, medians of {} runs, "
      "{} time\n{}\n{}\n{} "
      "at the start\n\n",
      stores, WithCommas(contest.options().rows), WithCommas(contest.options().rows / 2),
      WithCommas(contest.options().rows / 100), contest.options().runs, clock, DescribeBuild(),
      DescribeMachine(), DescribeLoad());
  std::fflush(stdout);
}

void Run(const ContestOptions& options, const std::vector<std::string>& only,
         const std::string& clock) {
  Contest contest(options);
  PrintHead(contest, clock);
  UseClock(clock == "wall" ? ClockKind::kWall : ClockKind::kProcessor);
  for (const Work& work : kWorks) {
    if (!only.empty() && std::find(only.begin(), only.end(), work.name) == only.end()) continue;
    const Stopwatch watch;
    work.run(contest);
    fmt::print(stderr, "compare: {} took {:.0f} s\n", work.name, watch.Seconds());
  }
  // The figures to reach are of wall time.
  contest.table().Print(contest.duckdb() != nullptr, clock == "wall");
  fmt::print("{} at the end\n", DescribeLoad());
}

}  // namespace
}  // namespace xtdb::bench

int main(int argc, char** argv) {
  CLI::App app("xTdb beside SQLite and DuckDB, in one run");
  xtdb::bench::ContestOptions options;
  std::string folder;
  std::vector<std::string> only;
  std::string clock = "wall";
  app.add_option("--rows", options.rows, "rows of G1 and G100; 10000000 is the full size")
      ->capture_default_str()
      ->check(CLI::Range(10'000, 1'000'000'000));
  app.add_option("--runs", options.runs, "runs of each; medians are printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--folder", folder, "where the stores are made; default: in TMPDIR");
  app.add_option("--only", only, "these works only, apart by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(xtdb::bench::WorkNames()));
  app.add_option("--clock", clock, "wall, or processor time on a machine that others use, too")
      ->capture_default_str()
      ->check(CLI::IsMember({"wall", "processor"}));
  app.add_option("--duckdb-threads", options.duckdb_threads, "default: the cores");
  CLI11_PARSE(app, argc, argv);
  namespace fs = std::filesystem;
  const fs::path parent = folder.empty() ? fs::temp_directory_path() : fs::path(folder);
  options.folder = parent / fmt::format("xtdb-compare-{}", getpid());
  options.build = fs::read_symlink("/proc/self/exe").parent_path().parent_path();
  xtdb::bench::Run(options, only, clock);
  return 0;
}
