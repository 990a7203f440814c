#include "vtab/csv/csv_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/types.h"
#include "tests/support/status_matchers.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Golden {
  std::string_view text;
  CsvTimeFormat format;
  std::string_view time;
};

TEST(ParseCsvTimeTest, ReadsEveryFormat) {
  const Golden kGolden[] = {
      {"2024-01-02T03:04:05Z", CsvTimeFormat::kIso, "2024-01-02 03:04:05.000"},
      {"1704164645", CsvTimeFormat::kSeconds, "2024-01-02 03:04:05.000"},
      {"1704164645.5", CsvTimeFormat::kSeconds, "2024-01-02 03:04:05.500"},
      {"1704164645.123456", CsvTimeFormat::kSeconds, "2024-01-02 03:04:05.123456"},
      {"1704164645.1234565", CsvTimeFormat::kSeconds, "2024-01-02 03:04:05.123457"},
      {"1.704164645e9", CsvTimeFormat::kSeconds, "2024-01-02 03:04:05.000"},
      {"8589934592.000001", CsvTimeFormat::kSeconds, "2242-03-16 12:56:32.000001"},
      {"-0.000001", CsvTimeFormat::kSeconds, "1969-12-31 23:59:59.999999"},
      {"0", CsvTimeFormat::kSeconds, "1970-01-01 00:00:00.000"},
      {"-62135596800", CsvTimeFormat::kSeconds, "0001-01-01 00:00:00.000"},
      {"1704164645123", CsvTimeFormat::kMilliseconds, "2024-01-02 03:04:05.123"},
      {"1704164645123.25", CsvTimeFormat::kMilliseconds, "2024-01-02 03:04:05.123250"},
      {"1704164645123456", CsvTimeFormat::kMicroseconds, "2024-01-02 03:04:05.123456"},
      {"1704164645123456.0", CsvTimeFormat::kMicroseconds, "2024-01-02 03:04:05.123456"},
      {"1704164645123456789", CsvTimeFormat::kNanoseconds, "2024-01-02 03:04:05.123457"},
      {"1704164645123456499", CsvTimeFormat::kNanoseconds, "2024-01-02 03:04:05.123456"},
      {"500", CsvTimeFormat::kNanoseconds, "1970-01-01 00:00:00.000001"},
      {"499", CsvTimeFormat::kNanoseconds, "1970-01-01 00:00:00.000"},
      {"02.01.2024 03:04:05.5", CsvTimeFormat::kDayFirst, "2024-01-02 03:04:05.500"},
      {"2.1.2024", CsvTimeFormat::kDayFirst, "2024-01-02 00:00:00.000"},
      {"02/01/2024 03:04", CsvTimeFormat::kDayFirst, "2024-01-02 03:04:00.000"},
      {"02-01-2024T03:04:05+02:00", CsvTimeFormat::kDayFirst, "2024-01-02 01:04:05.000"},
      {"01/02/2024 03:04:05", CsvTimeFormat::kMonthFirst, "2024-01-02 03:04:05.000"},
      {" 1/2/2024 3:04 ", CsvTimeFormat::kMonthFirst, "2024-01-02 03:04:00.000"},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.text);
    ASSERT_OK_AND_ASSIGN(const int64_t ts_us, ParseCsvTime(golden.text, golden.format, 0));
    EXPECT_EQ(FormatTime(ts_us), golden.time);
  }
}

