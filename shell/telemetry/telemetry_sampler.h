#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.h"
#include "engine/transaction/value.h"
#include "shell/telemetry/proc_text.h"

namespace xtdb {

// One signal of this machine at one moment.
struct TelemetryValue {
  std::string tag;   // "cpu.0.load", "disk.vda.read", "net.eth0.rx"
  std::string unit;  // "%", "bytes", "ms"; empty for a plain number
  std::string description;
  ValueType type = ValueType::kFloat64;  // kInt64 or kFloat64
  Value value;
};

// Reads the state of this machine from /proc. Loads are over the time since the sample before, so
// the first sample has none; bytes of disks and networks are counted since boot. What the kernel
// does not offer is left out.
//
// Threads: one at a time.
class TelemetrySampler {
 public:
  explicit TelemetrySampler(std::string proc_root = "/proc") : proc_root_(std::move(proc_root)) {}
  std::vector<TelemetryValue> Sample();

 private:
  using Values = std::vector<TelemetryValue>;
  void AddCpus(Values& values);
  void AddMemory(Values& values) const;
  void AddDisks(Values& values) const;
  void AddNetworks(Values& values) const;
  void AddPressure(Values& values) const;
  void AddLoad(Values& values) const;
  void AddProcesses(Values& values) const;
  std::string Read(std::string_view name) const;  // empty if there is none

  const std::string proc_root_;
  std::map<std::string, CpuTicks> last_cpus_;  // by name
};

}  // namespace xtdb
