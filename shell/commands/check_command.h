#pragma once

#include <functional>
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
//   stop_asked: looked at between steps; true ends the work. Empty: never
Result<ExitCode> RunCheck(const CheckOptions& options, const Terminal& terminal,
                          const std::function<bool()>& stop_asked = {});

}  // namespace xtdb
