#pragma once

#include <functional>
#include <string>

#include "engine/base/status.h"
#include "shell/commands/command.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct BackupOptions {
  std::string source;
  std::string target;
  bool json = false;
};

// Copies a container, checks the copy and says what it holds.
//   stop_asked: looked at between steps; true ends the work, and nothing of it is left. Empty:
//   never
Result<ExitCode> RunBackup(const BackupOptions& options, const Terminal& terminal,
                           const std::function<bool()>& stop_asked = {});

}  // namespace xtdb
