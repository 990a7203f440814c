#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/common/sqlite_connection.h"
#include "bench/soak/plan.h"

namespace xtdb::bench {

// A connection with the extension loaded and the container as table t. Its database is its own and
// in memory: only the container is shared.
class PlantConnection : public SqliteConnection {
 public:
  explicit PlantConnection(const SoakPlan& plan);
};

struct SoakCounters {
  std::atomic<uint64_t> commits{0};
  std::atomic<uint64_t> rollbacks{0};
  std::atomic<uint64_t> points{0};  // written, overwritten ones included
  std::atomic<uint64_t> deletes{0};
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> rows{0};  // read
};

// The threads of one process, each with its own connection: one that writes in order, one that
// writes late points, overwrites, deletes and rolls back, one of large transactions, and two that
// read. An error ends the program.
class SoakLoad {
 public:
  explicit SoakLoad(const SoakPlan& plan);
  ~SoakLoad() { Stop(); }
  void Stop();  // returns when all threads have ended
  const SoakCounters& counters() const { return counters_; }

 private:
  void WriteInOrder();
  void WriteInDisorder();
  void WriteLarge();
  void Read(uint64_t seed);
  // False: it is time to stop.
  bool SleepFor(double seconds);

  const SoakPlan plan_;
  SoakCounters counters_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace xtdb::bench
