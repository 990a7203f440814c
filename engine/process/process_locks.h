#pragma once

#include <cstdint>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "engine/io/file_system.h"

namespace xtdb {

// The locks by which processes share a container: one byte each of the open file, far behind its
// end. They are OFD locks, so those of a process that dies are free. What each is for, and in what
// order they are taken: docs/concurrency.md.
//
// Ownership: borrows `file` and `clock`.
// Threads:   as the members say; an OFD lock cannot tell one thread of the process from another.
class ProcessLocks {
 public:
  ProcessLocks(File& file, Clock& clock) : file_(file), clock_(clock) {}

  // While a process opens, recovers or closes. Waits; kBusy after a minute, naming the holder.
  // One thread at a time.
  Status LockRecovery();
  // By who may not write. False: another process has it, and `may_wait` is false.
  Result<bool> ShareRecovery(bool may_wait);
  void UnlockRecovery();

  // Whoever has the container open holds it shared.
  Status ShareOpen();
  // Turns it exclusive, if nobody else has the container open; else it stays as it is.
  Result<bool> TryExclusiveOpen();
  void UnlockOpen();

  // False: another process has it.
  Result<bool> TryWriter();
  void UnlockWriter();

  // While a process compacts: one at a time.
  Result<bool> TryCompaction();
  void UnlockCompaction();
  Result<bool> IsCompactingElsewhere();

  // What read-only openers, who have no slot in shared memory, hold while they have a snapshot.
  Status SharePin();
  void UnlockPin();
  // True: no read-only opener has a snapshot, nor begins one before UnlockPin.
  Result<bool> TryExclusivePin();

 private:
  Result<bool> Try(uint64_t offset, File::LockKind kind);
  Status Wait(uint64_t offset, File::LockKind kind, const char* what);

  File& file_;
  Clock& clock_;
};

// Sleeps a little, longer each time, so that a short wait is short and a long one costs nothing.
class Backoff {
 public:
  Backoff(Clock& clock, int64_t timeout_us) : clock_(clock), left_us_(timeout_us) {}
  // False: the time is over.
  bool Wait();

 private:
  Clock& clock_;
  int64_t left_us_;
  int64_t step_us_ = 50;
};

}  // namespace xtdb
