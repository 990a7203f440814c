#pragma once

#include <string>

namespace xtdb {

// What a measurement was taken on, in words; empty where the system does not say.
struct MachineDescription {
  std::string processor;    // "Intel(R) Xeon(R) Processor"
  unsigned processors = 0;  // that this process may use
  std::string memory;       // "15.6 GiB"
  std::string kernel;       // "Linux 6.1.0"
  std::string file_system;  // of a folder: "ext4"
};
MachineDescription DescribeMachine(const std::string& folder);

// "Some CPU, 2 processors, 15.6 GiB, Linux 6.1.0, ext4 in data", without what is not known.
std::string MachineText(const MachineDescription& machine, const std::string& folder);

// The model of the first processor in the text of /proc/cpuinfo.
std::string ProcessorName(const std::string& cpuinfo_text);

}  // namespace xtdb
