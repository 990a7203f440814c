#pragma once

#include <functional>
#include <string>

#include "engine/base/status.h"
#include "shell/commands/command.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct SalvageOptions {
  std::string damaged;
  std::string output;
  bool json = false;
};

// Makes a new container of what is intact in the damaged one, which is only read, and says what was
// lost: kProblems.
//   stop_asked: looked at between steps; true ends the work, and nothing of it is left. Empty:
//   never
Result<ExitCode> RunSalvage(const SalvageOptions& options, const Terminal& terminal,
                            const std::function<bool()>& stop_asked = {});

}  // namespace xtdb
