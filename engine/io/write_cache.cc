#include "engine/io/write_cache.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/cleanup.h"
#include "engine/io/process.h"
#include "engine/io/signals_blocked.h"

namespace xtdb {
namespace {

using Bytes = std::span<const std::byte>;
using SteadyClock = std::chrono::steady_clock;

struct QueuedWrite {
  uint64_t offset;
  AlignedBuffer bytes;
  SteadyClock::time_point queued_at;
};
// A list moves from the queue into a batch, and back out of it, without taking memory.
using QueuedWrites = std::list<QueuedWrite>;

// What a batch leaves in the file: bytes by their offset, none of them twice.
using Pieces = std::map<uint64_t, Bytes>;

// Lays `bytes` over what has been laid at its place before.
void Lay(Pieces& pieces, uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return;
  const uint64_t end = offset + bytes.size();
  auto next = pieces.lower_bound(offset);
  // Only the piece before can reach across the new one's begin, and only the last of the covered
  // ones across its end: that is kept as a piece of its own.
  if (next != pieces.begin()) {
    const auto before = std::prev(next);
    const Bytes whole = before->second;
    const uint64_t until = before->first + whole.size();
    if (until > offset) before->second = whole.first(offset - before->first);
    if (until > end) pieces.emplace_hint(next, end, whole.subspan(end - before->first));
  }
  while (next != pieces.end() && next->first < end) {
    const Bytes whole = next->second;
    const uint64_t covered = end - next->first;
    if (whole.size() > covered) pieces.emplace_hint(next, end, whole.subspan(covered));
    next = pieces.erase(next);
    if (whole.size() > covered) break;
  }
  pieces.emplace_hint(next, offset, bytes);
}

Pieces Arrange(const QueuedWrites& writes) {
  Pieces pieces;
  for (const QueuedWrite& write : writes) Lay(pieces, write.offset, write.bytes.span());
  return pieces;
}

struct WrittenBatch {
  Status status;
  uint64_t system_writes = 0;
  uint64_t bytes = 0;
};

// Each run of adjacent pieces by one system write, up to the first that fails.
void WriteRuns(AlignedIO& io, const Pieces& pieces, WrittenBatch& done) {
  std::vector<Bytes> run;
  run.reserve(pieces.size());
  for (auto piece = pieces.begin(); piece != pieces.end();) {
    const uint64_t begin = piece->first;
    uint64_t end = begin;
    run.clear();
    for (; piece != pieces.end() && piece->first == end; ++piece) {
      run.push_back(piece->second);
      end += piece->second.size();
    }
    ++done.system_writes;
    done.status = io.WriteVAt(begin, run);
    if (!done.status.ok()) return;
    done.bytes += end - begin;
  }
}

}  // namespace

struct WriteCache::Queue {
  Queue(File& file, const WriteCacheOptions& wanted) : io(file), options(wanted) {
    XTDB_CHECK(options.queued_writes_max >= 1 && options.batch_writes_max >= 1);
  }

  Status Add(uint64_t offset, AlignedBuffer&& bytes);
  bool HasRoomFor(uint64_t size_bytes) const;
  bool IsOpen() const { return failure.ok() && !closed; }
  bool StartThread();
  void Run();
  bool IsBatchDue() const;
  // Returns when the first `count` writes of the cache's life are written, or one has failed.
  Status WriteOut(std::unique_lock<std::mutex>& lock, uint64_t count);
  void WriteBatch(std::unique_lock<std::mutex>& lock);
  void Close();

  AlignedIO io;
  const WriteCacheOptions options;
  std::mutex closing;  // held by one Close() after the other; taken before `mutex`

