#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bench/soak/judge.h"
#include "bench/soak/load.h"

namespace xtdb::bench {

// Of the first process: keeps the container in order (retention, and compaction where the extension
// has it), and measures.
class Keeper {
 public:
  Keeper(const SoakPlan& plan, std::vector<pid_t> pids);

  void Maintain();
  // counts: with the container's points, which takes longer.
  SoakSample Measure(bool counts);
  // What is decoded and checked byte by byte; ends the program if anything is wrong.
  void Check();
  int64_t dropped_chunks() const { return dropped_chunks_; }
  int64_t compacted_chunks() const { return compacted_chunks_; }
  bool can_compact() const { return can_compact_; }

 private:
  int64_t Stat(const std::string& name);

  const SoakPlan plan_;
  const std::vector<pid_t> pids_;
  PlantConnection db_;
  bool can_compact_ = false;
  int64_t dropped_chunks_ = 0;
  int64_t compacted_chunks_ = 0;
};

// A process more that writes and reads, and ends by itself when the plan's time is over.
pid_t StartWorker(const SoakPlan& plan, int number);
// Waits for it. False: it failed.
bool JoinWorker(pid_t pid);

}  // namespace xtdb::bench
