#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtdb {

// Readers of the texts under /proc (proc(5)). Each takes what it understands and skips the rest: a
// kernel may leave out or add lines and columns.

struct CpuTicks {
  std::string name;    // "all", "0", "1"
  uint64_t busy = 0;   // since boot; waiting for a disk counts as idle
  uint64_t total = 0;  // since boot
};
std::vector<CpuTicks> ParseCpuTicks(std::string_view stat_text);

// "MemTotal" -> bytes.
std::map<std::string, int64_t, std::less<>> ParseMeminfo(std::string_view meminfo_text);

struct DiskCounters {  // since boot
  std::string name;
  int64_t read_bytes = 0;
  int64_t write_bytes = 0;
  int64_t io_ms = 0;
};
// Whole disks that have been used: no partitions, no loop, ram and zram devices.
std::vector<DiskCounters> ParseDiskstats(std::string_view diskstats_text);

struct InterfaceCounters {  // since boot
  std::string name;
  int64_t rx_bytes = 0;
  int64_t tx_bytes = 0;
};
// Interfaces that have been used.
std::vector<InterfaceCounters> ParseNetDev(std::string_view net_dev_text);

struct Pressure {  // percent of the last ten seconds
  std::optional<double> some_avg10;
  std::optional<double> full_avg10;
};
Pressure ParsePressure(std::string_view pressure_text);

struct LoadAverage {
  double one_minute = 0;
  double five_minutes = 0;
  double fifteen_minutes = 0;
  int64_t running = 0;
  int64_t threads = 0;
};
std::optional<LoadAverage> ParseLoadAverage(std::string_view loadavg_text);

}  // namespace xtdb
