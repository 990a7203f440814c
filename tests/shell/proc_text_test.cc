#include "shell/telemetry/proc_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

template <typename T>
std::vector<std::string> NamesOf(const std::vector<T>& items) {
  std::vector<std::string> names;
  for (const T& item : items) names.push_back(item.name);
  return names;
}

TEST(ProcTextTest, WaitingForADiskIsIdleAndGuestTimeCountsOnce) {
  const auto cpus = ParseCpuTicks(
      "cpu  10 20 30 400 50 6 7 8 9 1\n"
      "cpu0 1 2 3 40 5 0 0 0 0 0\n"
      "cpufreq 1 2 3 4 5\n"
      "intr 12345 0 9\n");
  ASSERT_EQ(NamesOf(cpus), (std::vector<std::string>{"all", "0"}));
  EXPECT_EQ(cpus[0].busy, 10U + 20 + 30 + 6 + 7 + 8);
  EXPECT_EQ(cpus[0].total, cpus[0].busy + 400 + 50);
  EXPECT_EQ(cpus[1].busy, 6U);
  EXPECT_EQ(cpus[1].total, 51U);
}

TEST(ProcTextTest, MeminfoIsInBytesAndCountsOfPagesAreSkipped) {
  EXPECT_THAT(ParseMeminfo("MemTotal:       24684084 kB\nHugePages_Total:       3\n"
                           "Active(anon):       1592 kB\nBroken:\n"),
              ElementsAre(Pair("Active(anon)", 1592 * 1024), Pair("MemTotal", 24684084LL * 1024)));
}

TEST(ProcTextTest, PartitionsAndPseudoDisksAreNoDisks) {
  const auto line = [](const std::string& name) {
    return " 8 0 " + name + " 10 0 20 5 30 0 40 7 0 123 12\n";
  };
  std::string text;
  for (const char* name : {"sda", "sda1", "sda12", "nvme0n1", "nvme0n1p1", "md12", "md127", "dm-1",
                           "dm-10", "loop0", "ram0", "zram0", "sdaa"}) {
    text += line(name);
  }
  const auto disks = ParseDiskstats(text);
  EXPECT_THAT(NamesOf(disks),
              ElementsAre("sda", "nvme0n1", "md12", "md127", "dm-1", "dm-10", "sdaa"));
  EXPECT_EQ(disks[0].read_bytes, 20 * 512);
  EXPECT_EQ(disks[0].write_bytes, 40 * 512);
  EXPECT_EQ(disks[0].io_ms, 123);
}

TEST(ProcTextTest, DisksThatWereNeverUsedAreLeftOut) {
  EXPECT_THAT(ParseDiskstats(" 8 0 sdb 0 0 0 0 0 0 0 0 0 0 0\n 8 0 sdc 1 2\n"), IsEmpty());
}

TEST(ProcTextTest, AnInterfaceNameMayTouchItsFirstNumber) {
  const auto interfaces = ParseNetDev(
      "Inter-|   Receive                  |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
      "    lo:    3267 29 0 0 0 0 0 0 3268 29 0 0 0 0 0 0\n"
      "eth0.100:18685686 463 0 0 0 0 0 0 28007 343 0 0 0 0 0 0\n"
      "  ifb0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
  ASSERT_THAT(NamesOf(interfaces), ElementsAre("lo", "eth0.100"));
  EXPECT_EQ(interfaces[0].rx_bytes, 3267);
  EXPECT_EQ(interfaces[0].tx_bytes, 3268);
  EXPECT_EQ(interfaces[1].rx_bytes, 18685686);
}

TEST(ProcTextTest, PressureMayHaveOneLineOnly) {
  const Pressure both = ParsePressure(
      "some avg10=15.76 avg60=69.97 avg300=88.22 total=1139273336\n"
      "full avg10=0.25 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_EQ(both.some_avg10, 15.76);
  EXPECT_EQ(both.full_avg10, 0.25);
  const Pressure some = ParsePressure("some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_EQ(some.some_avg10, 1.0);
  EXPECT_EQ(some.full_avg10, std::nullopt);
}

TEST(ProcTextTest, LoadAverageTellsThreadsToo) {
  const auto load = ParseLoadAverage("4.68 6.58 5.26 4/111 29840\n");
  ASSERT_TRUE(load.has_value());
  EXPECT_EQ(load->one_minute, 4.68);
  EXPECT_EQ(load->five_minutes, 6.58);
  EXPECT_EQ(load->fifteen_minutes, 5.26);
  EXPECT_EQ(load->running, 4);
  EXPECT_EQ(load->threads, 111);
}

TEST(ProcTextTest, NonsenseGivesNothing) {
  for (const char* text :
       {"", "\n\n", "cpu\n", "a b c", "some\nfull avg10=x\n", ":", "MemTotal:"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseCpuTicks(text), IsEmpty());
    EXPECT_THAT(ParseMeminfo(text), IsEmpty());
    EXPECT_THAT(ParseDiskstats(text), IsEmpty());
    EXPECT_THAT(ParseNetDev(text), IsEmpty());
    EXPECT_EQ(ParsePressure(text).some_avg10, std::nullopt);
    EXPECT_FALSE(ParseLoadAverage(text).has_value());
  }
}

}  // namespace
}  // namespace xtdb
