#include "vtab/text/interval_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Golden {
  std::string_view text;
  Interval interval;
  std::string_view formatted;
};

// What PostgreSQL 15 answers.
constexpr Golden kGolden[] = {
    {"90 days", {0, 90, 0}, "90 days"},
    {"1 hour", {0, 0, 3600000000}, "01:00:00"},
    {"1h30m", {0, 0, 5400000000}, "01:30:00"},
    {"15", {0, 0, 15000000}, "00:00:15"},
    {"1 12:30", {0, 1, 45000000000}, "1 day 12:30:00"},
    {"1-2", {14, 0, 0}, "1 year 2 mons"},
    {"P1Y2M3DT4H5M6S", {14, 3, 14706000000}, "1 year 2 mons 3 days 04:05:06"},
    {"5 min ago", {0, 0, -300000000}, "-00:05:00"},
    {"1.5 days", {0, 1, 43200000000}, "1 day 12:00:00"},
    {"1.5 months", {1, 15, 0}, "1 mon 15 days"},
    {"1 week", {0, 7, 0}, "7 days"},
    {"500 ms", {0, 0, 500000}, "00:00:00.5"},
    {"250 us", {0, 0, 250}, "00:00:00.00025"},
    {"12:30", {0, 0, 45000000000}, "12:30:00"},
    {"12:30:15.5", {0, 0, 45015500000}, "12:30:15.5"},
    {"-12:30", {0, 0, -45000000000}, "-12:30:00"},
    {"1 day -12:30", {0, 1, -45000000000}, "1 day -12:30:00"},
    {"-1 day 12:30", {0, -1, 45000000000}, "-1 days +12:30:00"},
    {"1.5", {0, 0, 1500000}, "00:00:01.5"},
    {"-1.5", {0, 0, -1500000}, "-00:00:01.5"},
    {"1.5 weeks", {0, 10, 43200000000}, "10 days 12:00:00"},
    {"1.5 years", {18, 0, 0}, "1 year 6 mons"},
    {"1 decade", {120, 0, 0}, "10 years"},
    {"1 century", {1200, 0, 0}, "100 years"},
    {"1 millennium", {12000, 0, 0}, "1000 years"},
    {"1.23456 years", {15, 0, 0}, "1 year 3 mons"},
    {"15m", {0, 0, 900000000}, "00:15:00"},
    {"1 mon", {1, 0, 0}, "1 mon"},
    {"@ 1 minute", {0, 0, 60000000}, "00:01:00"},
    {"1 day 2 hours 30 s", {0, 1, 7230000000}, "1 day 02:00:30"},
    {"12:30 ago", {0, 0, -45000000000}, "-12:30:00"},
    {"+1 day", {0, 1, 0}, "1 day"},
    {"- 1 day", {0, -1, 0}, "-1 days"},
    {"-1-2", {-14, 0, 0}, "-1 years -2 mons"},
    {"1-2 3 4:05:06", {14, 3, 14706000000}, "1 year 2 mons 3 days 04:05:06"},
    {"P1W", {0, 7, 0}, "7 days"},
    {"P1.5D", {0, 1, 43200000000}, "1 day 12:00:00"},
    {"PT1.5H", {0, 0, 5400000000}, "01:30:00"},
    {"P0001-02-03T04:05:06", {14, 3, 14706000000}, "1 year 2 mons 3 days 04:05:06"},
    {"1 day 5", {0, 1, 5000000}, "1 day 00:00:05"},
    {"1day", {0, 1, 0}, "1 day"},
    {"1 day,2 hours", {0, 1, 7200000000}, "1 day 02:00:00"},
    {"1.123456789 s", {0, 0, 1123457}, "00:00:01.123457"},
    {"0.0000005 s", {0, 0, 0}, "00:00:00"},
    {"1.", {0, 0, 1000000}, "00:00:01"},
    {".5 s", {0, 0, 500000}, "00:00:00.5"},
    {"-1.5 months", {-1, -15, 0}, "-1 mons -15 days"},
    {"0.1 months", {0, 3, 0}, "3 days"},
    {"1.5 hours 30 m", {0, 0, 7200000000}, "02:00:00"},
    {"1:2:3.4", {0, 0, 3723400000}, "01:02:03.4"},
    {"P-1DT1S", {0, -1, 1000000}, "-1 days +00:00:01"},
    {"1y 2mon 3d 4h 5m 6s", {14, 3, 14706000000}, "1 year 2 mons 3 days 04:05:06"},
    {"1 year -2 mons +3 days -04:05:06.789", {10, 3, -14706789000}, "10 mons 3 days -04:05:06.789"},
    {"00:00:00", {0, 0, 0}, "00:00:00"},
    {"9223372036854775807 us", {0, 0, 9223372036854775807}, "2562047788:00:54.775807"},
    {"1.5 days ago", {0, -1, -43200000000}, "-1 days -12:00:00"},
    {"P1Y2M3DT4H5M6.789S", {14, 3, 14706789000}, "1 year 2 mons 3 days 04:05:06.789"},
    {"1 week 2 days", {0, 9, 0}, "9 days"},
    {"1.1 w", {0, 7, 60480000000}, "7 days 16:48:00"},
    {"0.33 w", {0, 2, 26784000000}, "2 days 07:26:24"},
    {"2562047788:00:54", {0, 0, 9223372036854000000}, "2562047788:00:54"},
    {"5 M", {0, 0, 300000000}, "00:05:00"},
    {"12:30:60", {0, 0, 45060000000}, "12:31:00"},
    {"12:30.5", {0, 0, 750500000}, "00:12:30.5"},
    {"-1 12:30", {0, -1, 45000000000}, "-1 days +12:30:00"},
    {"1.7 us", {0, 0, 2}, "00:00:00.000002"},
    {"-1.7 us", {0, 0, -2}, "-00:00:00.000002"},
    {"1 s 1 ms", {0, 0, 1001000}, "00:00:01.001"},
    {"12:30 1 day", {0, 1, 45000000000}, "1 day 12:30:00"},
    {"1 y 6 mon", {18, 0, 0}, "1 year 6 mons"},
    {"2147483647 months", {2147483647, 0, 0}, "178956970 years 7 mons"},
    {"-178956970 years -8 mons", {-2147483648, 0, 0}, "-178956970 years -8 mons"},
    {"2147483647 days", {0, 2147483647, 0}, "2147483647 days"},
    {"12:30:5", {0, 0, 45005000000}, "12:30:05"},
    {"-0.5 s", {0, 0, -500000}, "-00:00:00.5"},
    {"0.5 us", {0, 0, 0}, "00:00:00"},
    {"36:00:00", {0, 0, 129600000000}, "36:00:00"},
    {"100000:00:00", {0, 0, 360000000000000}, "100000:00:00"},
    {"1 day -00:00:01", {0, 1, -1000000}, "1 day -00:00:01"},
    {"-1 days +00:00:01", {0, -1, 1000000}, "-1 days +00:00:01"},
    {"-1 years -2 mons +3 days -04:05:06.789",
     {-14, 3, -14706789000},
     "-1 years -2 mons +3 days -04:05:06.789"},
    {"2 days", {0, 2, 0}, "2 days"},
    {"1 DAY 2 Hours", {0, 1, 7200000000}, "1 day 02:00:00"},
    {"-5 min ago", {0, 0, 300000000}, "00:05:00"},
    {"1.5 12:30", {0, 1, 88200000000}, "1 day 24:30:00"},
    {"1 century 1 year", {1212, 0, 0}, "101 years"},
    {"1 day 12:30:00.000001", {0, 1, 45000000001}, "1 day 12:30:00.000001"},
    {"P0Y", {0, 0, 0}, "00:00:00"},
    {"PT0S", {0, 0, 0}, "00:00:00"},
    {"P1-2", {14, 0, 0}, "1 year 2 mons"},
    {"P1YT04:05", {12, 0, 14700000000}, "1 year 04:05:00"},
    {"1.5 decades", {180, 0, 0}, "15 years"},
    {"0.01 c", {12, 0, 0}, "1 year"},
    {"  1 day  ", {0, 1, 0}, "1 day"},
    {"1 usecs", {0, 0, 1}, "00:00:00.000001"},
    {"1 mseconds", {0, 0, 1000}, "00:00:00.001"},
    {"3 mils", {36000, 0, 0}, "3000 years"},
};

