#include "shell/telemetry/telemetry_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/shell/captured_terminal.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::map<std::string, TelemetryValue> ByTag(const std::vector<TelemetryValue>& values) {
  std::map<std::string, TelemetryValue> by_tag;
  for (const TelemetryValue& value : values) {
    EXPECT_TRUE(by_tag.emplace(value.tag, value).second) << value.tag << " comes twice";
  }
  return by_tag;
}

std::vector<std::string> TagsOf(const std::vector<TelemetryValue>& values) {
  std::vector<std::string> tags;
  for (const TelemetryValue& value : values) tags.push_back(value.tag);
  return tags;
}

TEST(TelemetrySamplerTest, LoadIsOverTheTimeSinceTheSampleBefore) {
  const TemporaryDirectory proc;
  WriteText(proc / "stat", "cpu  100 0 100 800 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0\n");
  TelemetrySampler sampler(proc.path());
  EXPECT_THAT(sampler.Sample(), IsEmpty());
  WriteText(proc / "stat", "cpu  130 0 100 870 0 0 0 0\ncpu0 200 0 100 800 0 0 0 0\n");
  auto values = ByTag(sampler.Sample());
  EXPECT_EQ(values.at("cpu.all.load").value.real, 30.0);
  EXPECT_EQ(values.at("cpu.0.load").value.real, 100.0);
  EXPECT_EQ(values.at("cpu.0.load").unit, "%");
  EXPECT_EQ(values.at("cpu.0.load").type, ValueType::kFloat64);
  // No time has passed, then a processor starts to count anew.
  EXPECT_THAT(sampler.Sample(), IsEmpty());
  WriteText(proc / "stat", "cpu  1 0 0 3 0 0 0 0\n");
  EXPECT_THAT(sampler.Sample(), IsEmpty());
  WriteText(proc / "stat", "cpu  2 0 0 6 0 0 0 0\n");
  EXPECT_EQ(ByTag(sampler.Sample()).at("cpu.all.load").value.real, 25.0);
}

TEST(TelemetrySamplerTest, NamesEveryKindOfFigure) {
  const TemporaryDirectory proc;
  std::filesystem::create_directories(proc / "net");
  std::filesystem::create_directories(proc / "pressure");
  for (const char* pid : {"1", "42", "4711", "self", "7x"}) {
    std::filesystem::create_directories(proc / pid);
  }
  WriteText(proc / "meminfo",
            "MemTotal: 1000 kB\nMemAvailable: 400 kB\nCached: 100 kB\nSwapTotal: 50 kB\n"
            "SwapFree: 20 kB\n");
  WriteText(proc / "diskstats", " 8 0 sda 10 0 20 5 30 0 40 7 0 123 12\n");
  WriteText(proc / "net/dev", "eth0: 5 0 0 0 0 0 0 0 6 0 0\n");
  WriteText(proc / "pressure/io", "some avg10=1.50 avg60=0\nfull avg10=0.50 avg60=0\n");
  WriteText(proc / "loadavg", "1.0 2.0 3.0 2/50 99\n");
  TelemetrySampler sampler(proc.path());
  const std::vector<TelemetryValue> sample = sampler.Sample();
  EXPECT_THAT(TagsOf(sample),
              ElementsAre("mem.used", "mem.available", "mem.cached", "swap.used", "disk.sda.read",
                          "disk.sda.written", "disk.sda.io_time", "net.eth0.rx", "net.eth0.tx",
                          "pressure.io.some", "pressure.io.full", "load.1min", "load.5min",
                          "load.15min", "threads.running", "threads.count", "processes.count"));
  auto values = ByTag(sample);
  EXPECT_EQ(values.at("mem.used").value.integer, 600 * 1024);
  EXPECT_EQ(values.at("mem.used").type, ValueType::kInt64);
  EXPECT_EQ(values.at("mem.used").unit, "bytes");
  EXPECT_EQ(values.at("swap.used").value.integer, 30 * 1024);
  EXPECT_EQ(values.at("net.eth0.tx").value.integer, 6);
  EXPECT_EQ(values.at("processes.count").value.integer, 3);
  for (const TelemetryValue& value : sample) EXPECT_NE(value.description, "") << value.tag;
}

TEST(TelemetrySamplerTest, WithoutProcThereIsNothing) {
  const TemporaryDirectory folder;
  EXPECT_THAT(TelemetrySampler(folder / "absent").Sample(), IsEmpty());
}

TEST(TelemetrySamplerTest, ThisMachineHasMemoryAndProcesses) {
  EXPECT_THAT(TagsOf(TelemetrySampler().Sample()),
              IsSupersetOf({"mem.used", "load.1min", "processes.count"}));
}

}  // namespace
}  // namespace xtdb
