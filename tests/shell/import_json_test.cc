// Import of JSON lines.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "tests/shell/import_fixture.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kSecondUs = 1'000'000;

class ImportJsonTest : public ImportFormatsTest {
 protected:
  Status Import(const std::string& text, const std::string& name = "a.jsonl") {
    return ImportFormatsTest::Import(text, name);
  }
  static TestPoint Text(const std::string& text) { return {ValueType::kText, 0, text}; }
};

TEST_F(ImportJsonTest, AnObjectIsAPoint) {
  ASSERT_OK(
      Import("\n{\"tag\":\"a\",\"time\":\"2026-01-01T00:00:00Z\",\"value\":1.5,\"quality\":64}\r\n"
             "  {\"quality\":null, \"value\":-7, \"time\":\"2026-01-01 01:00:01+01\", "
             "\"tag\":\"b\\u00e4\\n\"}\n"
             "{\"tag\":17,\"time\":\"2026-01-01\",\"value\":\"x\",\"quality\":\"bad\"}\n"
             "{\"tag\":\"c\",\"time\":\"2026-01-01\",\"value\":true}\n"
             "{\"tag\":\"c\",\"time\":\"2026-01-02\",\"value\":null}"));
  EXPECT_EQ(Points(), (TestPoints{{{"17", kNewYearUs}, {ValueType::kText, 0, "x", kQualityBad}},
                                  {{"a", kNewYearUs}, Real(1.5, 64)},
                                  {{"b\xC3\xA4\n", kNewYearUs + kSecondUs}, Integer(-7)},
                                  {{"c", kNewYearUs}, {ValueType::kBool, 1, "", kQualityGood}},
                                  {{"c", kNewYearUs + 24 * kHourUs}, {ValueType::kNone, 0, ""}}}));
}

TEST_F(ImportJsonTest, NumbersKeepWhatTheyAre) {
  std::string text;
  const std::pair<const char*, TestPoint> cases[] = {
      {"9007199254740993", Integer(9007199254740993)},
      {"-9223372036854775808", Integer(INT64_MIN)},
      {"9223372036854775808", Real(9223372036854775808.0)},
      {"1.0", Real(1)},
      {"1e3", Real(1000)},
      {"-0", Real(-0.0)},
      {"-0.0", Real(-0.0)},
      {"0.1", Real(0.1)},
      {"\"Infinity\"", Real(INFINITY)},
      {"\"-Infinity\"", Real(-INFINITY)},
      {"\"infinity\"", Text("infinity")},
      {"\"1\"", Text("1")},
      {"\"null\"", Text("null")},
      {"\"\"", Text("")},
      {"\"a\\u0000\\ud83d\\ude00\"", Text(std::string("a\0\xF0\x9F\x98\x80", 6))},
  };
  TestPoints expected;
  for (const auto& [value, point] : cases) {
    const std::string tag = "t" + std::to_string(expected.size());
    text += "{\"tag\":\"" + tag + "\",\"time\":\"2026-01-01\",\"value\":" + value + "}\n";
    expected[{tag, kNewYearUs}] = point;
  }
  ASSERT_OK(Import(text));
  EXPECT_EQ(Points(), expected);
}

