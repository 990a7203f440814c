#include "engine/base/background_worker.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/io/process.h"
#include "engine/io/signals_blocked.h"

namespace xtdb {

struct BackgroundWorker::State {
  void Run();

  std::function<void()> work;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_requested = false;  // guarded by mutex
  std::atomic<bool> stopped = false;
  std::thread thread;  // guarded by mutex until stopped
};

void BackgroundWorker::State::Run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return stopped || is_requested; });
    if (stopped) return;
    is_requested = false;
    lock.unlock();
    work();
    lock.lock();
  }
}

BackgroundWorker::BackgroundWorker(std::function<void()> work)
    : state_(std::make_unique<State>()), fork_generation_(ForkGeneration()) {
  state_->work = std::move(work);
}

BackgroundWorker::~BackgroundWorker() {
  // A child has no copy of the thread: what waits for it would wait for ever.
  if (ForkGeneration() != fork_generation_) {
    static_cast<void>(state_.release());
    return;
  }
  Stop();
}

void BackgroundWorker::Request() noexcept {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopped) return;
  state_->is_requested = true;
  if (!state_->thread.joinable()) {
    const SignalsBlocked blocked;
    try {
      state_->thread = std::thread([state = state_.get()] { state->Run(); });
    } catch (const std::exception&) {  // no thread, or no memory
      return;
    }
  }
  state_->changed.notify_one();
}

bool BackgroundWorker::is_stopped() const { return state_->stopped; }

void BackgroundWorker::Stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
  }
  state_->changed.notify_one();
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace xtdb
