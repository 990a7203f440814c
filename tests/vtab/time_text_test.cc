#include "vtab/text/time_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "engine/base/calendar.h"
#include "engine/base/types.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'767'323'045'500'001;
constexpr int64_t kJan2 = 1'704'164'645'000'000;  // 2024-01-02 03:04:05

struct Golden {
  std::string_view text;
  int64_t ts_us;
};

TEST(ParseTimeTest, ReadsTheAcceptedForms) {
  const Golden kGolden[] = {
      {"2024-01-02 03:04:05", kJan2},
      {"2024-01-02T03:04:05", kJan2},
      {"2024-01-02t03:04:05z", kJan2},
      {"2024-01-02 03:04:05Z", kJan2},
      {"2024-01-02T03:04:05 Z", kJan2},
      {"2024-01-02 T03:04:05", kJan2},
      {"2024-01-02   03:04:05", kJan2},
      {"2024-01-02 03:04:05 UTC", kJan2},
      {"2024-01-02 03:04:05 gmt", kJan2},
      {" \t2024-01-02 03:04:05\n ", kJan2},
      {"2024-01-02 03:04:05.", kJan2},
      {"2024-01-02 03:04:05.5", kJan2 + 500'000},
      {"2024-01-02 03:04:05,5", kJan2 + 500'000},
      {"2024-01-02 03:04:05.12", kJan2 + 120'000},
      {"2024-01-02 03:04:05.123", kJan2 + 123'000},
      {"2024-01-02 03:04:05.1234", kJan2 + 123'400},
      {"2024-01-02 03:04:05.12345", kJan2 + 123'450},
      {"2024-01-02 03:04:05.123456", kJan2 + 123'456},
      {"2024-01-02 03:04:05.000001Z", kJan2 + 1},
      {"2024-01-02 03:04", kJan2 - 5'000'000},
      {"2024-01-02 03:04Z", kJan2 - 5'000'000},
      {"2024-01-02", 1'704'153'600'000'000},
      {"2024/01/02", 1'704'153'600'000'000},
      {"2024-1-2 3:4:5", kJan2},
      {"20240102T030405Z", kJan2},
      {"20240102 030405.25", kJan2 + 250'000},
      {"20240102T0304", kJan2 - 5'000'000},
      {"20240102 03:04:05", kJan2},
      {"now", kNow},
      {" NOW ", kNow},
      {"epoch", 0},
      {"Epoch", 0},
      {"1970-01-01", 0},
      {"1969-12-31 23:59:59.999999", -1},
      {"0001-01-01", kTsMin},
      {"9999-12-31 23:59:59.999999", kTsMax},
      {"2000-02-29", 951'782'400'000'000},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const int64_t ts_us, ParseTime(golden.text, kNow));
    EXPECT_EQ(ts_us, golden.ts_us);
  }
}

TEST(ParseTimeTest, SubtractsTheOffsetOfAZone) {
  const Golden kGolden[] = {
      {"2024-01-02 03:04:05+02", kJan2 - 2 * kUsPerHour},
      {"2024-01-02 03:04:05+2", kJan2 - 2 * kUsPerHour},
      {"2024-01-02 03:04:05+02:00", kJan2 - 2 * kUsPerHour},
      {"2024-01-02 03:04:05+0200", kJan2 - 2 * kUsPerHour},
      {"2024-01-02 03:04:05 +02", kJan2 - 2 * kUsPerHour},
      {"2024-01-02 03:04:05.25 -5:30", kJan2 + 250'000 + 5 * kUsPerHour + 30 * kUsPerMinute},
      {"2024-01-02T03:04:05-0530", kJan2 + 5 * kUsPerHour + 30 * kUsPerMinute},
      {"2024-01-02T03:04:05-530", kJan2 + 5 * kUsPerHour + 30 * kUsPerMinute},
      {"2024-01-02 03:04:05-00:30", kJan2 + 30 * kUsPerMinute},
      {"2024-01-02 03:04:05+02:30:15", kJan2 - 9'015 * kUsPerSecond},
      {"2024-01-02 03:04:05+15:59", kJan2 - 959 * kUsPerMinute},
      {"0001-01-01 02:00+02", kTsMin},
      {"9999-12-31 21:59:59.999999-02", kTsMax},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const int64_t ts_us, ParseTime(golden.text, kNow));
    EXPECT_EQ(ts_us, golden.ts_us);
  }
}

TEST(ParseTimeTest, RoundsTheSeventhDigitHalfUp) {
  const Golden kGolden[] = {
      {"2024-01-02 03:04:05.1234567", kJan2 + 123'457},
      {"2024-01-02 03:04:05.1234565", kJan2 + 123'457},
      {"2024-01-02 03:04:05.12345649999", kJan2 + 123'456},
      {"2024-01-02 03:04:05.0000005Z", kJan2 + 1},
      {"2024-01-02 03:04:05.9999995", kJan2 + 1'000'000},
      {"1969-12-31 23:59:59.9999999", 0},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const int64_t ts_us, ParseTime(golden.text, kNow));
    EXPECT_EQ(ts_us, golden.ts_us);
  }
}

TEST(ParseTimeTest, RollsOverAtMidnightAndAtALeapSecond) {
  const Golden kGolden[] = {
      {"2024-01-01 24:00:00", 1'704'153'600'000'000},
      {"2024-01-01 24:00", 1'704'153'600'000'000},
      {"2024-02-28 24:00:00.000", 1'709'164'800'000'000},
      {"2023-12-31 23:59:60", 1'704'067'200'000'000},
      {"2024-01-02 03:03:60", kJan2 - 5'000'000},
      {"0001-01-01 24:00:00", kTsMin + kUsPerDay},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const int64_t ts_us, ParseTime(golden.text, kNow));
    EXPECT_EQ(ts_us, golden.ts_us);
  }
}

TEST(ParseTimeTest, RefusesDatesAndTimesThatDoNotExist) {
  for (const std::string text :
       {"2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00",
        "2024-04-31", "2024-01-01 25:00", "2024-01-01 24:00:01", "2024-01-01 24:00:00.5",
        "2024-01-01 24:01", "2024-01-01 12:60", "2024-01-01 12:00:61", "2024-01-01 12:00+16",
        "2024-01-01 12:00+0260", "20240230T000000"}) {
    SCOPED_TRACE(text);
    const Result<int64_t> result = ParseTime(text, kNow);
    EXPECT_THAT(result, HasCode(StatusCode::kInvalidArgument));
    EXPECT_EQ(result.status().message(), "date/time field value out of range: \"" + text + "\"");
  }
}

TEST(ParseTimeTest, NamesTheRangeForTimesThatNoPointMayCarry) {
  for (const std::string text :
       {"infinity", "-infinity", "Infinity", "+inf", "0044-03-15 BC", "44-03-15 00:00:00 bc",
        "-0044-03-15", "0000-01-01", "0000-12-31 23:59:59.999999", "10000-01-01", "12345-06-07",
        "9999-12-31 24:00:00", "9999-12-31 23:59:60", "9999-12-31 23:59:59.9999995",
        "0001-01-01 00:00:00+00:01", "9999-12-31 23:59:59-01", "999999999-01-01"}) {
    SCOPED_TRACE(text);
    const Result<int64_t> result = ParseTime(text, kNow);
    EXPECT_THAT(result, HasCode(StatusCode::kInvalidArgument));
    EXPECT_EQ(result.status().message(),
              "time out of range: \"" + text +
                  "\"; stored times lie in 0001-01-01 00:00:00 .. 9999-12-31 23:59:59.999999 UTC");
  }
}

TEST(ParseTimeTest, SaysWhereANumberBelongs) {
  for (const std::string text : {"1700000000", "0", "-1", "2024", "20240102", "1700000000.5", "1e9",
                                 "2460675.5", " 1700000000 "}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseTime(text, kNow),
                AllOf(HasCode(StatusCode::kInvalidArgument),
                      HasMessage(AllOf(HasSubstr("time does not take a number"),
                                       HasSubstr("ts takes microseconds"),
                                       HasSubstr("to_timestamp(x) turns seconds into a time"),
                                       HasSubstr("date_class=TEXT and a JVM in UTC")))));
  }
  EXPECT_THAT(NumberAsTime("17"), HasMessage(HasSubstr("\"17\"")));
}

TEST(ParseTimeTest, ShowsTheAcceptedFormsForAnythingElse) {
  for (const std::string text : {"",
                                 " ",
                                 "someday",
                                 "2024-01",
                                 "24-01-02",
                                 "2024-01-02-03",
                                 "2024-01-02Z",
                                 "2024-01-02 +02",
                                 "2024-01-02T",
                                 "2024-01-02 03",
                                 "2024-01-02 03:",
                                 "2024-01-02 03:04:",
                                 "2024-01-02 03:04:05 +",
                                 "2024-01-02 03:04:05+02:0",
                                 "2024-01-02 03:04:05+02:00:",
                                 "2024-01-02 03:04:05 X",
                                 "2024-01-02 03:04:05Zulu",
                                 "2024-01-02 03:04:05 ZZ",
                                 "2024-01-02x03:04",
                                 "2024-01-0203:04",
                                 "2024-01/02",
                                 "2024-01-02 030405",
                                 "01.02.2024",
                                 "2024-01-02 003:04",
                                 "2024-01-02 3:04 PM",
                                 "nowish",
                                 "+2024-01-02",
                                 "2024-001"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseTime(text, kNow),
                AllOf(HasCode(StatusCode::kInvalidArgument),
                      HasMessage(AllOf(HasSubstr("not a time: \""), HasSubstr("YYYY-MM-DD"),
                                       HasSubstr("'now'"), HasSubstr("+02:00")))));
  }
}

TEST(ParseTimeTest, QuotesHugeAndBinaryTextsReadably) {
  EXPECT_THAT(ParseTime(std::string(1'000'000, 'x'), kNow),
              HasMessage(HasSubstr("xxx...\" (1000000 bytes)")));
  EXPECT_THAT(ParseTime(std::string("2024\0\xff", 6), kNow),
              HasMessage(HasSubstr("\"2024\\x00\\xff\"")));
  EXPECT_LT(ParseTime(std::string(1'000'000, '\0'), kNow).status().message().size(), 1'000U);
}

TEST(FormatTimeTest, WritesThreeDigitsAndSixWhereNeeded) {
  EXPECT_EQ(FormatTime(0), "1970-01-01 00:00:00.000");
  EXPECT_EQ(FormatTime(1), "1970-01-01 00:00:00.000001");
  EXPECT_EQ(FormatTime(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(FormatTime(-1'000), "1969-12-31 23:59:59.999");
  EXPECT_EQ(FormatTime(kJan2 + 500'000), "2024-01-02 03:04:05.500");
  EXPECT_EQ(FormatTime(kJan2 + 123'456), "2024-01-02 03:04:05.123456");
  EXPECT_EQ(FormatTime(kJan2 + 123'450), "2024-01-02 03:04:05.123450");
  EXPECT_EQ(FormatTime(kTsMin), "0001-01-01 00:00:00.000");
  EXPECT_EQ(FormatTime(kTsMax), "9999-12-31 23:59:59.999999");
}

TEST(FormatTimeTest, GivesEveryNumberATextThatFits) {
  EXPECT_EQ(FormatTime(kTsMin - 1), "0001-12-31 23:59:59.999999 BC");
  EXPECT_EQ(FormatTime(kTsMax + 1), "10000-01-01 00:00:00.000");
  EXPECT_EQ(FormatTime(-63'517'824'000'000'000), "0044-03-15 00:00:00.000 BC");
  EXPECT_EQ(FormatTime(std::numeric_limits<int64_t>::max()), "294247-01-10 04:00:54.775807");
  EXPECT_EQ(FormatTime(std::numeric_limits<int64_t>::min()), "290309-12-21 19:59:05.224192 BC");
}

TEST(FormatTimeTest, TextOrderIsTimeOrder) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> any(kTsMin, kTsMax);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t a = any(random);
    const int64_t b = i % 2 == 0 ? any(random) : std::min(kTsMax, a + (i % 3'000));
    EXPECT_EQ(a < b, FormatTime(a) < FormatTime(b)) << a << " " << b;
  }
}

TEST(FormatTimeTest, ParseReadsBackWhatFormatWroteOverTheWholeRange) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int64_t> any(kTsMin, kTsMax);
  for (int i = 0; i < 200'000; ++i) {
    int64_t ts_us = any(random);
    if (i % 4 == 1) ts_us -= ts_us % kUsPerMillisecond;
    if (i % 4 == 2) ts_us -= ts_us % kUsPerDay;
    if (i % 4 == 3) ts_us %= 2 * kUsPerDay;
    const std::string text = FormatTime(ts_us);
    ASSERT_OK_AND_ASSIGN(const int64_t read, ParseTime(text, kNow));
    ASSERT_EQ(read, ts_us) << text;
  }
}

// Goal: every day of the range has the date that <chrono> gives it.
TEST(CalendarTest, AgreesWithChronoOnEveryDay) {
  const int64_t first = DaysFromCivil(1, 1, 1), last = DaysFromCivil(9999, 12, 31);
  EXPECT_EQ(first * kUsPerDay, kTsMin);
  EXPECT_EQ((last + 1) * kUsPerDay - 1, kTsMax);
  for (int64_t day = first; day <= last; ++day) {
    const std::chrono::year_month_day expected{
        std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
    const CivilDate date = CivilFromDays(day);
    ASSERT_EQ(date.year, static_cast<int>(expected.year()));
    ASSERT_EQ(date.month, static_cast<int>(static_cast<unsigned>(expected.month())));
    ASSERT_EQ(date.day, static_cast<int>(static_cast<unsigned>(expected.day())));
    ASSERT_EQ(DaysFromCivil(date.year, date.month, date.day), day);
    ASSERT_LE(date.day, DaysInMonth(date.year, date.month));
  }
}

TEST(CalendarTest, FloorDivideRoundsDown) {
  EXPECT_EQ(FloorDivide(7, 7), 1);
  EXPECT_EQ(FloorDivide(6, 7), 0);
  EXPECT_EQ(FloorDivide(-1, 7), -1);
  EXPECT_EQ(FloorDivide(-7, 7), -1);
  EXPECT_EQ(FloorDivide(-8, 7), -2);
}

}  // namespace
}  // namespace xtdb
