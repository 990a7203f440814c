#pragma once

#include <string>

#include "engine/base/status.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct StatsOptions {
  std::string container;
  bool tags = false;  // a line for each tag
  bool json = false;
};

// Shows what a container holds and takes; changes nothing.
Status RunStats(const StatsOptions& options, const Terminal& terminal);

}  // namespace xtdb
