#include "shell/telemetry/telemetry_sampler.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace xtdb {
namespace {

TelemetryValue Integer(std::string tag, std::string unit, std::string description, int64_t value) {
  return {std::move(tag), std::move(unit), std::move(description), ValueType::kInt64,
          Value::Integer(value)};
}

TelemetryValue Real(std::string tag, std::string unit, std::string description, double value) {
  return {std::move(tag), std::move(unit), std::move(description), ValueType::kFloat64,
          Value::Real(value)};
}

// More digits would be noise of the kernel's ticks, and cost bytes.
double RoundToHundredths(double value) { return std::round(value * 100) / 100; }

}  // namespace

std::vector<TelemetryValue> TelemetrySampler::Sample() {
  Values values;
  AddCpus(values);
  AddMemory(values);
  AddDisks(values);
  AddNetworks(values);
  AddPressure(values);
  AddLoad(values);
  AddProcesses(values);
  return values;
}

void TelemetrySampler::AddCpus(Values& values) {
  for (CpuTicks& now : ParseCpuTicks(Read("stat"))) {
    const auto last = last_cpus_.find(now.name);
    // Ticks of a processor that was off and on again may go back.
    if (last != last_cpus_.end() && now.total > last->second.total &&
        now.busy >= last->second.busy) {
      const double load = 100.0 * static_cast<double>(now.busy - last->second.busy) /
                          static_cast<double>(now.total - last->second.total);
      values.push_back(
          Real("cpu." + now.name + ".load", "%",
               now.name == "all" ? "load of all processors" : "load of processor " + now.name,
               RoundToHundredths(std::min(load, 100.0))));
    }
    std::string name = now.name;
    last_cpus_.insert_or_assign(std::move(name), std::move(now));
  }
}

void TelemetrySampler::AddMemory(Values& values) const {
  const auto bytes = ParseMeminfo(Read("meminfo"));
  const auto add = [&](const char* tag, const char* description, std::string_view name) {
    const auto found = bytes.find(name);
    if (found == bytes.end()) return;
    values.push_back(Integer(tag, "bytes", description, found->second));
  };
  const auto total = bytes.find("MemTotal"), available = bytes.find("MemAvailable");
  if (total != bytes.end() && available != bytes.end()) {
    values.push_back(Integer("mem.used", "bytes", "memory that programs cannot get",
                             total->second - available->second));
  }
  add("mem.available", "memory that programs can get without swapping", "MemAvailable");
  add("mem.cached", "contents of files kept in memory", "Cached");
  const auto swap = bytes.find("SwapTotal"), swap_free = bytes.find("SwapFree");
  if (swap != bytes.end() && swap_free != bytes.end() && swap->second > 0) {
    values.push_back(
        Integer("swap.used", "bytes", "swap space in use", swap->second - swap_free->second));
  }
}

void TelemetrySampler::AddDisks(Values& values) const {
  for (const DiskCounters& disk : ParseDiskstats(Read("diskstats"))) {
    const std::string prefix = "disk." + disk.name;
    values.push_back(Integer(prefix + ".read", "bytes",
                             "read from disk " + disk.name + " since boot", disk.read_bytes));
    values.push_back(Integer(prefix + ".written", "bytes",
                             "written to disk " + disk.name + " since boot", disk.write_bytes));
    values.push_back(Integer(prefix + ".io_time", "ms",
                             "time that disk " + disk.name + " was busy since boot", disk.io_ms));
  }
}

void TelemetrySampler::AddNetworks(Values& values) const {
  for (const InterfaceCounters& interface : ParseNetDev(Read("net/dev"))) {
    const std::string prefix = "net." + interface.name;
    values.push_back(Integer(prefix + ".rx", "bytes",
                             "received on " + interface.name + " since boot", interface.rx_bytes));
    values.push_back(Integer(prefix + ".tx", "bytes", "sent on " + interface.name + " since boot",
                             interface.tx_bytes));
  }
}

void TelemetrySampler::AddPressure(Values& values) const {
  for (const std::string resource : {"cpu", "memory", "io"}) {
    const Pressure pressure = ParsePressure(Read("pressure/" + resource));
    const std::string prefix = "pressure." + resource;
    if (pressure.some_avg10) {
      values.push_back(Real(prefix + ".some", "%", "time that some task waited for " + resource,
                            *pressure.some_avg10));
    }
    if (pressure.full_avg10) {
      values.push_back(Real(prefix + ".full", "%", "time that all tasks waited for " + resource,
                            *pressure.full_avg10));
    }
  }
}

void TelemetrySampler::AddLoad(Values& values) const {
  const std::optional<LoadAverage> load = ParseLoadAverage(Read("loadavg"));
  if (!load) return;
  values.push_back(Real("load.1min", "", "load average of one minute", load->one_minute));
  values.push_back(Real("load.5min", "", "load average of five minutes", load->five_minutes));
  values.push_back(Real("load.15min", "", "load average of 15 minutes", load->fifteen_minutes));
  values.push_back(Integer("threads.running", "", "threads that run or want to", load->running));
  values.push_back(Integer("threads.count", "", "threads of all processes", load->threads));
}

void TelemetrySampler::AddProcesses(Values& values) const {
  std::error_code error;
  int64_t count = 0;
  for (std::filesystem::directory_iterator entry(proc_root_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) ++count;
  }
  if (count > 0) values.push_back(Integer("processes.count", "", "processes", count));
}

std::string TelemetrySampler::Read(std::string_view name) const {
  std::ifstream in(proc_root_ + "/" + std::string(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace xtdb
