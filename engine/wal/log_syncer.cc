#include "engine/wal/log_syncer.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/cleanup.h"
#include "engine/io/process.h"
#include "engine/io/signals_blocked.h"

namespace xtdb {

struct LogSyncer::Worker {
  Worker(FileSystem& file_system, std::string path, std::chrono::microseconds pause,
         OnFailureFn failed)
      : fs(file_system),
        log_path(std::move(path)),
        interval(pause),
        on_failure(std::move(failed)) {}

  bool Start();
  void Run();
  void Sync();

  FileSystem& fs;
  const std::string log_path;
  const std::chrono::microseconds interval;
  const OnFailureFn on_failure;

  std::unique_ptr<File> log;  // once the thread runs
  std::mutex mutex;
  std::condition_variable changed;
  bool is_due = false;   // guarded by mutex; a commit is not synced
  bool stopped = false;  // guarded by mutex
  std::thread thread;    // guarded by mutex until stopped
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
    changed.wait_for(lock, interval, [this] { return stopped; });
    if (stopped) return;
    is_due = false;
    lock.unlock();
    Sync();
    lock.lock();
  }
}

void LogSyncer::Worker::Sync() {
  const Status synced = CatchNoMemory([this] { return log->Sync(); });
  if (!synced.ok()) on_failure(synced);
}

LogSyncer::LogSyncer(FileSystem& fs, std::string log_path, std::chrono::microseconds interval,
                     OnFailureFn on_failure)
    : worker_(std::make_unique<Worker>(fs, std::move(log_path), interval, std::move(on_failure))),
      fork_generation_(ForkGeneration()) {}

LogSyncer::~LogSyncer() {
  // A child has no copy of the thread: what waits for it would wait for ever.
  if (ForkGeneration() != fork_generation_) {
    static_cast<void>(worker_.release());
    return;
  }
  Stop();
}

bool LogSyncer::NoteCommit() {
  const std::lock_guard lock(worker_->mutex);
  if (worker_->stopped || !worker_->Start()) return false;
  if (!worker_->is_due) worker_->changed.notify_one();
  worker_->is_due = true;
  return true;
}

void LogSyncer::Stop() {
  bool is_left = false;
  {
    const std::lock_guard lock(worker_->mutex);
    if (worker_->stopped) return;
    worker_->stopped = true;
    is_left = worker_->is_due;
  }
  worker_->changed.notify_one();
  if (worker_->thread.joinable()) worker_->thread.join();
  if (is_left) worker_->Sync();
}

}  // namespace xtdb
