#pragma once

#include <optional>
#include <string>

#include "engine/base/status.h"
#include "engine/storage_engine.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct RetainOptions {
  std::string container;
  RequestedStorage changes = {};  // retention_us and max_bytes; absent ones stay
  bool json = false;
};

// Changes what the container keeps, if asked, and lets go the rest.
// kFailedPrecondition: it keeps everything, and nothing else is asked.
Status RunRetain(const RetainOptions& options, const Terminal& terminal);

}  // namespace xtdb
