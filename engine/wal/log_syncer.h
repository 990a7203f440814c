#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/file_system.h"

namespace xtdb {

// synchronous=normal: commits do not wait for the disk, and yet reach it within `interval`, also
// the last one before a pause. A thread, begun by the first commit, syncs the log behind them.
//
// What a power loss can take is bounded in bytes, too: once half of `unsynced_bytes_max` is not
// synced the thread does not wait for the interval's end, and a commit that reaches all of it waits
// for the thread. So a disk that keeps up is never waited for.
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
  struct Options {
    std::chrono::microseconds interval{1'000'000};
    uint64_t unsynced_bytes_max = 8 * kMiB;  // 0 as 1: every commit waits
  };
  LogSyncer(FileSystem& fs, std::string log_path, const Options& options, OnFailureFn on_failure);
  ~LogSyncer();
  LogSyncer(const LogSyncer&) = delete;
  LogSyncer& operator=(const LogSyncer&) = delete;

  // The log is written up to `end_lsn`, and known to be synced below `durable_lsn`; the rest is to
  // be synced. True: fewer than unsynced_bytes_max bytes of it are not. False: there is no thread
  // for it, or not any more; the caller has to sync. An error: a sync has failed.
  Result<bool> NoteCommit(LSN durable_lsn, LSN end_lsn);
  // Syncs what is left, and ends the thread. Idempotent.
  void Stop();

  LSN synced_lsn() const;  // by NoteCommit's measure; what others synced counts as told there
  uint64_t sync_count() const;

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
  const uint64_t fork_generation_;
};

}  // namespace xtdb
