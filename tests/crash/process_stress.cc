#include "tests/crash/process_stress.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include "tests/crash/stress_roles.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {

namespace {

constexpr uint64_t kChunkBytes = 4 * 1024 * 1024;
constexpr double kStopSecondsMax = 120;
constexpr double kStillSecondsMax = 60;  // without a commit, while a writer is there

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

pid_t Spawn(const StressRole& role, int board_fd) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a run that is itself killed leaves nobody behind
  if (board_fd == kBoardFd) {
    ::fcntl(kBoardFd, F_SETFD, 0);
  } else {
    ::dup2(board_fd, kBoardFd);
  }
  const std::string seed = std::to_string(role.seed);
  ::execl("/proc/self/exe", "process_stress", "--stress", role.name.c_str(),
          role.store.folder.c_str(), role.store.journal.c_str(), role.store.synchronous.c_str(),
          seed.c_str(), nullptr);
  ::_exit(127);
}

// A process of the run, or its place while it is not there.
struct Place {
  std::string role;
  pid_t pid = 0;
  double continue_at = 0;  // it is stopped until then
};

class ProcessStress {
 public:
  explicit ProcessStress(const ProcessStressOptions& options)
      : options_(options), random_(options.seed) {
    store_.folder = folder_.path();
    store_.journal = options.journal;
    store_.synchronous = options.synchronous;
    places_.push_back({.role = "writer"});
    places_.push_back({.role = "operator"});
    for (int i = 0; i < options.readers; ++i) places_.push_back({.role = "reader"});
    second_ = places_.size();
    places_.push_back({.role = "second"});
  }
  ~ProcessStress() {
    for (Place& place : places_) {
      if (place.pid != 0) Kill(place);
    }
  }
  ProcessStress(const ProcessStress&) = delete;
  ProcessStress& operator=(const ProcessStress&) = delete;