TEST(ParseIntervalTest, ReadsWhatPostgresReads) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const Interval interval, ParseInterval(golden.text));
    EXPECT_EQ(interval, golden.interval) << FormatInterval(interval);
  }
}

TEST(FormatIntervalTest, WritesWhatPostgresWrites) {
  for (const Golden& golden : kGolden) {
    EXPECT_EQ(FormatInterval(golden.interval), golden.formatted) << golden.text;
  }
}

TEST(ParseIntervalTest, RefusesWhatPostgresRefuses) {
  for (const std::string text : {"",
                                 " ",
                                 "1 fortnight",
                                 "1 mo",
                                 "1e-6 s",
                                 "day",
                                 "1 quarter",
                                 "infinity",
                                 "1 z",
                                 "1 day 1 day",
                                 "1 hour 1 hour",
                                 "1 mon 1 month",
                                 "1 hour 12:30",
                                 "5 1 day",
                                 "1 12",
                                 "1.5 1.5",
                                 "12:30:45:10",
                                 "P",
                                 "T1H",
                                 "-P1D",
                                 "p1d",
                                 "P 1D",
                                 "P1H",
                                 "PT1D",
                                 "P1",
                                 "1_000 s",
                                 "+-1 day",
                                 "1 +2 days",
                                 "1h-30m",
                                 "5 ago",
                                 "ago",
                                 "1-2-3",
                                 "1.5-2",
                                 "1/2 d",
                                 "1 day.",
                                 "12:30 5",
                                 "1: 30",
                                 "0x10 s",
                                 "1 \xc2\xb5s",
                                 "1 week 1 week",
                                 "- day",
                                 "+",
                                 "@"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseInterval(text),
                AllOf(HasCode(StatusCode::kInvalidArgument),
                      HasMessage(AllOf(StartsWith("invalid input syntax for type interval: \""),
                                       HasSubstr("'90 days'"), HasSubstr("mon is months")))));
  }
}

