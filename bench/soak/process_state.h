#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace xtdb::bench {

// Of one process, or of several together.
struct ProcessState {
  double resident_mib = 0;
  size_t handles = 0;  // open files
};
ProcessState StateOf(const std::vector<pid_t>& pids);

}  // namespace xtdb::bench
