#include "shell/telemetry/machine_description.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

#include "shell/telemetry/proc_text.h"
#include "shell/terminal/human_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The magic numbers of statfs(2).
std::string FileSystemName(const std::string& folder) {
  constexpr std::array<std::pair<uint32_t, const char*>, 8> kNames = {{{0xEF53, "ext4"},
                                                                       {0x58465342, "xfs"},
                                                                       {0x9123683E, "btrfs"},
                                                                       {0x01021994, "tmpfs"},
                                                                       {0x794C7630, "overlay"},
                                                                       {0x2FC12FC1, "zfs"},
                                                                       {0xF2F52010, "f2fs"},
                                                                       {0x65735546, "fuse"}}};
  struct statfs about = {};
  if (::statfs(folder.c_str(), &about) != 0) return "";
  const auto type = static_cast<uint32_t>(about.f_type);
  for (const auto& [magic, name] : kNames) {
    if (magic == type) return name;
  }
  return fmt::format("type {:#x}", type);
}

}  // namespace

std::string ProcessorName(const std::string& cpuinfo_text) {
  constexpr std::string_view kKey = "model name";
  const size_t key = cpuinfo_text.find(kKey);
  if (key == std::string::npos) return "";
  const size_t colon = cpuinfo_text.find(':', key);
  if (colon == std::string::npos) return "";
  const size_t end = cpuinfo_text.find('\n', colon);
  return std::string(TrimBlanks(std::string_view(cpuinfo_text).substr(colon + 1, end - colon - 1)));
}

std::string MachineText(const MachineDescription& machine, const std::string& folder) {
  std::string text = machine.processor.empty() ? "unknown processor" : machine.processor;
  if (machine.processors != 0) text += ", " + CountText(machine.processors, "processor");
  for (const std::string& part : {machine.memory, machine.kernel}) {
    if (!part.empty()) text += ", " + part;
  }
  return text + ", " + (machine.file_system.empty() ? "" : machine.file_system + " ") + "in " +
         folder;
}

MachineDescription DescribeMachine(const std::string& folder) {
  MachineDescription machine;
  machine.processor = ProcessorName(ReadFile("/proc/cpuinfo"));
  machine.processors = static_cast<unsigned>(std::thread::hardware_concurrency());
  const auto memory = ParseMeminfo(ReadFile("/proc/meminfo"));
  if (const auto total = memory.find("MemTotal"); total != memory.end()) {
    machine.memory = BytesText(static_cast<uint64_t>(total->second));
  }
  utsname system = {};
  if (::uname(&system) == 0) machine.kernel = fmt::format("{} {}", system.sysname, system.release);
  machine.file_system = FileSystemName(folder);
  return machine;
}

}  // namespace xtdb
