#include "vtab/csv/csv_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Golden {
  std::string_view sample;
  std::string_view described;
};

TEST(DetectCsvSchemaTest, TellsWhatAFileIs) {
  const Golden kGolden[] = {
      {"tag,time,value\na,2024-01-02,1\n", "long, ',', header, time 2 (iso), tag 1, value 3"},
      {"tag,time,value,quality\na,2024-01-02,1,192\n",
       "long, ',', header, time 2 (iso), tag 1, value 3, quality 4"},
      {"Value;Sensor;Status;Timestamp\n1;a;0;1704164645\n",
       "long, ';', header, time 4 (s), tag 2, value 1, quality 3"},
      {"DateTime\tName\tVal\n1704164645123\ta\t1\n",
       "long, tab, header, time 1 (ms), tag 2, value 3"},
      {"date|point|v|q\n31/12/2024|a|1|\n",
       "long, '|', header, time 1 (dmy), tag 2, value 3, quality 4"},
      {"ts,series,temperature\n1704164645123456,a,1.5\n",
       "long, ',', header, time 1 (us), tag 2, value 3"},
      {"timestamp,value\n2013-07-04 00:00:00,69.88\n",
       "long, ',', header, time 1 (iso), tag \"value\", value 2"},
      {"time,value,quality\n2024-01-02,1,192\n",
       "long, ',', header, time 1 (iso), tag \"value\", value 2, quality 3"},
      {"time,boiler.temp,pump.state\n2024-01-02,1.5,1\n",
       "wide, ',', header, time 1 (iso), 2 tags"},
      {"time,temp\n2024-01-02,1.5\n", "wide, ',', header, time 1 (iso), 1 tags"},
      {"time,value,pressure\n2024-01-02,1.5,2\n", "wide, ',', header, time 1 (iso), 2 tags"},
      {"a,b,when\n1,2,2024-01-02\n", "wide, ',', header, time 3 (iso), 2 tags"},
      {"time,101,102\n2024-01-02,1.5,2\n", "wide, ',', header, time 1 (iso), 2 tags"},
      {"time,ts,a\n2024-01-02,1704153600000000,2\n", "wide, ',', header, time 1 (iso), 1 tags"},
      {"Zeit;Temp;Druck\n01.02.2024 03:04;71,25;1,5\n",
       "wide, ';', header, decimal comma, time 1 (dmy), 2 tags"},
      {"01.02.2024;boiler;71,25\n02.02.2024;boiler;71\n",
       "long, ';', decimal comma, time 1 (dmy), tag 2, value 3"},
      {"a;2024-01-02;71,25\nb;2024-01-02;on\nc;2024-01-02;off\n",
       "long, ';', decimal comma, time 2 (iso), tag 1, value 3"},
      {"a;2024-01-02;71,25\nb;2024-01-02;1.5\n", "long, ';', time 2 (iso), tag 1, value 3"},
      {"a,2024-01-02,1\nb,2024-01-02,2\n", "long, ',', time 2 (iso), tag 1, value 3"},
      {"a,2024-01-02,1,192\n", "long, ',', time 2 (iso), tag 1, value 3, quality 4"},
      {"2024-01-02 03:04:05,a,on\n", "long, ',', time 1 (iso), tag 2, value 3"},
      {"1704164645,a,5\n1704164646,b,6\n", "long, ',', time 1 (s), tag 2, value 3"},
      {"time_ms,a\n5,1\n", "wide, ',', header, time 1 (ms), 1 tags"},
      {"Time (us),a\n5,1\n", "wide, ',', header, time 1 (us), 1 tags"},
      {"epoch[ns],a\n5,1\n", "wide, ',', header, time 1 (ns), 1 tags"},
      {"time_utc,a\n2024-01-02,1\n", "wide, ',', header, time 1 (iso), 1 tags"},
      {"tag,time,value\n", "long, ',', header, time 2 (iso), tag 1, value 3"},
      {"tag,time,value\na,2024-01-02,\"x,\ny\"\n",
       "long, ',', header, time 2 (iso), tag 1, value 3"},
      {"\"tag\",\"time\",\"value\"\n\"a\",\"2024-01-02\",\"1\"\n",
       "long, ',', header, time 2 (iso), tag 1, value 3"},
      {"tag,time,value\na,,1\na,1704164645,2\n", "long, ',', header, time 2 (s), tag 1, value 3"},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.sample);
    ASSERT_OK_AND_ASSIGN(const CsvSchema schema, DetectCsvSchema(golden.sample, true, {}));
    EXPECT_EQ(DescribeCsvSchema(schema), golden.described);
  }
}

