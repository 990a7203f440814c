#include "engine/transaction/writer_lock.h"

#include <chrono>

namespace xtdb {

Status WriterLock::Acquire(int64_t timeout_us, const std::string& path) {
  std::unique_lock lock(mutex_);
  const bool free =
      released_.wait_for(lock, std::chrono::microseconds(timeout_us), [this] { return !held_; });
  if (!free) {
    return Status::Busy(
        path +
        ": another connection of this process is writing; commit it first, or set a "
        "longer PRAGMA busy_timeout");
  }
  held_ = true;
  return Status();
}

void WriterLock::Release() {
  {
    std::lock_guard lock(mutex_);
    held_ = false;
  }
  released_.notify_one();
}

}  // namespace xtdb
