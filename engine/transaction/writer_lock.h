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
  // Maintenance is what nobody has asked for: who finds it holding the lock waits for its end,
  // whatever the timeout, since it is no other user who writes.
  enum class Holder : uint8_t { kUser, kMaintenance };
  // kBusy after `timeout_us` (0: at once), naming the container by `path`.
  Status Acquire(int64_t timeout_us, const std::string& path, Holder holder = Holder::kUser);
  void Release();

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  bool held_ = false;              // guarded by mutex_
  Holder holder_ = Holder::kUser;  // guarded by mutex_; of who holds it
};

}  // namespace xtdb
