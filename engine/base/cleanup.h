#pragma once

#include <new>
#include <utility>

#include "engine/base/status.h"

namespace xtdb {

// Runs `action`, which must not throw, at the scope's end, unless it was cancelled: also where
// memory ends and an exception leaves the scope.
template <typename Action>
class Cleanup {
 public:
  explicit Cleanup(Action action) : action_(std::move(action)) {}
  ~Cleanup() {
    if (active_) action_();
  }
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  void Cancel() { active_ = false; }

 private:
  Action action_;
  bool active_ = true;
};

// For what must not throw: destructors, and what comes behind a commit.
template <typename Body>
Status CatchNoMemory(Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory();
  }
}

}  // namespace xtdb
