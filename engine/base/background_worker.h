#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace xtdb {

// Runs one piece of work on a thread of its own whenever it is asked for: the thread begins with
// the first request and ends with Stop. Without a thread, or memory for it, the request is lost.
//
// Threads: any. After fork() the child must only destroy it.
class BackgroundWorker {
 public:
  // work: must not throw, nor destroy the worker.
  explicit BackgroundWorker(std::function<void()> work);
  ~BackgroundWorker();
  BackgroundWorker(const BackgroundWorker&) = delete;
  BackgroundWorker& operator=(const BackgroundWorker&) = delete;

  // The work runs once more, from its beginning, after this call.
  void Request() noexcept;
  bool is_stopped() const;
  // Work under way sees is_stopped(), and is waited for. Idempotent; nothing begins any more.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
  const uint64_t fork_generation_;
};

}  // namespace xtdb