  ProcessStressReport Run() {
    const double begun = Now();
    if (Create()) {
      Go(begun + options_.seconds);
      StopAll();
      CheckFolder();
      CheckContents();
    }
    report_.seconds = Now() - begun;
    TakeFigures();
    return report_;
  }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }
  StressBoard& board() { return memory_.board(); }
  void Problem(const std::string& what) { report_.problems.push_back(what); }

  bool Create() {
    StressDatabase first(store_, board());
    StressDatabase second(store_, board());
    return first.Create(store_.DatabasePath()) && first.Close() &&
           second.Create(store_.SecondPath()) && second.Close();
  }

  void Start(Place& place) {
    place.pid = Spawn({.name = place.role, .store = store_, .seed = random_()}, memory_.fd());
    place.continue_at = 0;
    ++report_.processes;
  }

  void Kill(Place& place) {
    ::kill(place.pid, SIGKILL);
    int status = 0;
    ::waitpid(place.pid, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) TellEnd(place, status);
    place.pid = 0;
    (place.role == "reader" ? report_.reader_kills : report_.writer_kills)++;
  }

  void TellEnd(const Place& place, int status) {
    Problem("a " + place.role + " ended by itself, " +
            (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                 : "code " + std::to_string(WEXITSTATUS(status))));
  }

  void Go(double until) {
    double last_commit_at = Now();
    uint64_t commits = 0;
    while (Now() < until && report_.problems.empty()) {
      for (size_t i = 0; i < places_.size(); ++i) {
        if (places_[i].pid == 0 && i != second_) Start(places_[i]);
      }
      ::usleep(static_cast<useconds_t>(10'000 + Draw(150'000)));
      Harm();
      Watch();
      if (board().commits != commits) last_commit_at = Now();
      commits = board().commits;
      if (Now() - last_commit_at > kStillSecondsMax) Problem("nobody commits any more");
    }
  }

  void Harm() {
    const uint64_t what = Draw(100);
    Place& reader = places_[2 + Draw(static_cast<uint64_t>(options_.readers))];
    if (what < 30) {
      Kill(reader);
    } else if (what < 50) {
      Kill(places_[0]);
    } else if (what < 58) {
      Kill(places_[1]);
    } else if (what < 70) {
      Place& second = places_[second_];
      second.pid == 0 ? Start(second) : Kill(second);
    } else if (what < 76 && reader.continue_at == 0) {
      ::kill(reader.pid, SIGSTOP);
      reader.continue_at = Now() + static_cast<double>(Draw(2'000)) / 1000;
      ++report_.stops;
    } else if (what == 99) {
      ++report_.kills_of_all;
      // All at once, so that who opens next recovers. The signals first, then the waiting.
      for (const Place& place : places_) {
        if (place.pid != 0) ::kill(place.pid, SIGKILL);
      }
      for (Place& place : places_) {
        if (place.pid != 0) Kill(place);
      }
    }
  }

  void Watch() {
    for (Place& place : places_) {
      if (place.pid == 0) continue;
      int status = 0;
      if (::waitpid(place.pid, &status, WNOHANG) == place.pid) {
        place.pid = 0;
        TellEnd(place, status);
      } else if (place.continue_at != 0 && Now() > place.continue_at) {
        ::kill(place.pid, SIGCONT);
        place.continue_at = 0;
      }
    }
  }

  // Each closes its connection; the last close leaves one file. If all were killed just before,
  // there is nobody to do it, and one more process opens and closes.
  void StopAll() {
    bool is_closed = false;
    for (const Place& place : places_) {
      if (place.pid == 0) continue;
      ::kill(place.pid, SIGTERM);
      ::kill(place.pid, SIGCONT);
    }
    const double until = Now() + kStopSecondsMax;
    for (Place& place : places_) {
      int status = 0;
      while (place.pid != 0 && Now() < until) {
        if (::waitpid(place.pid, &status, WNOHANG) == place.pid) {
          // One that has only just begun does not know the signal yet.
          const bool is_asked = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
          if (status != 0 && !is_asked) TellEnd(place, status);
          is_closed |= status == 0;
          place.pid = 0;
        } else {
          ::usleep(2'000);
        }
      }
      if (place.pid == 0) continue;
      Problem("a " + place.role + " does not come to its end");
      Kill(place);
    }
    if (is_closed) return;
    StressDatabase last(store_, board());
    if (last.Open(store_.DatabasePath(), 0) && last.Exec("SELECT * FROM plant LIMIT 1")) {
      last.Close();
    }
  }

  // SQLite's own -wal of a killed process goes when the database is closed the next time; its
  // -journal, where the process died before the header was written, with the next transaction.
  void CloseSqliteFiles() {
    for (const std::string& path : {store_.DatabasePath(), store_.SecondPath()}) {
      sqlite3* db = nullptr;
      sqlite3_open(path.c_str(), &db);
      sqlite3_exec(db, "PRAGMA user_version = 1", nullptr, nullptr, nullptr);
      sqlite3_close(db);
    }
  }

  void CheckFolder() {
    CloseSqliteFiles();
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(store_.folder)) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    if (found == std::vector<std::string>{"plant.db", "plant.xtdb", "second.db"}) return;
    std::string all;
    for (const std::string& name : found) all += " " + name;
    Problem("all is closed, and there are:" + all);
  }

  void CheckContents() {
    if (!report_.problems.empty()) return;
    StressDatabase db(store_, board());
    const int64_t acknowledged = board().acknowledged;
    int64_t first = 0;
    int64_t last = 0;
    int tags = 0;
    const auto check_tag = [&](sqlite3_stmt* row) {
      const auto column = [&](int i) { return sqlite3_column_int64(row, i); };
      if (tags++ == 0) last = column(2);
      first = std::max<int64_t>(first, column(1));
      return (column(0) == last - column(1) + 1 && column(2) == last && column(3) == column(0)) ||
             db.Fail("at the end: a tag has other commits");
    };
    const bool is_read =
        db.Open(store_.DatabasePath(), 0) &&
        db.Read(
            "SELECT count(*), min(ts), max(ts), sum(ts = value) FROM plant WHERE tag GLOB "
            "'c[0-9]' GROUP BY tag",
            check_tag) &&
        db.Read("SELECT xtdb_check('plant')", [&](sqlite3_stmt* row) {
          const std::string told = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
          return told == "ok" || db.Fail("at the end: " + told);
        });
    if (!is_read) return;
    if (tags != kStressTags) Problem("at the end: " + std::to_string(tags) + " tags");
    if (last < acknowledged) Problem("at the end: acknowledged commits are gone");
    if (first > std::max<int64_t>(1, board().drop_limit)) {
      Problem("at the end: a tag begins with " + std::to_string(first));
    }
    int64_t sequence = 0;
    int64_t slots = 0;
    if (db.ReadNumber("SELECT max(sequence) FROM xtdb_chunks('plant')", &sequence) &&
        db.ReadNumber("SELECT max(slot) + 1 FROM xtdb_chunks('plant')", &slots)) {
      report_.chunks_made = static_cast<uint64_t>(sequence);
      const auto most = std::max<uint64_t>(static_cast<uint64_t>(slots),
                                           board().container_bytes_max / kChunkBytes);
      report_.slots_reused = report_.chunks_made > most ? report_.chunks_made - most : 0;
    }
    db.Close();
  }

  void TakeFigures() {
    StressBoard& from = board();
    if (from.errors != 0) Problem(std::to_string(from.errors) + " errors: " + from.first_error);
    report_.commits = from.commits;
    report_.points = from.points;
    report_.rollbacks = from.rollbacks;
    report_.recoveries = from.recoveries;
    report_.reads = from.reads;
    report_.rows = from.rows;
    report_.busy = from.busy;
    report_.busy_wait_us_max = from.busy_wait_us_max;
    report_.drops = from.drops;
    report_.chunks_dropped = from.chunks_dropped;
    report_.flushes = from.flushes;
    report_.seals = from.seals;
    report_.compactions = from.compactions;
    report_.checks = from.checks;
    report_.log_bytes_max = from.log_bytes_max;
    report_.container_bytes_max = from.container_bytes_max;
  }

  const ProcessStressOptions options_;
  const TemporaryDirectory folder_;
  StressStore store_;
  BoardMemory memory_;
  std::mt19937_64 random_;
  std::vector<Place> places_;
  size_t second_ = 0;
  ProcessStressReport report_;
};

}  // namespace