  // The rest is guarded by mutex.
  mutable std::mutex mutex;
  std::condition_variable work;      // for the thread
  std::condition_variable progress;  // for everybody else: a batch is done
  QueuedWrites waiting;              // but not those that are being written
  uint64_t queued_bytes = 0;         // with those that are being written
  uint64_t waiting_producers = 0;
  bool is_writing = false;  // somebody has a batch; there is never a second one, to keep the order
  bool closed = false;
  Status failure;  // the first; never cleared
  WriteCacheStats stats;
  std::thread thread;
};

bool WriteCache::Queue::HasRoomFor(uint64_t size_bytes) const {
  const uint64_t queued = stats.writes - stats.written;
  if (queued == 0) return true;
  return queued < options.queued_writes_max && size_bytes <= options.queued_bytes_max &&
         queued_bytes <= options.queued_bytes_max - size_bytes;
}

Status WriteCache::Queue::Add(uint64_t offset, AlignedBuffer&& bytes) {
  const uint64_t size_bytes = bytes.size();
  QueuedWrites added;
  added.push_back({offset, std::move(bytes), SteadyClock::time_point()});

  std::unique_lock lock(mutex);
  if (!HasRoomFor(size_bytes) && IsOpen()) {
    ++stats.producer_waits;
    ++waiting_producers;
    work.notify_one();
    progress.wait(lock, [&] { return HasRoomFor(size_bytes) || !IsOpen(); });
    --waiting_producers;
  }
  XTDB_RETURN_IF_ERROR(failure);
  if (closed) return Status::FailedPrecondition("write behind: closed");
  added.front().queued_at = SteadyClock::now();
  waiting.splice(waiting.end(), added);
  queued_bytes += size_bytes;
  ++stats.writes;
  stats.queued_max = std::max(stats.queued_max, stats.writes - stats.written);
  if (!StartThread()) return WriteOut(lock, stats.writes);
  // The first write of a batch sets the time at which it is due.
  if (waiting.size() == 1 || waiting.size() >= options.batch_writes_max) work.notify_one();
  return {};
}

bool WriteCache::Queue::StartThread() {
  if (thread.joinable()) return true;
  const SignalsBlocked blocked;
  try {
    thread = std::thread([this] { Run(); });
  } catch (const std::exception&) {  // no thread, or no memory
    return false;
  }
  return true;
}

void WriteCache::Queue::Run() {
  std::unique_lock lock(mutex);
  while (IsOpen()) {
    if (is_writing || waiting.empty()) {
      work.wait(lock);
    } else if (IsBatchDue()) {
      WriteBatch(lock);
    } else {
      work.wait_until(lock, waiting.front().queued_at + options.batch_wait);
    }
  }
}

bool WriteCache::Queue::IsBatchDue() const {
  return waiting.size() >= options.batch_writes_max || waiting_producers > 0 ||
         SteadyClock::now() >= waiting.front().queued_at + options.batch_wait;
}

Status WriteCache::Queue::WriteOut(std::unique_lock<std::mutex>& lock, uint64_t count) {
  while (failure.ok() && stats.written < count) {
    if (is_writing) {
      progress.wait(lock);
    } else {
      WriteBatch(lock);
    }
  }
  return failure;
}

void WriteCache::Queue::WriteBatch(std::unique_lock<std::mutex>& lock) {
  QueuedWrites batch;
  const uint64_t count = std::min<uint64_t>(waiting.size(), options.batch_writes_max);
  const auto end = std::next(waiting.begin(), static_cast<QueuedWrites::difference_type>(count));
  batch.splice(batch.end(), waiting, waiting.begin(), end);
  uint64_t size_bytes = 0;
  for (const QueuedWrite& write : batch) size_bytes += write.bytes.size();

  is_writing = true;
  lock.unlock();
  WrittenBatch done;
  const Status had_memory = CatchNoMemory([&]() -> Status {
    WriteRuns(io, Arrange(batch), done);
    return {};
  });
  if (!had_memory.ok()) done.status = had_memory;
  batch.clear();
  lock.lock();
  is_writing = false;

  ++stats.batches;
  stats.system_writes += done.system_writes;
  stats.written_bytes += done.bytes;
  if (done.status.ok()) {
    stats.written += count;
    stats.merged_writes += count - done.system_writes;
    queued_bytes -= size_bytes;
  } else {
    failure = done.status;
    waiting.clear();
  }
  progress.notify_all();
  work.notify_one();
}

void WriteCache::Queue::Close() {
  const std::lock_guard guard(closing);
  std::unique_lock lock(mutex);
  closed = true;
  work.notify_one();
  progress.notify_all();
  IgnoreStatus(WriteOut(lock, stats.writes), "the caller reads `failure`");
  if (!thread.joinable()) return;
  std::thread ended = std::move(thread);
  lock.unlock();
  ended.join();
}

WriteCache::WriteCache(File& file, const WriteCacheOptions& options)
    : queue_(std::make_unique<Queue>(file, options)), fork_generation_(ForkGeneration()) {}

WriteCache::~WriteCache() {
  // A child has no copy of the thread: what waits for it would wait for ever.
  if (ForkGeneration() != fork_generation_) {
    static_cast<void>(queue_.release());
    return;
  }
  queue_->Close();
}

Status WriteCache::CheckProcess() const {
  if (ForkGeneration() == fork_generation_) return {};
  return Status::FailedPrecondition("write behind: begun before a fork");
}

Status WriteCache::Write(uint64_t offset, AlignedBuffer&& bytes) {
  XTDB_CHECK(offset % kExtentSizeBytes == 0 &&
             bytes.size() <= std::numeric_limits<uint64_t>::max() - offset);
  XTDB_RETURN_IF_ERROR(CheckProcess());
  return queue_->Add(offset, std::move(bytes));
}

Status WriteCache::Flush() {
  XTDB_RETURN_IF_ERROR(CheckProcess());
  std::unique_lock lock(queue_->mutex);
  return queue_->WriteOut(lock, queue_->stats.writes);
}

Status WriteCache::Close() {
  XTDB_RETURN_IF_ERROR(CheckProcess());
  queue_->Close();
  const std::lock_guard lock(queue_->mutex);
  return queue_->failure;
}

WriteCacheStats WriteCache::stats() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->stats;
}

}  // namespace xtdb
