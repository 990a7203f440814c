#include "shell/terminal/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

constexpr int64_t kIntervalUs = 100'000;
constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

bool ProgressLine::IsDue() const {
  return terminal_.err_is_tty && clock_.MonotonicUs() >= next_us_;
}

void ProgressLine::Show(std::string_view text) {
  if (!IsDue()) return;
  next_us_ = clock_.MonotonicUs() + kIntervalUs;
  // A line that goes on below could not be erased.
  const auto columns_max = static_cast<size_t>(std::max(terminal_.err_columns - 1, 1));
  fmt::print(terminal_.err, "{}{}", kEraseLine, OneLine(text, columns_max));
  std::fflush(terminal_.err);
  shown_ = true;
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
