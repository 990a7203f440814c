#pragma once

#include <string>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct CompactOptions {
  std::string container;
  bool full = false;  // what was merged before, too
  bool json = false;
};

// Merges the chunks of a container and says what that saved. Others may use it meanwhile.
Status RunCompact(const CompactOptions& options, Clock& clock, const Terminal& terminal);

}  // namespace xtdb
