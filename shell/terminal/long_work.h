#pragma once

#include <functional>
#include <utility>

#include "engine/base/progress.h"
#include "engine/io/clock.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

// A long work of the engine, seen from the terminal: shows how far it is, and ends it when the user
// wants no more of it.
//
// Ownership: borrows `terminal` and `clock`.
// Threads:   one at a time.
class LongWork {
 public:
  // stop_asked: whether to end; empty: never
  LongWork(const Terminal& terminal, Clock& clock, std::function<bool()> stop_asked)
      : progress_(terminal, clock), stop_asked_(std::move(stop_asked)) {}

  // Between two steps: shows what text() gives, which is called only if it is time to.
  // kInterrupted: stop_asked.
  template <typename Text>
  Status Step(const Text& text) {
    if (stop_asked_ && stop_asked_()) return Status::Interrupted("interrupted");
    if (progress_.IsDue()) progress_.Show(text());
    return {};
  }
  // What the engine calls between its steps; lives as long as this.
  ProgressFn OnProgress();
  // Removes what stands on the terminal, so that other text can be written.
  void Clear() { progress_.Clear(); }

 private:
  ProgressLine progress_;
  const std::function<bool()> stop_asked_;
};

}  // namespace xtdb
