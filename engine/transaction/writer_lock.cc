#include "engine/transaction/writer_lock.h"

#include <chrono>

namespace xtdb {

namespace {

// Longer than any maintenance that is not stuck.
constexpr std::chrono::seconds kMaintenanceWait(60);

}  // namespace

Status WriterLock::Acquire(int64_t timeout_us, const std::string& path, Holder holder) {
  std::unique_lock lock(mutex_);
  const auto is_free = [this] { return !held_; };
  bool free = released_.wait_for(lock, std::chrono::microseconds(timeout_us), is_free);
  if (!free && holder == Holder::kUser) {
    const auto is_users = [this] { return !held_ || holder_ == Holder::kUser; };
    released_.wait_for(lock, kMaintenanceWait, is_users);
    free = !held_;
  }
  if (!free) {
    return Status::Busy(
        path +
        ": another connection of this process is writing; commit it first, or set a "
        "longer PRAGMA busy_timeout");
  }
  held_ = true;
  holder_ = holder;
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
