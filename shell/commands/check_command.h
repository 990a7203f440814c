#pragma once

#include <string>

#include "engine/base/status.h"
#include "shell/commands/command.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct CheckOptions {
  std::string container;
  bool json = false;
};

// Reads every byte of the container and says what is damaged: kProblems.
Result<ExitCode> RunCheck(const CheckOptions& options, const Terminal& terminal);

}  // namespace xtdb
