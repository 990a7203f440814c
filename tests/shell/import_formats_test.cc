// What import reads beside plain CSV: definitions, line protocol, packed files, zones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "tests/shell/import_fixture.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Gzipped(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST_F(ImportFormatsTest, DefinitionsComeBeforePoints) {
  ASSERT_OK(
      Import("#tag,t,float32,degC,\"feed, hot\",0\n#tag,empty,int32\n"
             "tag,time,value\nt,2026-01-01,1\n"));
  const TagDefinition t = Definition("t");
  EXPECT_EQ(t.type, ValueType::kFloat32);
  EXPECT_EQ(t.unit, "degC");
  EXPECT_EQ(t.description, "feed, hot");
  EXPECT_EQ(t.interpolation, Interpolation::kSloped);
  EXPECT_EQ(Definition("empty").type, ValueType::kInt32);
  EXPECT_EQ(Points().size(), 1u);
}

TEST_F(ImportFormatsTest, ABadDefinitionIsABadLine) {
  ASSERT_OK(Import("tag,time,value\nt,2026-01-01,1\n"));
  EXPECT_THAT(Import("#tag,t,text\ntag,time,value\n"),
              HasMessage(AllOf(HasSubstr("a.csv: line 1: "), HasSubstr("has values of type"))));
  EXPECT_THAT(Import("#tag,u\n#tag,u,complex\ntag,time,value\n"),
              HasMessage(AllOf(HasSubstr("line 2: "), HasSubstr("complex"))));
  EXPECT_THAT(Import("#tag,u,,,,maybe\ntag,time,value\n"),
              HasMessage(HasSubstr("step is \"maybe\"; write 1")));
  options_.skip_bad_lines = true;
  ASSERT_OK(Import("#tag,u,complex\n#tag,v,bool\ntag,time,value\nt,2026-01-02,2\n"));
  EXPECT_EQ(Definition("u").name, "");
  EXPECT_EQ(Definition("v").type, ValueType::kBool);
  EXPECT_EQ(Points().size(), 2u);
}

TEST_F(ImportFormatsTest, AFieldOfLineProtocolIsATag) {
  ASSERT_OK(
      Import("# comment\n\nair,room=k3,floor=2 temp=21.5,n=4i,ok=t 1767225600000000000\r\n"
             "air,room=k3,floor=2 temp=22,ok=false 1767225601000000000\n"
             "pump value=7i,note=\"a, \\\"b\\\"\nc\" 1767225600000000500\n"));
  EXPECT_EQ(
      Points(),
      (TestPoints{
          {{"air.2.k3.n", kNewYearUs}, Integer(4)},
          {{"air.2.k3.ok", kNewYearUs}, {ValueType::kBool, 1, "", kQualityGood}},
          {{"air.2.k3.ok", kNewYearUs + 1'000'000}, {ValueType::kBool, 0, "", kQualityGood}},
          {{"air.2.k3.temp", kNewYearUs}, Real(21.5)},
          {{"air.2.k3.temp", kNewYearUs + 1'000'000}, Real(22)},
          {{"pump", kNewYearUs + 1}, Integer(7)},
          {{"pump.note", kNewYearUs + 1}, {ValueType::kText, 0, "a, \"b\"\nc", kQualityGood}}}));
}

