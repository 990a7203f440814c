#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "shell/mirror/rollup_width.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct MirrorOptions {
  std::string container;
  std::string database;
  std::vector<std::string> tags = {};  // names and patterns; none: all
  std::vector<RollupWidth> rollups = {};
  int64_t overlap_us = 3'600'000'000;
  int64_t every_us = 0;          // 0: once
  int busy_timeout_ms = 10'000;  // for others who write to the database
  bool full = false;             // the first time: what is there is forgotten
};

// Sleeps; false: it is time to end.
using MirrorWaitFn = std::function<bool(int64_t us)>;

// Keeps tables of a SQLite database like a container, once or until `wait` says so, which is also
// asked, for no time, between tags. Each time is one transaction. What another program holds up is
// told and tried again at the next time.
Status RunMirror(const MirrorOptions& options, Clock& clock, const MirrorWaitFn& wait,
                 const Terminal& terminal);

}  // namespace xtdb
