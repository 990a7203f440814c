#include "bench/soak/keeper.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/text.h"
#include "bench/soak/process_state.h"

namespace xtdb::bench {

Keeper::Keeper(const SoakPlan& plan, std::vector<pid_t> pids)
    : plan_(plan), pids_(std::move(pids)), db_(plan) {
  can_compact_ =
      db_.QueryInteger("SELECT count(*) FROM pragma_function_list WHERE name = 'xtdb_compact'") > 0;
}

void Keeper::Maintain() {
  const double oldest_s = ElapsedSeconds(plan_) - plan_.window_s();
  if (oldest_s > 0) {
    const auto second = static_cast<int64_t>(oldest_s * PlantSpeed(plan_));
    dropped_chunks_ += db_.QueryInteger(fmt::format("SELECT xtdb_drop('t', {})", PlantUs(second)));
  }
  if (can_compact_) compacted_chunks_ += db_.QueryInteger("SELECT xtdb_compact('t')");
}

int64_t Keeper::Stat(const std::string& name) {
  return db_.QueryInteger("SELECT value FROM xtdb_stats('t') WHERE name = '" + name + "'");
}

SoakSample Keeper::Measure(bool counts) {
  constexpr double kMib = 1 << 20;
  const ProcessState state = StateOf(pids_);
  SoakSample sample;
  sample.elapsed_s = ElapsedSeconds(plan_);
  sample.resident_mib = state.resident_mib;
  sample.handles = static_cast<double>(state.handles);
  sample.container_mib = static_cast<double>(Stat("container_disk_bytes")) / kMib;
  sample.log_mib = static_cast<double>(Stat("log_bytes")) / kMib;
  if (counts)
    sample.points = static_cast<double>(db_.QueryInteger("SELECT sum(points) FROM xtdb_tags('t')"));
  return sample;
}

void Keeper::Check() {
  const StatementPtr check = db_.Prepare("SELECT xtdb_check('t')");
  if (sqlite3_step(check.get()) != SQLITE_ROW) db_.FailWith("xtdb_check");
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(check.get(), 0));
  if (text == nullptr || std::string(text) != "ok")
    Fail(std::string("xtdb_check: ") + (text != nullptr ? text : "no answer"));
}

pid_t StartWorker(const SoakPlan& plan, int number) {
  const double left_s = plan.seconds() - ElapsedSeconds(plan);
  std::vector<std::string> words = {"soak",
                                    "--worker",
                                    std::to_string(number),
                                    "--minutes",
                                    fmt::format("{}", left_s / 60),
                                    "--rate",
                                    fmt::format("{}", plan.points_per_s),
                                    "--chunk-mib",
                                    std::to_string(plan.chunk_mib),
                                    "--buffer-mib",
                                    std::to_string(plan.buffer_mib),
                                    "--folder",
                                    plan.folder.string()};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) != 0)
    Fail("cannot start a worker");
  return pid;
}

bool JoinWorker(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace xtdb::bench
