#pragma once

#include <cstdint>
#include <string_view>

#include "engine/io/clock.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

// What a long work says of itself: on a terminal one line that is written over, ten times a second
// at most; elsewhere (a log, a file) a plain line now and then.
//
// Ownership: borrows both.
// Threads:   one at a time.
class ProgressLine {
 public:
  // plain_interval_us: between plain lines; 0: none at all.
  ProgressLine(const Terminal& terminal, Clock& clock, int64_t plain_interval_us)
      : terminal_(terminal), clock_(clock), plain_interval_us_(plain_interval_us) {}
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
  const int64_t plain_interval_us_;
  int64_t next_us_ = 0;  // monotonic
  bool shown_ = false;
};

// `[##########..........]  50%` of 20 steps; `part` of `whole`.
std::string ProgressBar(uint64_t part, uint64_t whole);

}  // namespace xtdb
