#include "shell/telemetry/proc_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace xtdb {
namespace {

constexpr int64_t kDiskSectorBytes = 512;  // of diskstats, whatever the disk's own are

// Cuts the first line off `text`; false at the end.
bool TakeLine(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const size_t end = std::min(text.size(), text.find('\n'));
  line = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return true;
}

std::vector<std::string_view> Words(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(line.size(), line.find_first_of(kBlanks, at));
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

template <typename T>
std::optional<T> ParseAs(std::string_view word) {
  T value{};
  const char* const end = word.data() + word.size();
  const auto [next, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || next != end) return std::nullopt;
  return value;
}

// A number of units of `unit_bytes`.
std::optional<int64_t> ParseBytes(std::string_view word, int64_t unit_bytes) {
  const std::optional<int64_t> units = ParseAs<int64_t>(word);
  int64_t bytes = 0;
  if (!units || __builtin_mul_overflow(*units, unit_bytes, &bytes)) return std::nullopt;
  return bytes;
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// sda1 is a part of sda and nvme0n1p2 of nvme0n1; but md127 is none of md12.
bool IsPartitionOf(std::string_view name, std::string_view disk) {
  if (name.size() <= disk.size() || !name.starts_with(disk)) return false;
  std::string_view rest = name.substr(disk.size());
  if (AllDigits(disk.substr(disk.size() - 1))) {
    if (!rest.starts_with('p')) return false;
    rest.remove_prefix(1);
  }
  return AllDigits(rest);
}

bool IsPseudoDisk(std::string_view name) {
  return name.starts_with("loop") || name.starts_with("ram") || name.starts_with("zram");
}

}  // namespace

std::vector<CpuTicks> ParseCpuTicks(std::string_view stat_text) {
  std::vector<CpuTicks> cpus;
  std::string_view line;
  while (TakeLine(stat_text, line)) {
    const std::vector<std::string_view> words = Words(line);
    if (words.size() < 5 || !words[0].starts_with("cpu")) continue;
    const std::string_view number = words[0].substr(3);
    if (!number.empty() && !AllDigits(number)) continue;
    CpuTicks cpu;
    cpu.name = number.empty() ? "all" : std::string(number);
    // user nice system idle iowait irq softirq steal; guest time, behind them, is in user already.
    for (size_t i = 1; i < std::min<size_t>(words.size(), 9); ++i) {
      const uint64_t ticks = ParseAs<uint64_t>(words[i]).value_or(0);
      cpu.total += ticks;
      if (i != 4 && i != 5) cpu.busy += ticks;
    }
    cpus.push_back(std::move(cpu));
  }
  return cpus;
}

std::map<std::string, int64_t, std::less<>> ParseMeminfo(std::string_view meminfo_text) {
  std::map<std::string, int64_t, std::less<>> bytes;
  std::string_view line;
  while (TakeLine(meminfo_text, line)) {
    const std::vector<std::string_view> words = Words(line);
    if (words.size() != 3 || words[2] != "kB" || !words[0].ends_with(':')) continue;
    if (words[0] == ":") continue;
    const std::optional<int64_t> size = ParseBytes(words[1], 1024);
    if (size) bytes.emplace(words[0].substr(0, words[0].size() - 1), *size);
  }
  return bytes;
}

std::vector<DiskCounters> ParseDiskstats(std::string_view diskstats_text) {
  std::vector<DiskCounters> disks;
  std::vector<std::string> names;
  std::string_view line;
  while (TakeLine(diskstats_text, line)) {
    const std::vector<std::string_view> words = Words(line);
    if (words.size() < 13) continue;
    const std::string_view name = words[2];
    names.emplace_back(name);
    if (IsPseudoDisk(name)) continue;
    DiskCounters disk;
    disk.name = std::string(name);
    disk.read_bytes = ParseBytes(words[5], kDiskSectorBytes).value_or(0);
    disk.write_bytes = ParseBytes(words[9], kDiskSectorBytes).value_or(0);
    disk.io_ms = ParseAs<int64_t>(words[12]).value_or(0);
    if (disk.read_bytes == 0 && disk.write_bytes == 0) continue;
    disks.push_back(std::move(disk));
  }
  std::erase_if(disks, [&names](const DiskCounters& disk) {
    return std::any_of(names.begin(), names.end(),
                       [&disk](const std::string& name) { return IsPartitionOf(disk.name, name); });
  });
  return disks;
}

std::vector<InterfaceCounters> ParseNetDev(std::string_view net_dev_text) {
  std::vector<InterfaceCounters> interfaces;
  std::string_view line;
  while (TakeLine(net_dev_text, line)) {
    // A long name leaves no blank behind its colon.
    const size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) continue;
    const std::vector<std::string_view> name = Words(line.substr(0, colon));
    const std::vector<std::string_view> words = Words(line.substr(colon + 1));
    if (name.size() != 1 || words.size() < 9) continue;
    InterfaceCounters counters;
    counters.name = std::string(name[0]);
    counters.rx_bytes = ParseAs<int64_t>(words[0]).value_or(0);
    counters.tx_bytes = ParseAs<int64_t>(words[8]).value_or(0);
    if (counters.rx_bytes != 0 || counters.tx_bytes != 0) interfaces.push_back(std::move(counters));
  }
  return interfaces;
}

Pressure ParsePressure(std::string_view pressure_text) {
  constexpr std::string_view kKey = "avg10=";
  Pressure pressure;
  std::string_view line;
  while (TakeLine(pressure_text, line)) {
    const std::vector<std::string_view> words = Words(line);
    if (words.size() < 2 || !words[1].starts_with(kKey)) continue;
    const std::optional<double> percent = ParseAs<double>(words[1].substr(kKey.size()));
    if (words[0] == "some") pressure.some_avg10 = percent;
    if (words[0] == "full") pressure.full_avg10 = percent;
  }
  return pressure;
}

std::optional<LoadAverage> ParseLoadAverage(std::string_view loadavg_text) {
  const std::vector<std::string_view> words =
      Words(loadavg_text.substr(0, loadavg_text.find('\n')));
  if (words.size() < 4) return std::nullopt;
  const size_t slash = std::min(words[3].size(), words[3].find('/'));
  LoadAverage load;
  const std::array<double*, 3> averages = {&load.one_minute, &load.five_minutes,
                                           &load.fifteen_minutes};
  for (size_t i = 0; i < averages.size(); ++i) {
    const std::optional<double> average = ParseAs<double>(words[i]);
    if (!average) return std::nullopt;
    *averages[i] = *average;
  }
  load.running = ParseAs<int64_t>(words[3].substr(0, slash)).value_or(0);
  if (slash < words[3].size()) {
    load.threads = ParseAs<int64_t>(words[3].substr(slash + 1)).value_or(0);
  }
  return load;
}

}  // namespace xtdb
