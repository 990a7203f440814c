#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/io/file_system.h"

namespace xtdb {

// synchronous=normal: commits do not wait for the disk, and yet reach it within `interval`, also
// the last one before a pause. A thread, begun by the first commit, syncs the log behind them.
//
// It takes no lock of the log: it has a file of its own, and a sync there is one for everybody's
// writes. (After a failure the kernel tells each open file once, so the log's writer hears of it,
// too.)
//
// Ownership: borrows `fs`, which must outlive it.
// Threads:   any. After fork() the child must only destroy it.
// Errors:    each failed sync is handed to `on_failure`, in the thread that had it.
class LogSyncer {
 public:
  using OnFailureFn = std::function<void(const Status&)>;
  LogSyncer(FileSystem& fs, std::string log_path, std::chrono::microseconds interval,
            OnFailureFn on_failure);
  ~LogSyncer();
  LogSyncer(const LogSyncer&) = delete;
  LogSyncer& operator=(const LogSyncer&) = delete;

  // What is in the log now is to be synced. False: there is no thread for it, or not any more; the
  // caller has to do it.
  bool NoteCommit();
  // Syncs what is left, and ends the thread. Idempotent.
  void Stop();

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
  const uint64_t fork_generation_;
};

}  // namespace xtdb
