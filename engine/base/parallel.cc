#include "engine/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/base/cleanup.h"

namespace xtdb {
namespace {

constexpr size_t kThreadsMax = 8;

// What the threads share: the next number, and the first failure.
class Work {
 public:
  Work(size_t count, const std::function<Status(size_t)>& work) : count_(count), work_(work) {}

  void Run() noexcept {
    while (true) {
      const size_t i = next_.fetch_add(1);
      if (i >= count_) return;
      Status status = CatchNoMemory([&] { return work_(i); });
      if (!status.ok()) NoteFailure(i, std::move(status));
    }
  }
  Status result() { return std::move(failure_); }

 private:
  void NoteFailure(size_t i, Status status) noexcept {
    std::lock_guard lock(mutex_);
    if (failure_.ok() || i < failed_) {
      failed_ = i;
      failure_ = std::move(status);
    }
    next_ = count_;
  }

  const size_t count_;
  const std::function<Status(size_t)>& work_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  size_t failed_ = 0;  // guarded by mutex_, as failure_
  Status failure_;
};

}  // namespace

Status ParallelFor(size_t count, size_t threads_max, const std::function<Status(size_t)>& work) {
  Work shared(count, work);
  {
    std::vector<std::jthread> threads;
    const size_t helpers = std::min(count, std::max<size_t>(threads_max, 1));
    try {
      threads.reserve(helpers);
      for (size_t i = 1; i < helpers; ++i) threads.emplace_back([&] { shared.Run(); });
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    shared.Run();
  }
  return shared.result();
}

size_t DefaultThreads() {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kThreadsMax);
}

}  // namespace xtdb
