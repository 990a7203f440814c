#pragma once

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
Result<ExitCode> RunSalvage(const SalvageOptions& options, const Terminal& terminal);

}  // namespace xtdb
