#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// Called between the steps of a long work: what it is doing ("copying"), and how much of how much
// of that is done. An error ends the work, which cleans up and returns it. Empty: nobody asks.
using ProgressFn = std::function<Status(std::string_view what, uint64_t done, uint64_t total)>;

inline Status TellProgress(const ProgressFn& on_progress, std::string_view what, uint64_t done,
                           uint64_t total) {
  return on_progress ? on_progress(what, done, total) : Status();
}

}  // namespace xtdb
