#include "shell/terminal/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace xtdb {
namespace {

constexpr int64_t kTerminalIntervalUs = 100'000;
constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

bool ProgressLine::IsDue() const {
  if (!terminal_.err_is_tty && plain_interval_us_ == 0) return false;
  return clock_.MonotonicUs() >= next_us_;
}

void ProgressLine::Show(std::string_view text) {
  if (!IsDue()) return;
  next_us_ =
      clock_.MonotonicUs() + (terminal_.err_is_tty ? kTerminalIntervalUs : plain_interval_us_);
  if (terminal_.err_is_tty) {
    fmt::print(terminal_.err, "{}{}", kEraseLine, text);
    shown_ = true;
  } else {
    fmt::print(terminal_.err, "{}\n", text);
  }
  std::fflush(terminal_.err);
}

void ProgressLine::Clear() {
  if (!shown_) return;
  fmt::print(terminal_.err, "{}", kEraseLine);
  std::fflush(terminal_.err);
  shown_ = false;
}

std::string ProgressBar(uint64_t part, uint64_t whole) {
  constexpr uint64_t kSteps = 20;
  const double done =
      whole == 0 ? 1.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  const auto steps = static_cast<size_t>(done * kSteps);
  return fmt::format("[{}{}] {:3.0f}%", std::string(steps, '#'), std::string(kSteps - steps, '.'),
                     done * 100);
}

}  // namespace xtdb
