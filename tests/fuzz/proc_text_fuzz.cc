#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shell/telemetry/proc_text.h"

// Any text under /proc gives figures or is skipped; what is used is never more than the whole.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const CpuTicks& cpu : ParseCpuTicks(text)) {
    if (cpu.name.empty()) __builtin_trap();
  }
  for (const auto& [name, bytes] : ParseMeminfo(text)) {
    if (name.empty()) __builtin_trap();
  }
  for (const DiskCounters& disk : ParseDiskstats(text)) {
    if (disk.name.empty()) __builtin_trap();
  }
  for (const InterfaceCounters& interface : ParseNetDev(text)) {
    if (interface.name.empty()) __builtin_trap();
  }
  ParsePressure(text);
  ParseLoadAverage(text);
  return 0;
}
