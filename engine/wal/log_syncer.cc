#include "engine/wal/log_syncer.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/base/cleanup.h"
#include "engine/io/process.h"
#include "engine/io/signals_blocked.h"

namespace xtdb {

struct LogSyncer::Worker {
  Worker(FileSystem& file_system, std::string path, const Options& wanted, OnFailureFn failed)
      : fs(file_system),
        log_path(std::move(path)),
        interval(wanted.interval),
        unsynced_bytes_max(std::max<uint64_t>(wanted.unsynced_bytes_max, 1)),
        on_failure(std::move(failed)) {}

  bool Start();
  void Run();
  void Sync(std::unique_lock<std::mutex>& lock);
  void Note(LSN durable_lsn, LSN end_lsn);
  uint64_t UnsyncedBytes() const { return noted_lsn - synced_lsn; }
  bool IsUrgent() const { return UnsyncedBytes() >= (unsynced_bytes_max + 1) / 2; }

  FileSystem& fs;
  const std::string log_path;
  const std::chrono::microseconds interval;
  const uint64_t unsynced_bytes_max;
  const OnFailureFn on_failure;

  std::unique_ptr<File> log;  // once the thread runs
  mutable std::mutex mutex;
  std::condition_variable changed;  // for the thread
  std::condition_variable synced;   // for who waits for it
  // The rest is guarded by mutex.
  bool is_due = false;  // a commit is not synced
  bool stopped = false;
  LSN noted_lsn = kNoLsn;   // the log's end at the last commit
  LSN synced_lsn = kNoLsn;  // <= noted_lsn
  uint64_t sync_count = 0;
  Status failure;      // the first; never cleared
  std::thread thread;  // until stopped
};

bool LogSyncer::Worker::Start() {
  if (thread.joinable()) return true;
  const Status opened = CatchNoMemory([this]() -> Status {
    XTDB_ASSIGN_OR_RETURN(log, fs.Open(log_path, OpenMode::kReadOnly));
    return Status();
  });
  if (!opened.ok()) return false;
  const SignalsBlocked blocked;
  try {
    thread = std::thread([this] { Run(); });
  } catch (const std::exception&) {  // no thread, or no memory
    return false;
  }
  return true;
}

void LogSyncer::Worker::Run() {
  std::unique_lock lock(mutex);
  while (!stopped) {
    if (!is_due) {
      changed.wait(lock);
      continue;
    }
    // Commits that come meanwhile share the sync.
    changed.wait_for(lock, interval, [this] { return stopped || IsUrgent(); });
    if (stopped) return;
    Sync(lock);
  }
}

void LogSyncer::Worker::Sync(std::unique_lock<std::mutex>& lock) {
  is_due = false;
  const LSN end_lsn = noted_lsn;
  lock.unlock();
  const Status done = CatchNoMemory([this] { return log->Sync(); });
  if (!done.ok()) on_failure(done);
  lock.lock();
  if (done.ok()) {
    ++sync_count;
    synced_lsn = std::max(synced_lsn, std::min(end_lsn, noted_lsn));
  } else if (failure.ok()) {
    failure = done;
  }
  synced.notify_all();
}

void LogSyncer::Worker::Note(LSN durable_lsn, LSN end_lsn) {
  // A recovery may have cut from the log what was synced there.
  if (end_lsn < synced_lsn) synced_lsn = kNoLsn;
  noted_lsn = end_lsn;
  synced_lsn = std::max(synced_lsn, std::min(durable_lsn, end_lsn));
  const bool was_due = std::exchange(is_due, true);
  if (!was_due || IsUrgent()) changed.notify_one();
}

LogSyncer::LogSyncer(FileSystem& fs, std::string log_path, const Options& options,
                     OnFailureFn on_failure)
    : worker_(std::make_unique<Worker>(fs, std::move(log_path), options, std::move(on_failure))),
      fork_generation_(ForkGeneration()) {}

LogSyncer::~LogSyncer() {
  // A child has no copy of the thread: what waits for it would wait for ever.
  if (ForkGeneration() != fork_generation_) {
    static_cast<void>(worker_.release());
    return;
  }
  Stop();
}

Result<bool> LogSyncer::NoteCommit(LSN durable_lsn, LSN end_lsn) {
  Worker& worker = *worker_;
  std::unique_lock lock(worker.mutex);
  XTDB_RETURN_IF_ERROR(worker.failure);
  if (worker.stopped || !worker.Start()) return false;
  worker.Note(durable_lsn, end_lsn);
  worker.synced.wait(lock, [&] {
    return worker.UnsyncedBytes() < worker.unsynced_bytes_max || worker.stopped ||
           !worker.failure.ok();
  });
  XTDB_RETURN_IF_ERROR(worker.failure);
  return !worker.stopped;
}

void LogSyncer::Stop() {
  Worker& worker = *worker_;
  std::unique_lock lock(worker.mutex);
  if (worker.stopped) return;
  worker.stopped = true;
  worker.changed.notify_one();
  worker.synced.notify_all();
  if (!worker.thread.joinable()) return;
  lock.unlock();
  worker.thread.join();
  lock.lock();
  if (worker.is_due) worker.Sync(lock);
}

LSN LogSyncer::synced_lsn() const {
  const std::lock_guard lock(worker_->mutex);
  return worker_->synced_lsn;
}

uint64_t LogSyncer::sync_count() const {
  const std::lock_guard lock(worker_->mutex);
  return worker_->sync_count;
}

}  // namespace xtdb
