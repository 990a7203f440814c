#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct BenchOptions {
  std::string folder;               // empty: the system's folder for temporary files
  int64_t duration_us = 2'000'000;  // of each measurement
  bool json = false;
};

// Measures this machine in a container of its own, which it removes again: durable commits, points
// written and points read. The figures and what was done for them are in docs/program.md.
//   stop_asked: true ends it as an error does. Empty: never
Status RunBench(const BenchOptions& options, Clock& clock, const Terminal& terminal,
                const std::function<bool()>& stop_asked = {});

}  // namespace xtdb
