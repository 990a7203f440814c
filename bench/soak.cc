// A mixed load for as long as one likes: inserts in order, late points, overwrites, deletes,
// rollbacks, large transactions, readers, retention and, where there is one, compaction. Prints
// what memory, handles and disk do, and judges them at the end: exit code 0 if memory and handles
// stay flat and container and log within prediction, 1 if not, 2 on an error.
//
//   build/bench/soak [--minutes 30] [--processes 1] [--rate 50000] [--folder DIR]

#include <fmt/core.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include "bench/common/machine.h"
#include "bench/common/text.h"
#include "bench/soak/judge.h"
#include "bench/soak/keeper.h"
#include "bench/soak/load.h"

namespace xtdb::bench {
namespace {

namespace fs = std::filesystem;

void SleepUntil(const SoakPlan& plan, double elapsed_s) {
  std::this_thread::sleep_until(plan.start + std::chrono::duration_cast<WallClock::duration>(
                                                 std::chrono::duration<double>(elapsed_s)));
}

void PrintHead(const SoakPlan& plan) {
  fmt::print(
      "{:g} minutes, {} process{}, {:.0f} points/s in order each, chunks of {} MiB, buffer {} MiB, "
      "points kept for {:.0f} s\n{}\n{}\n{} at the start\n\n",
      plan.minutes, plan.processes, plan.processes == 1 ? "" : "es", plan.points_per_s,
      plan.chunk_mib, plan.buffer_mib, plan.window_s(), DescribeBuild(), DescribeMachine(),
      DescribeLoad());
  fmt::print("{:>8} {:>10} {:>8} {:>14} {:>9} {:>13} {:>12} {:>12} {:>9} {:>9}\n", "elapsed s",
             "memory MiB", "handles", "container MiB", "log MiB", "points", "bytes/point",
             "points/s", "reads/s", "dropped");
}

void PrintLine(const SoakSample& sample, const SoakCounters& counters, const Keeper& keeper) {
  const double bytes_per_point =
      sample.points > 0 ? sample.container_mib * (1 << 20) / sample.points : 0;
  fmt::print(
      "{:>9.0f} {:>10.1f} {:>8.0f} {:>14.1f} {:>9.1f} {:>13} {:>12.2f} {:>12.0f} {:>9.0f} "
      "{:>9}\n",
      sample.elapsed_s, sample.resident_mib, sample.handles, sample.container_mib, sample.log_mib,
      WithCommas(static_cast<uint64_t>(sample.points)), bytes_per_point,
      static_cast<double>(counters.points) / sample.elapsed_s,
      static_cast<double>(counters.reads) / sample.elapsed_s, keeper.dropped_chunks());
  std::fflush(stdout);
}

void PrintTotals(const SoakCounters& counters, const Keeper& keeper) {
  fmt::print(
      "\nfirst process: {} commits, {} rollbacks, {} points written, {} deletes, {} reads of "
      "{} rows; {} chunks dropped, {}; {} at the end\n",
      counters.commits.load(), counters.rollbacks.load(), WithCommas(counters.points.load()),
      counters.deletes.load(), counters.reads.load(), WithCommas(counters.rows.load()),
      keeper.dropped_chunks(),
      keeper.can_compact() ? fmt::format("{} compacted", keeper.compacted_chunks())
                           : std::string("no compaction: the extension has none"),
      DescribeLoad());
}

// The second or any later process: loads, and nothing else.
int RunWorker(const SoakPlan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  SoakLoad load(plan);
  SleepUntil(plan, plan.seconds());
  return 0;
}

int RunFirst(const SoakPlan& plan) {
  constexpr double kSampleS = 1;
  constexpr double kMaintainS = 5;
  std::vector<pid_t> workers;
  for (int number = 1; number < plan.processes; ++number)
    workers.push_back(StartWorker(plan, number));
  std::vector<pid_t> pids = workers;
  pids.push_back(getpid());
  PrintHead(plan);
  Keeper keeper(plan, pids);
  std::vector<SoakSample> samples;
  SoakLoad load(plan);
  const double interval_s = std::min(plan.interval_s, plan.seconds() / 6);
  double next_line_s = interval_s;
  double next_upkeep_s = kMaintainS;
  // Workers end at the same time, and are measured only while they run.
  for (double at = kSampleS; at < plan.seconds() - kSampleS; at += kSampleS) {
    SleepUntil(plan, at);
    if (at >= next_upkeep_s) {
      keeper.Maintain();
      next_upkeep_s = at + kMaintainS;
    }
    const bool prints = at >= next_line_s;
    samples.push_back(keeper.Measure(prints));
    if (!prints) continue;
    next_line_s += interval_s;
    PrintLine(samples.back(), load.counters(), keeper);
  }
  load.Stop();
  bool workers_ok = true;
  for (const pid_t pid : workers) workers_ok = JoinWorker(pid) && workers_ok;
  PrintTotals(load.counters(), keeper);
  keeper.Check();
  const double points_per_s = static_cast<double>(load.counters().points) / ElapsedSeconds(plan);
  SoakVerdict verdict = Judge(plan, samples, points_per_s * plan.processes);
  for (const std::string& line : verdict.lines) fmt::print("{}\n", line);
  if (!workers_ok) fmt::print("FAILED  a worker process ended with an error\n");
  return verdict.passed && workers_ok ? 0 : 1;
}

int Run(SoakPlan plan, const std::string& folder) {
  plan.extension = fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "xtdb.so";
  if (plan.worker > 0) {
    plan.folder = folder;
    return RunWorker(plan);
  }
  const fs::path parent = folder.empty() ? fs::temp_directory_path() : fs::path(folder);
  plan.folder = parent / fmt::format("xtdb-soak-{}", getpid());
  fs::create_directories(plan.folder);
  const int code = RunFirst(plan);
  std::error_code ignored;
  fs::remove_all(plan.folder, ignored);
  return code;
}

}  // namespace
}  // namespace xtdb::bench

int main(int argc, char** argv) {
  CLI::App app("A mixed load for a long time, and a verdict");
  xtdb::bench::SoakPlan plan;
  std::string folder;
  app.add_option("--minutes", plan.minutes, "how long")
      ->capture_default_str()
      ->check(CLI::Range(0.2, 100'000.0));
  app.add_option("--interval", plan.interval_s, "seconds between lines")->capture_default_str();
  app.add_option("--processes", plan.processes, "that write and read")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--rate", plan.points_per_s, "points a second in order, of each process")
      ->capture_default_str()
      ->check(CLI::Range(1000.0, 1e7));
  app.add_option("--chunk-mib", plan.chunk_mib, "chunk_size of the container")
      ->capture_default_str();
  app.add_option("--buffer-mib", plan.buffer_mib, "buffer of the table")->capture_default_str();
  app.add_option("--folder", folder, "where the container is made; default: in TMPDIR");
  app.add_option("--worker", plan.worker, "a further process of a soak; it starts these itself")
      ->group("");
  CLI11_PARSE(app, argc, argv);
  return xtdb::bench::Run(plan, folder);
}
