#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "shell/telemetry/telemetry_sampler.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct RecordOptions {
  std::string container;
  int64_t interval_us = 1'000'000;
  int64_t duration_us = 0;             // 0: until asked to stop
  std::vector<std::string> tag_globs;  // empty: every tag
};

// Sleeps for at most so many microseconds; false: end the recording.
using RecordWaitFn = std::function<bool(int64_t us)>;

// Samples this machine, one transaction a sample, until the duration is over or `wait` says so;
// then closes the container. Samples are due at start + n * interval, so a slow one delays no
// other; those that were missed are left out.
Status RunRecord(const RecordOptions& options, TelemetrySampler& sampler, Clock& clock,
                 const RecordWaitFn& wait, const Terminal& terminal);

}  // namespace xtdb