ProcessStressReport RunProcessStress(const ProcessStressOptions& options) {
  return ProcessStress(options).Run();
}

std::ostream& operator<<(std::ostream& out, const ProcessStressReport& report) {
  out << static_cast<int64_t>(report.seconds) << " s, " << report.processes << " processes, "
      << report.commits << " commits acknowledged, " << report.points << " points, "
      << report.rollbacks << " rollbacks; kills: " << report.writer_kills << " of writers, "
      << report.reader_kills << " of readers, " << report.kills_of_all << " times all at once; "
      << report.stops << " readers stopped for a while; " << report.recoveries
      << " recoveries told by xtdb_events; " << report.reads << " reads checked, " << report.rows
      << " rows; writers: " << report.busy << " times busy, longest wait "
      << report.busy_wait_us_max / 1000 << " ms; " << report.drops << " drops of "
      << report.chunks_dropped << " chunks, " << report.flushes << " flushes, " << report.seals
      << " seals, " << report.compactions << " compactions, " << report.checks << " checks; "
      << report.chunks_made << " chunks, " << report.slots_reused
      << " in a reused slot; log at most " << report.log_bytes_max / 1024
      << " KiB, container at most " << report.container_bytes_max / 1024 << " KiB\n";
  for (const std::string& problem : report.problems) out << "PROBLEM: " << problem << "\n";
  return out;
}

}  // namespace xtdb