TEST(DetectCsvSchemaTest, TakesTheTagsOfAWideFileFromItsHeader) {
  ASSERT_OK_AND_ASSIGN(const CsvSchema schema,
                       DetectCsvSchema("a,time, b ,,c\n1,2024-01-02,2,,3\n", true, {}));
  EXPECT_EQ(schema.column_count, 5U);
  EXPECT_THAT(schema.tag_columns,
              ElementsAre(CsvTagColumn{0, "a"}, CsvTagColumn{2, "b"}, CsvTagColumn{4, "c"}));
}

TEST(DetectCsvSchemaTest, LeavesOutALineThatTheSampleCuts) {
  const std::string_view sample = "tag,time,value\na,1704164645,1\nb,1704164645123";
  ASSERT_OK_AND_ASSIGN(CsvSchema schema, DetectCsvSchema(sample, false, {}));
  EXPECT_EQ(CsvTimeFormatName(schema.time_format), "s");
  ASSERT_OK_AND_ASSIGN(schema, DetectCsvSchema(sample, true, {}));
  EXPECT_EQ(CsvTimeFormatName(schema.time_format), "ms");
}

TEST(DetectCsvSchemaTest, OptionsWin) {
  CsvOptions options;
  options.tag = "machine";
  ASSERT_OK_AND_ASSIGN(CsvSchema schema,
                       DetectCsvSchema("timestamp,value\n2024-01-02,1\n", true, options));
  EXPECT_EQ(schema.tag, "machine");
  ASSERT_OK_AND_ASSIGN(schema, DetectCsvSchema("2024-01-02,1\n", true, options));
  EXPECT_EQ(DescribeCsvSchema(schema), "long, ',', time 1 (iso), tag \"machine\", value 2");

  options = {};
  options.time_format = CsvTimeFormat::kMonthFirst;
  options.time_column = "2";
  options.tag_column = "Where";
  options.value_column = "how much";
  ASSERT_OK_AND_ASSIGN(schema,
                       DetectCsvSchema("where,when,how much,why\na,1/2/2024,5,x\n", true, options));
  EXPECT_EQ(DescribeCsvSchema(schema), "long, ',', header, time 2 (mdy), tag 1, value 3");

  options = {};
  options.layout = CsvLayout::kWide;
  ASSERT_OK_AND_ASSIGN(schema,
                       DetectCsvSchema("time,value,quality\n2024-01-02,1,2\n", true, options));
  EXPECT_EQ(schema.tag_columns.size(), 2U);

  options = {};
  options.header = false;
  options.separator = ';';
  EXPECT_THAT(DetectCsvSchema("tag;time;value\n", true, options),
              HasMessage(HasSubstr("no column holds times")));
}

TEST(DetectCsvSchemaTest, SaysWhatCannotBeTold) {
  const Golden kGolden[] = {
      {"", "the CSV file is empty"},
      {"\n\n", "the CSV file is empty"},
      {"abc\ndef\n", "no separator found"},
      {"a,b\nx,y\n", "no column holds times"},
      {"2024-01-02,1\n", "no column of tag names"},
      {"2024-01-02,1,2,3\n", "its columns are not tag, time, value and quality"},
      {"time,sensor,temp,humidity\n2024-01-02,a,1,2\n", "no column holds the values"},
      {"time,a,a\n2024-01-02,1,2\n", "two columns have the name \"a\""},
      {"time,ts\n2024-01-02,1\n", "no column beside the time"},
      {"time,a\n01/02/2024,1\n", "column 1, the time: the day and the month"},
      {"time,a\nnoon,1\n", "not a time: \"noon\""},
  };
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.sample);
    const Result<CsvSchema> schema = DetectCsvSchema(golden.sample, true, {});
    EXPECT_THAT(schema, HasCode(StatusCode::kInvalidArgument));
    EXPECT_THAT(schema, HasMessage(HasSubstr(std::string(golden.described))));
  }
  CsvOptions options;
  options.value_column = "9";
  EXPECT_THAT(DetectCsvSchema("time,a\n2024-01-02,1\n", true, options),
              HasMessage(HasSubstr("no column \"9\" for the value")));
  options.value_column = "time";
  EXPECT_THAT(DetectCsvSchema("time,a\n2024-01-02,1\n", true, options),
              HasMessage(HasSubstr("named for two things")));
}

}  // namespace
}  // namespace xtdb