TEST_F(ImportJsonTest, OtherFieldsOfAPointArePassedOver) {
  ASSERT_OK(
      Import("{\"meta\":{\"tag\":\"x\",\"a\":[1,{}]},\"tag\":\"t\",\"type\":\"sensor\",\"status\":"
             "\"running\",\"time\":\"2026-01-01\",\"value\":1}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"t", kNewYearUs}, Integer(1)}}));
}

TEST_F(ImportJsonTest, AWideObjectIsAPointOfEachField) {
  ASSERT_OK(
      Import("{\"time\":\"2026-01-01\",\"boiler.temp\":71.5,\"pump.on\":false,\"x\":null}\n"
             "{\"sensor\":\"s1\",\"ts\":1767225601,\"temp\":1,\"quality\":64}\n"
             "{\"time\":\"2026-01-01\",\"value\":3,\"press\":4}\n"));
  EXPECT_EQ(Points(),
            (TestPoints{{{"boiler.temp", kNewYearUs}, Real(71.5)},
                        {{"press", kNewYearUs}, Integer(4)},
                        {{"pump.on", kNewYearUs}, {ValueType::kBool, 0, "", kQualityGood}},
                        {{"s1.temp", kNewYearUs + kSecondUs}, Integer(1, 64)},
                        {{"value", kNewYearUs}, Integer(3)}}));
  options_.csv.layout = CsvLayout::kLong;
  EXPECT_THAT(Import("{\"time\":\"2026-01-01\",\"press\":4}\n"), HasMessage(HasSubstr("no value")));
}

TEST_F(ImportJsonTest, APointWithoutATagIsOfTheFileOrOfTheStatedTag) {
  ASSERT_OK(Import("{\"time\":\"2026-01-01\",\"value\":1}\n", "boiler.temp.jsonl"));
  options_.csv.tag = "stated";
  ASSERT_OK(Import("{\"time\":\"2026-01-01\",\"value\":2,\"name\":\"n\"}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"boiler.temp", kNewYearUs}, Integer(1)},
                                  {{"stated", kNewYearUs}, Integer(2)}}));
}

TEST_F(ImportJsonTest, FieldsCanBeStated) {
  options_.csv.time_column = "at";
  options_.csv.tag_column = "where";
  options_.csv.value_column = "what";
  options_.csv.quality_column = "how";
  ASSERT_OK(
      Import("{\"time\":0,\"tag\":\"t\",\"value\":9,\"at\":\"2026-01-01\",\"where\":\"a\","
             "\"what\":1,\"how\":3}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"a", kNewYearUs}, Integer(1, 3)}}));
}

TEST_F(ImportJsonTest, TheUnitOfATimeIsToldByItsNameItsSizeOrTheOption) {
  ASSERT_OK(Import("{\"tag\":\"a\",\"ts\":1767225600.25,\"value\":1}\n"));
  ASSERT_OK(Import("{\"tag\":\"b\",\"ts\":1767225600000,\"value\":1}\n"));
  ASSERT_OK(Import("{\"tag\":\"c\",\"ts\":\"1767225600\",\"value\":1}\n"));
  ASSERT_OK(Import("{\"tag\":\"d\",\"time_ms\":5,\"value\":1}\n"));
  options_.csv.time_format = CsvTimeFormat::kMicroseconds;
  ASSERT_OK(Import("{\"tag\":\"e\",\"ts\":5,\"value\":1}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"a", kNewYearUs + 250'000}, Integer(1)},
                                  {{"b", kNewYearUs}, Integer(1)},
                                  {{"c", kNewYearUs}, Integer(1)},
                                  {{"d", 5'000}, Integer(1)},
                                  {{"e", 5}, Integer(1)}}));
}

TEST_F(ImportJsonTest, TimesOfTextAndOfNumberStandInOneFile) {
  ASSERT_OK(
      Import("{\"tag\":\"a\",\"time\":\"2026-01-01\",\"value\":1}\n"
             "{\"tag\":\"b\",\"time_ms\":5,\"value\":1}\n"
             "{\"tag\":\"c\",\"ts\":1767225600,\"value\":1}\n"));
  options_.csv.time_format = CsvTimeFormat::kMicroseconds;
  ASSERT_OK(
      Import("{\"tag\":\"d\",\"ts\":7,\"value\":1}\n"
             "{\"tag\":\"e\",\"time\":\"2026-01-01\",\"value\":1}\n"));
  options_.csv.time_format = CsvTimeFormat::kDayFirst;
  ASSERT_OK(Import("{\"tag\":\"f\",\"time\":\"01.01.2026\",\"value\":1}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"a", kNewYearUs}, Integer(1)},
                                  {{"b", 5'000}, Integer(1)},
                                  {{"c", kNewYearUs}, Integer(1)},
                                  {{"d", 7}, Integer(1)},
                                  {{"e", kNewYearUs}, Integer(1)},
                                  {{"f", kNewYearUs}, Integer(1)}}));
}

TEST_F(ImportJsonTest, DatesWithoutAZoneAreOfTheStatedOne) {
  ASSERT_OK_AND_ASSIGN(options_.csv.time_zone, TimeZone::Load("Europe/Berlin"));
  ASSERT_OK(
      Import("{\"tag\":\"a\",\"time\":\"2026-01-01 01:00\",\"value\":1}\n"
             "{\"tag\":\"b\",\"time\":\"2026-01-01T00:00Z\",\"value\":1}\n"
             "{\"tag\":\"c\",\"time\":1767225600,\"value\":1}\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"a", kNewYearUs}, Integer(1)},
                                  {{"b", kNewYearUs}, Integer(1)},
                                  {{"c", kNewYearUs}, Integer(1)}}));
}

TEST_F(ImportJsonTest, AnObjectWithoutATimeSaysWhatItsTagIs) {
  ASSERT_OK(
      Import("{\"tag\":\"t\",\"type\":\"float32\",\"unit\":\"degC\",\"description\":\"feed\","
             "\"step\":false}\n{\"tag\":\"u\",\"type\":null,\"step\":1}\n"
             "{\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":1}\n"));
  const TagDefinition t = Definition("t");
  EXPECT_EQ(t.type, ValueType::kFloat32);
  EXPECT_EQ(t.unit, "degC");
  EXPECT_EQ(t.description, "feed");
  EXPECT_EQ(t.interpolation, Interpolation::kSloped);
  EXPECT_EQ(Definition("u").type, ValueType::kNone);
  EXPECT_EQ(Definition("u").interpolation, Interpolation::kStepped);
  EXPECT_EQ(Points().size(), 1u);
}

TEST_F(ImportJsonTest, WhatIsWrongWithALineIsSaid) {
  const std::pair<std::string, const char*> cases[] = {
      {"[{}]", "jq -c '.[]'"},
      {"17", "not an object"},
      {"{\"a\":1", "not JSON at character 7"},
      {"{\"a\":1} x", "not JSON at character 9"},
      {std::string("{\"a\":1}\0{}", 10), "NUL"},
      {"{\"tag\":\"t\",\"value\":1}", "no time"},
      {"{\"tag\":\"t\",\"time\":\"2026-01-01\"}", "no value"},
      {"{\"tag\":\"t\",\"time\":\"noon\",\"value\":1}", "not a time: \"noon\""},
      {"{\"tag\":\"t\",\"time\":[1],\"value\":1}", "field \"time\" is an object or an array"},
      {"{\"tag\":\"t\",\"time\":false,\"value\":1}", "field \"time\" is false"},
      {"{\"tag\":null,\"time\":\"2026-01-01\",\"value\":1}", "field \"tag\" is null"},
      {"{\"tag\":\"\",\"time\":\"2026-01-01\",\"value\":1}", "the tag is empty"},
      {"{\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":{}}", "field \"value\" is an object"},
      {"{\"time\":\"2026-01-01\",\"a\":1,\"b\":[]}", "field \"b\" is an object or an array"},
      {"{\"time\":\"2026-01-01\",\"\":1}", "a field has no name"},
      {"{\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":1,\"quality\":300}", "not a quality"},
      {"{\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":1,\"quality\":[]}", "write 0 to 255"},
      {"{\"tag\":\"u\",\"type\":\"complex\"}", "unknown type"},
      {"{\"tag\":\"u\",\"type\":{}}", "field \"type\" is an object"},
      {"{\"tag\":\"u\",\"step\":\"maybe\"}", "step is \"maybe\""},
  };
  const std::string good = "{\"tag\":\"good\",\"time\":\"2026-01-01\",\"value\":1}\n";
  std::string text = good;
  for (const auto& [line, message] : cases) {
    EXPECT_THAT(Import(good + line + "\n"),
                HasMessage(AllOf(HasSubstr("line 2: "), HasSubstr(message))))
        << line;
    text += line + "\n";
  }
  options_.skip_bad_lines = true;
  ASSERT_OK(Import(text + "{\"tag\":\"last\",\"time\":\"2026-01-01\",\"value\":1}"));
  EXPECT_EQ(Points(),
            (TestPoints{{{"good", kNewYearUs}, Integer(1)}, {{"last", kNewYearUs}, Integer(1)}}));
  EXPECT_THAT(captured_.err(), HasSubstr(std::to_string(std::size(cases)) + " bad lines"));
}

// Goal: a wide object of which one value does not fit leaves nothing of itself, also behind values
// that did, and the lines around it stay.
TEST_F(ImportJsonTest, ALineThatDoesNotFitIsLeftOutWhole) {
  const std::string text =
      "{\"tag\":\"b\",\"type\":\"float64\"}\n"
      "{\"time\":\"2026-01-01 00:00:00\",\"a\":1,\"b\":1,\"c\":1}\n"
      "{\"time\":\"2026-01-01 00:00:01\",\"a\":2,\"b\":\"hot\",\"new\":2}\n"
      "{\"time\":\"2026-01-01 00:00:02\",\"a\":3,\"b\":3,\"c\":3}\n";
  EXPECT_THAT(Import(text), HasMessage(AllOf(HasSubstr("line 3: "), HasSubstr("'hot'"),
                                             HasSubstr("nothing was imported"))));
  EXPECT_FALSE(std::filesystem::exists(options_.container));
  TestPoints expected;
  for (const int64_t second : {0, 2}) {
    const int64_t ts_us = kNewYearUs + second * kSecondUs;
    expected[{"a", ts_us}] = expected[{"c", ts_us}] = Integer(second + 1);
    expected[{"b", ts_us}] = Real(static_cast<double>(second + 1));
  }
  options_.skip_bad_lines = true;
  ASSERT_OK(Import(text));
  EXPECT_EQ(Points(), expected);
  EXPECT_EQ(Definition("new").name, "");
}

TEST_F(ImportJsonTest, WhatWasCommittedBeforeABadLineStays) {
  options_.rows_per_commit = 2;
  std::string text = "{\"tag\":\"t\",\"type\":\"int64\"}\n";
  for (int i = 0; i < 5; ++i) {
    text += "{\"tag\":\"t\",\"ts\":" + std::to_string(kNewYearUs + i) + ",\"value\":1}\n";
  }
  EXPECT_THAT(Import(text + "{\n"),
              HasMessage(AllOf(HasSubstr("line 7: "), HasSubstr("first 4 rows stay imported"))));
  EXPECT_EQ(Points().size(), 4u);
}

// Goal: nesting takes no stack, and objects without an end are one bad line.
TEST_F(ImportJsonTest, DeepNestingIsPassedOver) {
  const std::string open(1'000'000, '['), close(1'000'000, ']');
  const std::string point = "\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":1}\n";
  ASSERT_OK(Import("{\"x\":" + open + close + "," + point));
  EXPECT_THAT(Import("{\"x\":" + open + "\n"), HasMessage(HasSubstr("not JSON")));
}

// Goal: objects that come in turn, and long files read by a thread, keep their points apart.
TEST_F(ImportJsonTest, ManyLinesOfManyTags) {
  std::string text;
  TestPoints expected;
  for (int i = 0; i < 60'000; ++i) {
    const std::string tag = "t" + std::to_string(i % 7);
    const std::string ts = std::to_string(kNewYearUs + i);
    text += i % 2 == 0 ? "{\"tag\":\"" + tag + "\",\"ts\":" + ts + ",\"value\":"
                       : "{\"ts\":" + ts + ",\"" + tag + "\":";
    text += std::to_string(i) + ".5}\n";
    expected[{tag, kNewYearUs + i}] = Real(i + 0.5);
  }
  ASSERT_OK(Import(text));
  EXPECT_TRUE(Points() == expected);
}

TEST_F(ImportJsonTest, TheFormatCanBeStated) {
  options_.format = ImportFormat::kJson;
  EXPECT_THAT(Import("tag,time,value\n"), HasMessage(HasSubstr("line 1: not JSON")));
  options_.format = ImportFormat::kCsv;
  EXPECT_THAT(Import("{\"tag\":\"t\",\"time\":\"2026-01-01\",\"value\":1}\n"),
              testing::Not(IsOk()));
}

}  // namespace
}  // namespace xtdb