TEST(ParseCsvTimeTest, RefusesWhatIsNotOfTheFormat) {
  const std::pair<std::string_view, CsvTimeFormat> kBad[] = {
      {"2024-01-02", CsvTimeFormat::kSeconds},  {"", CsvTimeFormat::kSeconds},
      {"12a", CsvTimeFormat::kMilliseconds},    {"01/02/24", CsvTimeFormat::kMonthFirst},
      {"2024-01-02", CsvTimeFormat::kDayFirst}, {"1.2/2024", CsvTimeFormat::kDayFirst},
      {"", CsvTimeFormat::kDayFirst},           {"1704164645", CsvTimeFormat::kIso},
      {"-", CsvTimeFormat::kSeconds},           {"1.2.20245", CsvTimeFormat::kDayFirst},
  };
  for (const auto& [text, format] : kBad) {
    EXPECT_THAT(ParseCsvTime(text, format, 0), HasCode(StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(ParseCsvTime("x", CsvTimeFormat::kMilliseconds, 0),
              HasMessage("not a time: \"x\"; times of this file are 'ms'"));
  EXPECT_THAT(ParseCsvTime("32.01.2024", CsvTimeFormat::kDayFirst, 0),
              HasMessage(AllOf(HasSubstr("\"32.01.2024\""), HasSubstr("out of range"))));
}

TEST(ParseCsvTimeTest, RefusesTimesOutOfRange) {
  for (const auto& [text, format] : std::vector<std::pair<std::string_view, CsvTimeFormat>>{
           {"253402300800", CsvTimeFormat::kSeconds},
           {"-62135596801", CsvTimeFormat::kSeconds},
           {"99999999999999999999999", CsvTimeFormat::kSeconds},
           {"-99999999999999999999999", CsvTimeFormat::kNanoseconds},
           {"1e300", CsvTimeFormat::kSeconds},
           {"-1e300", CsvTimeFormat::kMicroseconds},
           {"01.01.0000", CsvTimeFormat::kDayFirst}}) {
    EXPECT_THAT(ParseCsvTime(text, format, 0), HasMessage(HasSubstr("time out of range"))) << text;
  }
}

TEST(DetectCsvTimeFormatTest, TellsTheFormatsApart) {
  const std::pair<std::vector<std::string_view>, CsvTimeFormat> kGolden[] = {
      {{}, CsvTimeFormat::kIso},
      {{"2024-01-02", "2024-01-02T03:04:05Z"}, CsvTimeFormat::kIso},
      {{"1704164645", "1704164646.5"}, CsvTimeFormat::kSeconds},
      {{"0", "1", "2"}, CsvTimeFormat::kSeconds},
      {{"0", "1704164645123"}, CsvTimeFormat::kMilliseconds},
      {{"1704164645123456"}, CsvTimeFormat::kMicroseconds},
      {{"1704164645123456789"}, CsvTimeFormat::kNanoseconds},
      {{"01.02.2024 03:04"}, CsvTimeFormat::kDayFirst},
      {{"01.31.2024"}, CsvTimeFormat::kMonthFirst},
      {{"01/02/2024", "31/01/2024"}, CsvTimeFormat::kDayFirst},
      {{"01/02/2024", "01/31/2024"}, CsvTimeFormat::kMonthFirst},
      {{"31-12-2024 00:00"}, CsvTimeFormat::kDayFirst},
  };
  for (const auto& [texts, expected] : kGolden) {
    SCOPED_TRACE(texts.empty() ? "none" : texts[0]);
    ASSERT_OK_AND_ASSIGN(const CsvTimeFormat format, DetectCsvTimeFormat(texts));
    EXPECT_EQ(CsvTimeFormatName(format), CsvTimeFormatName(expected));
  }
}

TEST(DetectCsvTimeFormatTest, SaysWhatCannotBeTold) {
  EXPECT_THAT(DetectCsvTimeFormat({"01/02/2024", "03/04/2024"}),
              HasMessage(AllOf(HasSubstr("\"01/02/2024\""), HasSubstr("'dmy' or 'mdy'"))));
  EXPECT_THAT(DetectCsvTimeFormat({"noon"}), HasMessage(HasSubstr("not a time: \"noon\"")));
}

TEST(DetectCsvTimeFormatTest, ABadLineChangesNothing) {
  for (const std::vector<std::string_view>& texts :
       {std::vector<std::string_view>{"noon", "01.02.2024", "01.02.2024"},
        {"01.02.2024", "1", "31.12.2024"}}) {
    ASSERT_OK_AND_ASSIGN(const CsvTimeFormat format, DetectCsvTimeFormat(texts));
    EXPECT_EQ(CsvTimeFormatName(format), "dmy");
  }
  ASSERT_OK_AND_ASSIGN(CsvTimeFormat format,
                       DetectCsvTimeFormat({"2024-02-30", "2024-02-01", "5", "2024-02-02"}));
  EXPECT_EQ(CsvTimeFormatName(format), "iso");
  ASSERT_OK_AND_ASSIGN(format, DetectCsvTimeFormat({"1704164645", "noon"}));
  EXPECT_EQ(CsvTimeFormatName(format), "s");
}

TEST(CsvTimeFormatTest, NamesReadBack) {
  for (const std::string_view name : {"iso", "s", "ms", "us", "ns", "dmy", "mdy"}) {
    ASSERT_OK_AND_ASSIGN(const CsvTimeFormat format, ParseCsvTimeFormat(name));
    EXPECT_EQ(CsvTimeFormatName(format), name);
  }
  EXPECT_THAT(ParseCsvTimeFormat("julian"), HasMessage(HasSubstr("the formats are iso, s, ms")));
}

TEST(LooksLikeTimeTest, DatesDoAndNumbersDoNot) {
  for (const std::string_view text :
       {"2024-01-02", "2024-01-02T03:04Z", "1.2.2024", "12/31/2024 1:2"})
    EXPECT_TRUE(LooksLikeTime(text)) << text;
  for (const std::string_view text : {"", "1", "20240102", "1.5", "now", "tag", "1.2.3"})
    EXPECT_FALSE(LooksLikeTime(text)) << text;
}

}  // namespace
}  // namespace xtdb
