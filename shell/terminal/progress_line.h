#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/io/clock.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

// What a long work says of itself: one line of the terminal that is written over, ten times a
// second at most, and cut where the terminal ends. Elsewhere (a log, a file) nothing.
//
// Ownership: borrows both.
// Threads:   one at a time.
class ProgressLine {
 public:
  ProgressLine(const Terminal& terminal, Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Whether a text would be written now: spare yourself the making of it.
  bool IsDue() const;
  void Show(std::string_view text);
  // Removes what stands on the terminal, so that other text can be written.
  void Clear();

 private:
  const Terminal& terminal_;
  Clock& clock_;
  int64_t next_us_ = 0;  // monotonic
  bool shown_ = false;
};

// `[##########..........]  50%` of 20 steps; `part` of `whole`.
std::string ProgressBar(uint64_t part, uint64_t whole);

}  // namespace xtdb
