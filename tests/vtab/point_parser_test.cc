#include "vtab/csv/point_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/vtab/csv_outcome.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Show(const CsvOutcomePoint& point) {
  std::string text = point.tag + " " + FormatTime(point.ts_us) + " ";
  switch (point.type) {
    case ValueType::kInt64:
      text += "int " + std::to_string(AsInt64(point.bits));
      break;
    case ValueType::kFloat64:
      text += "real " + std::to_string(AsDouble(point.bits));
      break;
    case ValueType::kText:
      text += "text " + point.text;
      break;
    default:
      text += "null";
  }
  return text + " " + std::to_string(point.quality);
}

struct Outcome {
  std::vector<std::string> points;
  std::vector<std::string> errors;
};

// Both by records and by batches.
Result<Outcome> Import(std::string_view text, const CsvOptions& options = {}) {
  CsvReader reader{CsvFromText(text)};
  XTDB_ASSIGN_OR_RETURN(const CsvReader::Beginning beginning, reader.Peek());
  XTDB_ASSIGN_OR_RETURN(const CsvSchema schema,
                        DetectCsvSchema(beginning.text, beginning.whole, options));
  reader.set_separator(schema.separator);
  const CsvOutcome by_record = ReadByRecord(reader, schema);
  CsvReader again{CsvFromText(text), schema.separator};
  EXPECT_TRUE(ReadByBatch(again, schema) == by_record) << text;
  Outcome outcome;
  for (const CsvOutcomeRecord& record : by_record.records) {
    for (const CsvOutcomePoint& point : record.points) outcome.points.push_back(Show(point));
    if (!record.bad.empty()) outcome.errors.push_back(record.bad);
  }
  return outcome;
}

TEST(PointParserTest, ReadsALongFile) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Import("tag,time,value,quality\n"
                                                     "boiler.temp,2026-01-02 03:04:05.5,71.25,192\n"
                                                     " pump ,2026-01-02 03:04:06,1,\n"
                                                     "\"pump, 2\",2026-01-02 03:04:06,-7,0\n"
                                                     "state,2026-01-02 03:04:06,running,uncertain\n"
                                                     "state,2026-01-02 03:04:07,,Bad\n"
                                                     "state,2026-01-02 03:04:08,\"\",good\n"));
  EXPECT_THAT(outcome.points, ElementsAre("boiler.temp 2026-01-02 03:04:05.500 real 71.250000 192",
                                          "pump 2026-01-02 03:04:06.000 int 1 192",
                                          "pump, 2 2026-01-02 03:04:06.000 int -7 0",
                                          "state 2026-01-02 03:04:06.000 text running 64",
                                          "state 2026-01-02 03:04:07.000 null 0",
                                          "state 2026-01-02 03:04:08.000 text  192"));
  EXPECT_THAT(outcome.errors, IsEmpty());
}

TEST(PointParserTest, ReadsAWideFileAndSkipsEmptyCells) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Import("time,a,b\n"
                                                     "2026-01-02,1,2.5\n"
                                                     "2026-01-03,,3\n"
                                                     "2026-01-04,,\"\"\n"
                                                     "2026-01-05,x, \n"));
  EXPECT_THAT(outcome.points, ElementsAre("a 2026-01-02 00:00:00.000 int 1 192",
                                          "b 2026-01-02 00:00:00.000 real 2.500000 192",
                                          "b 2026-01-03 00:00:00.000 int 3 192",
                                          "a 2026-01-05 00:00:00.000 text x 192"));
}

TEST(PointParserTest, ReadsAGermanFile) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Import("\xEF\xBB\xBFZeit;Temp;Druck\r\n"
                                                     "01.02.2024 03:04;71,25;1.013\r\n"
                                                     "13.02.2024 03:05:06,5;-0,5;2\r\n"));
  EXPECT_THAT(outcome.points, ElementsAre("Temp 2024-02-01 03:04:00.000 real 71.250000 192",
                                          "Druck 2024-02-01 03:04:00.000 real 1.013000 192",
                                          "Temp 2024-02-13 03:05:06.500 real -0.500000 192",
                                          "Druck 2024-02-13 03:05:06.500 int 2 192"));
}

TEST(PointParserTest, APointOrAnExponentMakesAReal) {
  CsvOptions stated;
  stated.tag = "t";
  stated.time_column = "1";
  ASSERT_OK_AND_ASSIGN(const Outcome outcome,
                       Import("0,1\n1000000001,70.0\n1000000002,1e3\n1000000003,\"5\"\n"
                              "1000000004,9223372036854775807\n1000000005,9223372036854775808\n"
                              "1000000006,0x10\n1000000007,1_0\n",
                              stated));
  EXPECT_THAT(
      outcome.points,
      ElementsAre(
          "t 1970-01-01 00:00:00.000 int 1 192", "t 2001-09-09 01:46:41.000 real 70.000000 192",
          "t 2001-09-09 01:46:42.000 real 1000.000000 192", "t 2001-09-09 01:46:43.000 int 5 192",
          "t 2001-09-09 01:46:44.000 int 9223372036854775807 192",
          "t 2001-09-09 01:46:45.000 real 9223372036854775808.000000 192",
          "t 2001-09-09 01:46:46.000 text 0x10 192", "t 2001-09-09 01:46:47.000 text 1_0 192"));
}

TEST(PointParserTest, KeepsTheTextOfEveryValueAndTheSignOfZero) {
  CsvSchema schema;
  schema.column_count = 3;
  schema.tag_column = 0;
  schema.time_column = 1;
  schema.value_column = 2;
  PointParser parser(schema, 0);
  CsvRecord record{.line = 1, .fields = {"a", "2024-01-02", "007"}, .quoted = {0, 0, 0}};
  std::vector<CsvPoint> points;
  ASSERT_OK(parser.Parse(record, points));
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].type, ValueType::kInt64);
  EXPECT_EQ(points[0].point.text, "007");
  record.fields[2] = "-0.0";
  ASSERT_OK(parser.Parse(record, points));
  EXPECT_EQ(points[0].point.bits, FromDouble(-0.0));
}

TEST(PointParserTest, ReportsBadLinesAndGoesOn) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Import("tag,time,value,quality\n"
                                                     "a,2026-01-02,1,192\n"
                                                     "a,2026-02-30,1,192\n"
                                                     "\n"
                                                     "a,2026-01-02\n"
                                                     "a,2026-01-02,1,2,3\n"
                                                     ",2026-01-02,1,192\n"
                                                     "a,2026-01-02,1,256\n"
                                                     "a,,1,192\n"
                                                     "a,\"2026-01-02\"x,1,192\n"
                                                     "b,2026-01-02,1,192,,\n"));
  EXPECT_THAT(outcome.errors,
              ElementsAre("line 3: date/time field value out of range: \"2026-02-30\"",
                          "line 5: 4 fields expected, 2 found",
                          "line 6: 4 fields expected, 5 found", "line 7: the tag is empty",
                          "line 8: not a quality: \"256\"; write 0 to 255, good, uncertain or bad",
                          HasSubstr("line 9: not a time: \"\""),
                          "line 10: something follows the closing quote of a field"));
  EXPECT_EQ(outcome.points.size(), 2U);
}

}  // namespace
}  // namespace xtdb