TEST(ParseIntervalTest, RefusesHalfWrittenFormsThatPostgresGuesses) {
  for (const std::string text : {"12:", ":12", "PT", "P1Y2M3DT", "1 day ago ago",
                                 "1 day ago 2 hours", "P1Y1Y", "PT1H1H", "1 year 1-2"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(ParseInterval(text), HasMessage(StartsWith("invalid input syntax")));
  }
}

TEST(ParseIntervalTest, RefusesWhatDoesNotFit) {
  for (const std::string text :
       {"12:30:61", "12:60", "1-13", "10000000000 days", "2147483648 days", "2147483648 months",
        "178956970 years 8 mons", "9223372036854775808 us", "2562047789:00:00",
        "99999999999999999999 s", "9223372036854775807 s", "9223372036854775807 weeks",
        "2562047788:00:54.775808", "2147483647 days 1 week", "-2147483648 days ago",
        "9223372036854775807 years", "2562047788:00:54.775807 1.5 days"}) {
    SCOPED_TRACE(text);
    const Result<Interval> result = ParseInterval(text);
    EXPECT_THAT(result, HasCode(StatusCode::kInvalidArgument));
    EXPECT_EQ(result.status().message(), "interval field value out of range: \"" + text + "\"");
  }
}

TEST(ParseIntervalTest, TakesTheLowestOfEachPart) {
  const Interval lowest{std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::min(),
                        std::numeric_limits<int64_t>::min()};
  EXPECT_EQ(FormatInterval(lowest),
            "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
  ASSERT_OK_AND_ASSIGN(const Interval read, ParseInterval(FormatInterval(lowest)));
  EXPECT_EQ(read, lowest);
}

TEST(FormatIntervalTest, ParseReadsBackWhatFormatWrote) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 100'000; ++i) {
    Interval interval;
    if (random() % 3 != 0) interval.months = static_cast<int32_t>(random()) >> (random() % 31);
    if (random() % 3 != 0) interval.days = static_cast<int32_t>(random()) >> (random() % 31);
    if (random() % 3 != 0) interval.us = static_cast<int64_t>(random()) >> (random() % 63);
    const std::string text = FormatInterval(interval);
    ASSERT_OK_AND_ASSIGN(const Interval read, ParseInterval(text));
    ASSERT_EQ(read, interval) << text;
  }
}

}  // namespace
}  // namespace xtdb
