#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <limits>

#include "shell/terminal/human_text.h"
#include "shell/terminal/long_work.h"
#include "shell/terminal/progress_line.h"
#include "shell/terminal/stop_signal.h"
#include "shell/terminal/text_table.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

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

TEST(HumanTextTest, JsonIsUtf8WhateverTheTextIs) {
  EXPECT_EQ(JsonText("\xC3\xBC\xF0\x9F\x98\x80"), "\"\xC3\xBC\xF0\x9F\x98\x80\"");
  // A lone byte, a sequence that ends early, a surrogate, an overlong form.
  EXPECT_EQ(JsonText("\xFF|\xE2\x82|\xED\xA0\x80|\xC0\x80"),
            R"("\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd\ufffd")");
  EXPECT_EQ(JsonText("\x7F\xC2\x9B"), R"("\u007f\u009b")");
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

TEST(TextTableTest, WideCharactersTakeTwoColumnsAndMarksNone) {
  TextTable table({{"name"}, {"n"}});
  table.AddRow({"\xE6\xB8\xA9\xE5\xBA\xA6", "1"});  // two of full width
  table.AddRow({"\xF0\x9F\x98\x80", "2"});          // an emoji
  table.AddRow({"e\xCC\x81xy", "3"});               // e with a mark
  table.AddRow({"\xFFxy", "4"});                    // no UTF-8
  EXPECT_EQ(table.ToString(),
            "name  n\n----  -\n"
            "\xE6\xB8\xA9\xE5\xBA\xA6  1\n"
            "\xF0\x9F\x98\x80    2\n"
            "e\xCC\x81xy   3\n"
            "\xFFxy   4\n");
}

TEST(TextTableTest, ACellGivesTheTerminalNoOrders) {
  TextTable table({{"name"}, {"n"}});
  table.AddRow({"a\x1B[31m\nb", "1"});
  EXPECT_EQ(table.ToString(), "name      n\n--------  -\na [31m b  1\n");
}

TEST(ProgressLineTest, OnATerminalOneLineIsWrittenOver) {
  const CapturedTerminal captured(true);
  FakeClock clock;
  ProgressLine line(captured.terminal(), clock);
  line.Show("one");
  line.Show("too soon");
  clock.Advance(100'000);
  line.Show("two");
  line.Clear();
  line.Clear();
  EXPECT_EQ(captured.err(), "\r\033[Kone\r\033[Ktwo\r\033[K");
  EXPECT_EQ(captured.out(), "");
}

TEST(ProgressLineTest, ALineIsNoLongerThanTheTerminalAndGivesItNoOrders) {
  CapturedTerminal captured(true);
  Terminal narrow = captured.terminal();
  narrow.err_columns = 12;
  FakeClock clock;
  ProgressLine line(narrow, clock);
  line.Show("a\x1B[31m and more");
  EXPECT_EQ(captured.err(), "\r\033[Ka [31m a...");
}

TEST(ProgressLineTest, ElsewhereNothingIsShown) {
  const CapturedTerminal captured;
  FakeClock clock;
  ProgressLine line(captured.terminal(), clock);
  EXPECT_FALSE(line.IsDue());
  line.Show("one");
  line.Clear();
  EXPECT_EQ(captured.err(), "");
}

TEST(LongWorkTest, ShowsHowFarItIsAndEndsWhenAsked) {
  const CapturedTerminal captured(true);
  FakeClock clock;
  bool stop = false;
  LongWork work(captured.terminal(), clock, [&stop] { return stop; });
  const ProgressFn on_progress = work.OnProgress();
  EXPECT_OK(on_progress("copying", 1, 2));
  EXPECT_EQ(captured.err(), "\r\033[K[##########..........]  50% copying");
  stop = true;
  EXPECT_THAT(on_progress("copying", 2, 2), HasCode(StatusCode::kInterrupted));
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
