#include "engine/process/process_locks.h"

#include <algorithm>
#include <string>

#include "engine/format/container_format.h"
#include "engine/io/process.h"

namespace xtdb {

namespace {

constexpr int64_t kOpenTimeoutUs = 60'000'000;
constexpr int64_t kStepUsMax = 5'000;
constexpr const char* kOpensOrCloses = "opens or closes it";

}  // namespace

bool Backoff::Wait() {
  if (left_us_ <= 0) return false;
  const int64_t step = std::min(step_us_, left_us_);
  clock_.SleepUs(step);
  left_us_ -= step;
  step_us_ = std::min(2 * step_us_, kStepUsMax);
  return true;
}

Result<bool> ProcessLocks::Try(uint64_t offset, File::LockKind kind) {
  const Status locked = file_.TryLock(offset, kind);
  if (locked.code() == StatusCode::kBusy) return false;
  if (!locked.ok()) return locked;
  return true;
}

Status ProcessLocks::Wait(uint64_t offset, File::LockKind kind, const char* what) {
  Backoff backoff(clock_, kOpenTimeoutUs);
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool locked, Try(offset, kind));
    if (locked) return Status();
    if (backoff.Wait()) continue;
    std::string holder = DescribeHolders(file_.path());
    if (holder.empty()) holder = "another process";
    return Status::Busy(file_.path() + ": waited a minute for " + holder + ", which " + what);
  }
}

Status ProcessLocks::LockRecovery() {
  return Wait(kLockRecovery, File::LockKind::kExclusive, kOpensOrCloses);
}

Result<bool> ProcessLocks::ShareRecovery(bool may_wait) {
  if (!may_wait) return Try(kLockRecovery, File::LockKind::kShared);
  XTDB_RETURN_IF_ERROR(Wait(kLockRecovery, File::LockKind::kShared, kOpensOrCloses));
  return true;
}

void ProcessLocks::UnlockRecovery() { file_.Unlock(kLockRecovery); }

Status ProcessLocks::ShareOpen() { return Wait(kLockOpen, File::LockKind::kShared, "closes it"); }

Result<bool> ProcessLocks::TryExclusiveOpen() { return Try(kLockOpen, File::LockKind::kExclusive); }

void ProcessLocks::UnlockOpen() { file_.Unlock(kLockOpen); }

Result<bool> ProcessLocks::TryWriter() { return Try(kLockWriter, File::LockKind::kExclusive); }

void ProcessLocks::UnlockWriter() { file_.Unlock(kLockWriter); }

Result<bool> ProcessLocks::TryCompaction() {
  return Try(kLockCompaction, File::LockKind::kExclusive);
}

void ProcessLocks::UnlockCompaction() { file_.Unlock(kLockCompaction); }

Result<bool> ProcessLocks::IsCompactingElsewhere() {
  return file_.IsLockedElsewhere(kLockCompaction, 1);
}

Status ProcessLocks::SharePin() {
  return Wait(kLockPin, File::LockKind::kShared, "reuses space of it");
}

void ProcessLocks::UnlockPin() { file_.Unlock(kLockPin); }

Result<bool> ProcessLocks::TryExclusivePin() { return Try(kLockPin, File::LockKind::kExclusive); }

}  // namespace xtdb
