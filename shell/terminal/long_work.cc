#include "shell/terminal/long_work.h"

#include <fmt/format.h>

namespace xtdb {

ProgressFn LongWork::OnProgress() {
  return [this](std::string_view what, uint64_t done, uint64_t total) {
    return Step([&] { return fmt::format("{} {}", ProgressBar(done, total), what); });
  };
}

}  // namespace xtdb
