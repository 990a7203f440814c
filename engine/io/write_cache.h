#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/aligned_io.h"
#include "engine/io/file_system.h"

namespace xtdb {

struct WriteCacheOptions {
  // A producer waits while as many writes, or as many bytes, are queued or being written. (1,000
  // of the largest blocks would be more than a container's whole buffer budget.) A larger write
  // than that many bytes goes alone.
  uint64_t queued_writes_max = 1000;  // >= 1
  uint64_t queued_bytes_max = 64 * kMiB;
  uint64_t batch_writes_max = 50;                // >= 1
  std::chrono::microseconds batch_wait{50'000};  // for a batch to fill, from its first write on
};

struct WriteCacheStats {
  uint64_t writes = 0;         // queued so far
  uint64_t written = 0;        // of those; without an error, all after a Flush()
  uint64_t written_bytes = 0;  // in the file: of a block that was replaced in its batch, once
  uint64_t batches = 0;
  uint64_t system_writes = 0;   // File::WriteVAt, also one that failed
  uint64_t merged_writes = 0;   // written without a system write of their own
  uint64_t queued_max = 0;      // writes that were queued or being written at a time
  uint64_t producer_waits = 0;  // Write() calls that found the queue full
};

// The write-behind stage between those who make blocks and the file: Write() queues, and the file
// gets batches, sorted by offset, adjacent writes in one system call. Of what stands on the same
// bytes, the later Write() wins. Nothing is durable until Flush() and then File::Sync().
//
// A thread writes a batch as soon as it is full, or its first write is old enough, or a producer
// waits. Flush() and Close() do not wait for it to wake: they write what is queued themselves. The
// first Write() begins the thread and Close() ends it; where none can be made, each Write() writes.
//
// Ownership: borrows `file`, which must outlive it.
// Threads:   any, several at once; what is about to be read or written past the cache must be
//            flushed. After fork() the child must only destroy it; the rest is an error there.
// Errors:    the first failed write is sticky: everything that is queued is dropped, and every
//            later Write, Flush and Close returns that error. What a Flush before it acknowledged
//            stays acknowledged.
class WriteCache {
 public:
  explicit WriteCache(File& file, const WriteCacheOptions& options = {});
  ~WriteCache();  // Close(), whose error nobody waits for: what was not flushed was not promised
  WriteCache(const WriteCache&) = delete;
  WriteCache& operator=(const WriteCache&) = delete;

  // Takes `bytes` for [offset, offset + bytes.size()), both multiples of kExtentSizeBytes. Waits
  // while the queue is full. kFailedPrecondition: closed.
  Status Write(uint64_t offset, AlignedBuffer&& bytes);
  // On OK, the file has every write that was queued before: reads see it, and a Sync() makes it
  // durable.
  Status Flush();
  // Writes what is queued and ends the thread. Idempotent: a further call tells the same.
  Status Close();

  WriteCacheStats stats() const;

 private:
  struct Queue;
  // In a child after fork() the queue's locks may be held for ever.
  Status CheckProcess() const;

  std::unique_ptr<Queue> queue_;
  const uint64_t fork_generation_;
};

}  // namespace xtdb
