#include "bench/common/machine.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace xtdb::bench {
namespace {

std::string ProcessorName() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

std::string DescribeMachine() {
  utsname system{};
  uname(&system);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
  return fmt::format("{}, {} cores, {:.0f} GiB, {} {} {}", ProcessorName(),
                     sysconf(_SC_NPROCESSORS_ONLN), memory, system.sysname, system.release,
                     system.machine);
}

std::string DescribeLoad() {
  double load[3] = {};
  if (getloadavg(load, 3) != 3) return "load unknown";
  return fmt::format("load {:.2f} {:.2f} {:.2f}", load[0], load[1], load[2]);
}

std::string DescribeBuild() {
#ifdef NDEBUG
  return "Release build, compiler " __VERSION__;
#else
  return "Debug build: figures mean nothing";
#endif
}

}  // namespace xtdb::bench
