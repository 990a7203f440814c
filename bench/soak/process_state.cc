#include "bench/soak/process_state.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace xtdb::bench {

ProcessState StateOf(const std::vector<pid_t>& pids) {
  namespace fs = std::filesystem;
  ProcessState state;
  for (const pid_t pid : pids) {
    const std::string folder = fmt::format("/proc/{}", pid);
    std::ifstream in(folder + "/statm");
    uint64_t total_pages = 0;
    uint64_t resident_pages = 0;
    in >> total_pages >> resident_pages;
    state.resident_mib += static_cast<double>(resident_pages) *
                          static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
    std::error_code gone;  // a file that is closed meanwhile
    for (fs::directory_iterator at(folder + "/fd", gone), end; !gone && at != end;
         at.increment(gone))
      ++state.handles;
  }
  return state;
}

}  // namespace xtdb::bench
