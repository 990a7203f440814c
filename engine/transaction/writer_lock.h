#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "engine/base/status.h"

namespace xtdb {

// WRITER within the process: a timed flag with an owner, not a mutex, since a transaction may begin
// on one thread and end on another. Threads: any.
class WriterLock {
 public:
  // kBusy after `timeout_us` (0: at once), naming the container by `path`.
  Status Acquire(int64_t timeout_us, const std::string& path);
  void Release();

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;  // guarded by mutex_
};

}  // namespace xtdb
