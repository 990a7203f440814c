#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace xtdb {

struct ProcessStressOptions {
  double seconds = 10;
  int readers = 8;
  uint64_t seed = 1;
  std::string journal = "wal";         // of SQLite's database
  std::string synchronous = "normal";  // of the container
};

struct ProcessStressReport {
  std::vector<std::string> problems;  // empty: every promise was kept
  uint64_t commits = 0;
  uint64_t points = 0;
  uint64_t rollbacks = 0;
  uint64_t writer_kills = 0;  // of writers and operators
  uint64_t reader_kills = 0;
  uint64_t kills_of_all = 0;
  uint64_t stops = 0;  // SIGSTOP of a reader, for a while
  uint64_t processes = 0;
  uint64_t recoveries = 0;
  uint64_t reads = 0;
  uint64_t rows = 0;
  uint64_t busy = 0;
  uint64_t busy_wait_us_max = 0;
  uint64_t drops = 0;
  uint64_t chunks_dropped = 0;
  uint64_t flushes = 0;
  uint64_t seals = 0;
  uint64_t compactions = 0;  // that a statement asked for; others run by themselves
  uint64_t checks = 0;
  uint64_t chunks_made = 0;
  uint64_t slots_reused = 0;
  uint64_t log_bytes_max = 0;
  uint64_t container_bytes_max = 0;
  double seconds = 0;
};
std::ostream& operator<<(std::ostream& out, const ProcessStressReport& report);

// Runs a writer, a second one now and then, an operator and readers as processes on one container,
// kills and stops them at random, and asks them to stop at the end; then compares what is there
// with what was acknowledged. They are this program (/proc/self/exe), whose main function must call
// RunStressRoleIfAsked.
ProcessStressReport RunProcessStress(const ProcessStressOptions& options);

}  // namespace xtdb
