#pragma once

#include <string>

#include "engine/base/status.h"
#include "shell/commands/command.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct BackupOptions {
  std::string source;
  std::string target;
};

// Copies a container, checks the copy and says what it holds.
Result<ExitCode> RunBackup(const BackupOptions& options, const Terminal& terminal);

}  // namespace xtdb
