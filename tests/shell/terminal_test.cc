#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <limits>

#include "shell/terminal/human_text.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"
#include "shell/terminal/text_table.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/fake_clock.h"

namespace xtdb {
namespace {

TEST(HumanTextTest, CountsAreGroupedByThousands) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(1234567), "1,234,567");
  EXPECT_EQ(CountText(std::numeric_limits<uint64_t>::max()), "18,446,744,073,709,551,615");
  EXPECT_EQ(CountText(1, "tag"), "1 tag");
  EXPECT_EQ(CountText(0, "tag"), "0 tags");
}

TEST(HumanTextTest, BytesTakeTheUnitThatFits) {
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(3 * 1024 * 1024 / 2), "1.5 MiB");
  EXPECT_EQ(BytesText(std::numeric_limits<uint64_t>::max()), "16777216.0 TiB");
}

TEST(HumanTextTest, DurationsAndRates) {
  EXPECT_EQ(SecondsText(4'000), "0.004 s");
  EXPECT_EQ(SecondsText(12'340'000), "12.3 s");
  EXPECT_EQ(SecondsText(185'000'000), "3 min 05 s");
  EXPECT_EQ(SecondsText(7'620'000'000), "2 h 07 min");
  EXPECT_EQ(RateText(1'000, 500'000), "2,000");
  EXPECT_EQ(RateText(1'000, 0), "-");
  EXPECT_EQ(RatioText(10, 4), "2.50");
  EXPECT_EQ(RatioText(10, 0), "-");
  EXPECT_EQ(RatioText(9'999, 100), "99.99");
  EXPECT_EQ(RatioText(123'456, 100), "1,234");
}

TEST(HumanTextTest, JsonEscapesWhatMustNotStandInAString) {
  EXPECT_EQ(JsonText("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
}

TEST(TextTableTest, ColumnsAreAsWideAsTheirWidestCell) {
  TextTable table({{"name"}, {"n", TextTable::Align::kRight}, {"unit"}});
  table.AddRow({"a", "1", ""});
  table.AddRow({"\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", "100", "kPa"});
  EXPECT_EQ(table.ToString(),
            "name     n  unit\n"
            "-----  ---  ----\n"
            "a        1\n"
            "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC  100  kPa\n");
}

TEST(ProgressLineTest, OnATerminalOneLineIsWrittenOver) {
  const CapturedTerminal captured(true);
  FakeClock clock;
  ProgressLine line(captured.terminal(), clock, 10'000'000);
  line.Show("one");
  line.Show("too soon");
  clock.Advance(100'000);
  line.Show("two");
  line.Clear();
  line.Clear();
  EXPECT_EQ(captured.err(), "\r\033[Kone\r\033[Ktwo\r\033[K");
  EXPECT_EQ(captured.out(), "");
}

TEST(ProgressLineTest, ElsewhereAPlainLineComesNowAndThen) {
  const CapturedTerminal captured;
  FakeClock clock;
  ProgressLine line(captured.terminal(), clock, 10'000'000);
  line.Show("one");
  clock.Advance(9'999'999);
  EXPECT_FALSE(line.IsDue());
  line.Show("too soon");
  clock.Advance(1);
  line.Show("two");
  line.Clear();
  EXPECT_EQ(captured.err(), "one\ntwo\n");
  ProgressLine none(captured.terminal(), clock, 0);
  none.Show("never");
  EXPECT_EQ(captured.err(), "one\ntwo\n");
}

TEST(ProgressLineTest, BarIsFullAtTheEndAndBeyond) {
  EXPECT_EQ(ProgressBar(0, 10), "[....................]   0%");
  EXPECT_EQ(ProgressBar(5, 10), "[##########..........]  50%");
  EXPECT_EQ(ProgressBar(20, 10), "[####################] 100%");
  EXPECT_EQ(ProgressBar(0, 0), "[####################] 100%");
}

TEST(StopSignalTest, ASignalEndsTheSleepAndKillsNothing) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const StopSignal stop;
    EXPECT_FALSE(stop.stopped());
    ASSERT_EQ(std::raise(signal), 0);
    EXPECT_TRUE(stop.stopped());
    stop.WaitUs(int64_t{3'600} * 1'000'000);  // would run into the test's time limit
  }
}

}  // namespace
}  // namespace xtdb