TEST_F(ImportFormatsTest, AnExportOfInfluxInspectIsReadAsItIs) {
  ASSERT_OK(
      Import("# INFLUXDB EXPORT: 1677-09-21T00:12:43Z - 2262-04-11T23:47:16Z\n# DDL\n"
             "CREATE DATABASE plant WITH NAME autogen\n# DML\n# CONTEXT-DATABASE:plant\n"
             "# CONTEXT-RETENTION-POLICY:autogen\n# writing tsm data\n"
             "pump value=7i 1767225600000000000\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"pump", kNewYearUs}, Integer(7)}}));
}

TEST_F(ImportFormatsTest, TheUnitIsToldByTheSizeOfTheTimesOrStated) {
  ASSERT_OK(Import("a v=1 1767225600\n"));
  ASSERT_OK(Import("b v=1 1767225600000\n"));
  options_.csv.time_format = CsvTimeFormat::kMicroseconds;
  ASSERT_OK(Import("c v=1 5\n"));
  EXPECT_EQ(Points(), (TestPoints{{{"a.v", kNewYearUs}, Real(1)},
                                  {{"b.v", kNewYearUs}, Real(1)},
                                  {{"c.v", 5}, Real(1)}}));
}

TEST_F(ImportFormatsTest, AStatedFieldIsTheQualityOfItsLine) {
  const std::string text = "a x=1,y=2,quality=64i 1767225600\nquality quality=3i 1767225600\n";
  options_.csv.quality_column = "quality";
  ASSERT_OK(Import(text));
  EXPECT_EQ(Points(), (TestPoints{{{"a.x", kNewYearUs}, Real(1, 64)},
                                  {{"a.y", kNewYearUs}, Real(2, 64)},
                                  {{"quality.quality", kNewYearUs}, Integer(3)}}));
}

TEST_F(ImportFormatsTest, WhatIsWrongWithALineIsSaid) {
  const std::pair<const char*, const char*> cases[] = {
      {"a v=1", "has no time"},
      {"a 1767225600", "fields are name=value"},
      {"a v= 1767225600", "has no value"},
      {"a v=1x 1767225600", "not a value: \"1x\""},
      {"a v=99999999999999999999i 1767225600", "not a value"},
      {"a v=\"x 1767225600", "a text is not closed"},
      {"a v=\"x\"y 1767225600", "closing quote"},
      {"a,k= v=1 1767225600", "tags are name=value"},
      {"a v=1 noon", "not a time"},
      {"a", "no field behind the measurement"},
      {"a v=1,quality=300i 1767225600", "not a quality"},
  };
  options_.csv.quality_column = "quality";
  for (const auto& [line, message] : cases) {
    EXPECT_THAT(Import("b v=1 1767225600\n" + std::string(line) + "\n"),
                HasMessage(AllOf(HasSubstr("line 2: "), HasSubstr(message))))
        << line;
  }
  options_.skip_bad_lines = true;
  std::string text;
  for (const auto& [line, message] : cases) text += std::string(line) + "\n";
  ASSERT_OK(Import(text + "good v=1 1767225600\n"));
}

TEST_F(ImportFormatsTest, TheFormatCanBeStated) {
  options_.format = ImportFormat::kLines;
  EXPECT_THAT(Import("tag,time,value\nt,2026-01-01,1\n"), HasMessage(HasSubstr("line 1: ")));
  options_.format = ImportFormat::kCsv;
  EXPECT_THAT(Import("a v=1 1767225600\n"), HasMessage(HasSubstr("separator")));
}

// Goal: series that come in turn, and long files read by a thread, keep their points apart.
TEST_F(ImportFormatsTest, ManyLinesOfManySeries) {
  std::string text;
  TestPoints expected;
  for (int i = 0; i < 60'000; ++i) {
    const std::string series = "m" + std::to_string(i % 7);
    const int64_t ts_us = kNewYearUs + i / 7;
    text += series + ",h=" + std::to_string(i % 3) + " x=" + std::to_string(i) +
            ".5,y=" + std::to_string(i) + "i " + std::to_string(ts_us) + "000\n";
    const std::string name = series + "." + std::to_string(i % 3);
    expected[{name + ".x", ts_us}] = Real(i + 0.5);
    expected[{name + ".y", ts_us}] = Integer(i);
  }
  ASSERT_OK(Import(text));
  EXPECT_TRUE(Points() == expected);
}

TEST_F(ImportFormatsTest, PackedFilesAreUnpacked) {
  std::string text = "time,value\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(1'767'225'600 + i) + ",1\n";
  ASSERT_OK(Import(Gzipped(text), "boiler.temp.csv.gz"));
  ASSERT_OK(Import(Zstandard(text), "pump.csv.zst"));
  // Two packed pieces, one behind the other, are one file.
  ASSERT_OK(Import(Gzipped("two v=1 1767225600\n") + Gzipped("two v=2 1767225601\n"), "b.gz"));
  const TestPoints points = Points();
  EXPECT_EQ(points.size(), 100'002u);
  EXPECT_TRUE(points.contains({"boiler.temp", kNewYearUs}));
  EXPECT_TRUE(points.contains({"pump", kNewYearUs + 49'999 * int64_t{1'000'000}}));
  EXPECT_TRUE(points.contains({"two.v", kNewYearUs + 1'000'000}));
}

TEST_F(ImportFormatsTest, PackedFilesThatAreDamagedOrEndEarlyAreErrors) {
  std::string text = "time,value\n";
  for (int i = 0; i < 5'000; ++i) text += std::to_string(1'767'225'600 + i * i) + ",1\n";
  for (const std::string& packed : {Gzipped(text), Zstandard(text)}) {
    EXPECT_THAT(Import(packed.substr(0, packed.size() / 2)), HasMessage(HasSubstr("end early")));
    std::string damaged = packed;
    for (size_t i = 40; i < 80; ++i) damaged[i] = static_cast<char>(~damaged[i]);
    EXPECT_THAT(Import(damaged), HasMessage(HasSubstr("nothing was imported")));
    EXPECT_FALSE(std::filesystem::exists(options_.container));
  }
}

TEST_F(ImportFormatsTest, TimesWithoutAZoneAreOfTheStatedOne) {
  ASSERT_OK_AND_ASSIGN(options_.csv.time_zone, TimeZone::Load("Europe/Berlin"));
  ASSERT_OK(
      Import("tag,time,value\na,2026-01-01 01:00:00,1\nb,2026-01-01 00:00:00Z,1\n"
             "c,2026-01-01 02:00+02:00,1\nd,2026-01-01,1\ne,2025-12-31T23:00:00-01,1\n"
             "\"f\",2026-07-01 00:00:00,1\n"));
  ASSERT_OK(Import("time,g\n01.01.2026 01:00,1\n"));
  ASSERT_OK(Import("time,h\n1767225600,1\n"));
  EXPECT_EQ(Points(),
            (TestPoints{{{"a", kNewYearUs}, Integer(1)},
                        {{"b", kNewYearUs}, Integer(1)},
                        {{"c", kNewYearUs}, Integer(1)},
                        {{"d", kNewYearUs - kHourUs}, Integer(1)},
                        {{"e", kNewYearUs}, Integer(1)},
                        {{"f", kNewYearUs + 181 * 24 * kHourUs - 2 * kHourUs}, Integer(1)},
                        {{"g", kNewYearUs}, Integer(1)},
                        {{"h", kNewYearUs}, Integer(1)}}));
}

}  // namespace
}  // namespace xtdb
