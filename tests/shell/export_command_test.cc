#include "shell/commands/export_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "shell/commands/command.h"
#include "shell/commands/import_command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNewYearUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kSecondUs = 1'000'000;

class ExportCommandTest : public testing::Test {
 protected:
  ExportCommandTest() { options_.container = folder_ / "plant.xtdb"; }

  void Write(const std::function<void(Transaction&)>& body) {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
    {
      ASSERT_OK_AND_ASSIGN(const auto transaction, engine->Begin(kWriterTimeoutUs));
      body(*transaction);
      ASSERT_OK(transaction->Prepare());
      transaction->Commit();
    }
    ASSERT_OK(engine->Close());
  }
  static void Put(Transaction& transaction, const std::string& tag, int64_t ts_us,
                  const Value& value, Quality quality = kQualityGood) {
    ASSERT_OK_AND_ASSIGN(StagedTag* const staged, transaction.FindOrDefineTag(tag));
    ASSERT_OK(transaction.Write(*staged, ts_us, value, quality));
  }
  Status Export() {
    return RunExport(
        options_, clock_, [] { return false; }, captured_.terminal());
  }
  // What `options_` writes.
  std::string Text() {
    options_.output = folder_ / "out";
    EXPECT_OK(Export());
    return ReadText(options_.output);
  }
  std::string ImportCopy(const std::string& text) {
    ImportOptions options;
    options.container = folder_ / "copy.xtdb";
    WriteText(folder_ / "in", text);
    options.files = {folder_ / "in"};
    options.csv.quality_column = quality_column_;
    const CapturedTerminal ignored;
    EXPECT_OK(RunImport(
        options, clock_, [] { return false; }, ignored.terminal()));
    return options.container;
  }
  static TestPoints Points(const std::string& container) {
    const auto engine = OpenForReading(container);
    EXPECT_OK(engine);
    Result<TestPoints> points = ReadAll(*engine.value());
    EXPECT_OK(points);
    return std::move(points).value();
  }
  // Without their numbers, which follow the order of definition.
  static std::vector<TagDefinition> Definitions(const std::string& container) {
    const auto engine = OpenForReading(container);
    EXPECT_OK(engine);
    std::vector<TagDefinition> definitions;
    for (const TagPtr& tag : *engine.value()->tags()->Sorted()) {
      definitions.push_back(*tag);
      definitions.back().id = kNoTag;
    }
    return definitions;
  }

  const TemporaryDirectory folder_;
  FakeClock clock_;
  CapturedTerminal captured_;
  ExportOptions options_;
  std::string quality_column_;
};

void DefineEveryType(Transaction& transaction) {
  using enum ValueType;
  ASSERT_OK(transaction.DefineTag("a.bool", kBool, "", "on, or \"off\"", Interpolation::kStepped));
  ASSERT_OK(transaction.DefineTag("a.int32", kInt32, "rpm", "", Interpolation::kSloped));
  ASSERT_OK(transaction.DefineTag("a.int64", kInt64, "", ""));
  ASSERT_OK(transaction.DefineTag("a.float32", kFloat32, "\xC2\xB0\x43", "two\nlines"));
  ASSERT_OK(transaction.DefineTag("a.float64", kFloat64, "m,s", " blanks "));
  ASSERT_OK(transaction.DefineTag("a.text", kText, "", ""));
  ASSERT_OK(transaction.DefineTag("a.empty", kInt32, "", "without a point"));
  ASSERT_OK(transaction.DefineTag("a.none", kNone, "", "only NULLs"));
}

const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = {"",
                                                 "plain",
                                                 "NULL",
                                                 "NaN",
                                                 "007",
                                                 "1.50",
                                                 "a,b",
                                                 "say \"hi\"",
                                                 "\"",
                                                 "two\nlines",
                                                 "cr\r\nlf",
                                                 " blanks ",
                                                 "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
                                                 "#tag,x",
                                                 "a\\b",
                                                 "\r"};
  return texts;
}

void WriteEveryValue(Transaction& transaction, const auto& put) {
  const std::vector<double> reals = {0.0,
                                     -0.0,
                                     12.0,
                                     0.1,
                                     -1.0 / 3,
                                     1e300,
                                     5e-324,
                                     1e15,
                                     9007199254740993.0,
                                     1e22,
                                     INFINITY,
                                     -INFINITY,
                                     std::numeric_limits<double>::quiet_NaN(),
                                     -std::numeric_limits<double>::quiet_NaN()};
  int64_t ts = kNewYearUs;
  for (const double real : reals) {
    put(transaction, "a.float64", ts, Value::Real(real), kQualityGood);
    const auto narrow = static_cast<double>(static_cast<float>(real));
    put(transaction, "a.float32", ts, Value::Real(narrow), kQualityUncertain);
    ts += 1;
  }
  for (const int64_t integer : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}}) {
    put(transaction, "a.int64", ts++, Value::Integer(integer), 0);
  }
  put(transaction, "a.int32", kTsMin, Value::Integer(INT32_MIN), 255);
  put(transaction, "a.int32", kTsMax, Value::Integer(INT32_MAX), 1);
  put(transaction, "a.bool", 0, Value::Integer(0), kQualityGood);
  put(transaction, "a.bool", 1, Value::Integer(1), kQualityGood);
  for (const std::string& text : Texts()) {
    put(transaction, "a.text", ts++, Value::Text(text), kQualityGood);
  }
  for (const char* tag : {"a.bool", "a.int32", "a.int64", "a.float32", "a.text", "a.none"}) {
    put(transaction, tag, kNewYearUs - kSecondUs, Value::Null(), kQualityBad);
  }
  // Not defined, and with names that are hard to write.
  put(transaction, "b, with \"quotes\"", 5, Value::Real(3.0), kQualityGood);
  put(transaction, " blanks ", 5, Value::Integer(3), kQualityGood);
  put(transaction, "#tag", 5, Value::Integer(3), kQualityGood);
}

class ExportRoundTripTest : public ExportCommandTest,
                            public testing::WithParamInterface<ExportFormat> {
 protected:
  ExportRoundTripTest() { options_.format = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Formats, ExportRoundTripTest,
                         testing::Values(ExportFormat::kCsv, ExportFormat::kJson),
                         [](const auto& format) {
                           return format.param == ExportFormat::kCsv ? "Csv" : "Json";
                         });

TEST_P(ExportRoundTripTest, ImportOfAnExportMakesAnEqualContainer) {
  Write([](Transaction& transaction) {
    DefineEveryType(transaction);
    WriteEveryValue(transaction, Put);
  });
  // Late points, one of them over an earlier one, and a deleted one.
  Write([](Transaction& transaction) {
    Put(transaction, "a.float64", kNewYearUs - kSecondUs, Value::Real(7));
    Put(transaction, "a.float64", kNewYearUs + 2, Value::Real(8), kQualityUncertain);
    ASSERT_OK(transaction.Delete(*transaction.FindTag("a.float64"), kNewYearUs + 3));
  });
  const std::string text = Text();
  const std::string copy = ImportCopy(text);
  EXPECT_EQ(Points(copy), Points(options_.container));
  EXPECT_EQ(Definitions(copy), Definitions(options_.container));
  EXPECT_EQ(Points(copy).size(), 61u);
  options_.container = copy;
  EXPECT_EQ(Text(), text) << "the copy's export is the same text";
}

TEST_P(ExportRoundTripTest, SeededContainersComeBackBitForBit) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    options_.container = folder_ / ("plant" + std::to_string(seed) + ".xtdb");
    Write([&random](Transaction& transaction) {
      for (int i = 0; i < 3000; ++i) {
        const int64_t ts_us = static_cast<int64_t>(random() % 4'000'000'000'000'000);
        const Quality quality = random() % 4 == 0 ? static_cast<Quality>(random()) : kQualityGood;
        double real = AsDouble(random());
        if (std::isnan(real)) real = 0.5;
        Put(transaction, "real", ts_us, Value::Real(real), quality);
        Put(transaction, "integer", ts_us, Value::Integer(static_cast<int64_t>(random())), quality);
        Put(transaction, "text", ts_us, Value::Text(Texts()[random() % Texts().size()]), quality);
      }
    });
    std::filesystem::remove(folder_ / "copy.xtdb");
    ASSERT_TRUE(Points(ImportCopy(Text())) == Points(options_.container));
  }
}

// What line protocol can say comes back, whatever names, values, times and qualities are.
TEST_F(ExportCommandTest, SeededContainersComeBackThroughLineProtocol) {
  options_.format = ExportFormat::kLines;
  quality_column_ = "quality";
  const std::vector<std::string> names = {"boiler.temp", "a b,c.d=e", "one",
                                          "x.y.value",   "\"q\"",     "\xC3\xBC.\xF0\x9F\x98\x80"};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    options_.container = folder_ / ("plant" + std::to_string(seed) + ".xtdb");
    Write([&](Transaction& transaction) {
      ASSERT_OK(transaction.DefineTag("flag", ValueType::kBool, "", ""));
      for (int i = 0; i < 2000; ++i) {
        const int64_t ts_us = kNewYearUs + static_cast<int64_t>(random() % 4'000'000'000'000'000);
        const Quality quality = random() % 4 == 0 ? static_cast<Quality>(random()) : kQualityGood;
        const double real = AsDouble(random());
        const std::string& name = names[random() % names.size()];
        if (std::isfinite(real)) Put(transaction, name, ts_us, Value::Real(real), quality);
        Put(transaction, "integer", ts_us, Value::Integer(static_cast<int64_t>(random())), quality);
        Put(transaction, "flag", ts_us, Value::Integer(static_cast<int64_t>(random() % 2)),
            quality);
        Put(transaction, "text.x", ts_us, Value::Text(Texts()[random() % Texts().size()]), quality);
      }
    });
    std::filesystem::remove(folder_ / "copy.xtdb");
    ASSERT_TRUE(Points(ImportCopy(Text())) == Points(options_.container));
  }
}

TEST_F(ExportCommandTest, CsvSaysWhatTheTagsAreInFrontOfThePoints) {
  Write([](Transaction& transaction) {
    ASSERT_OK(transaction.DefineTag("t", ValueType::kFloat64, "degC", "in, out",
                                    Interpolation::kStepped));
    Put(transaction, "t", kNewYearUs, Value::Real(71.25));
    Put(transaction, "t", kNewYearUs + 1, Value::Null(), kQualityBad);
  });
  const std::string points =
      "tag,time,value,quality\nt,2026-01-01 00:00:00.000,71.25,192\n"
      "t,2026-01-01 00:00:00.000001,,0\n";
  EXPECT_EQ(Text(), "#tag,t,float64,degC,\"in, out\",1\n" + points);
  options_.definitions = false;
  EXPECT_EQ(Text(), points);
}

TEST_F(ExportCommandTest, JsonIsAnObjectALine) {
  Write([](Transaction& transaction) {
    ASSERT_OK(transaction.DefineTag("a", ValueType::kFloat64, "", "", Interpolation::kStepped));
    ASSERT_OK(transaction.DefineTag("b", ValueType::kBool, "1", "on"));
    Put(transaction, "a", kNewYearUs, Value::Real(1));
    Put(transaction, "a", kNewYearUs + 500'000, Value::Real(-INFINITY));
    Put(transaction, "b", kNewYearUs, Value::Integer(1), kQualityUncertain);
    Put(transaction, "b", kNewYearUs + kSecondUs, Value::Null());
    Put(transaction, "c\"d", kNewYearUs, Value::Text("x\ny"));
  });
  options_.format = ExportFormat::kJson;
  const std::string points =
      "{\"tag\":\"a\",\"time\":\"2026-01-01T00:00:00.000Z\",\"value\":1.0,\"quality\":192}\n"
      "{\"tag\":\"a\",\"time\":\"2026-01-01T00:00:00.500Z\",\"value\":\"-Infinity\","
      "\"quality\":192}\n"
      "{\"tag\":\"b\",\"time\":\"2026-01-01T00:00:00.000Z\",\"value\":true,\"quality\":64}\n"
      "{\"tag\":\"b\",\"time\":\"2026-01-01T00:00:01.000Z\",\"value\":null,\"quality\":192}\n"
      "{\"tag\":\"c\\\"d\",\"time\":\"2026-01-01T00:00:00.000Z\",\"value\":\"x\\u000ay\","
      "\"quality\":192}\n";
  EXPECT_EQ(Text(),
            "{\"tag\":\"a\",\"type\":\"float64\",\"step\":true}\n"
            "{\"tag\":\"b\",\"type\":\"bool\",\"unit\":\"1\",\"description\":\"on\"}\n"
            "{\"tag\":\"c\\\"d\",\"type\":\"text\"}\n" +
                points);
  options_.definitions = false;
  EXPECT_EQ(Text(), points);
}

TEST_F(ExportCommandTest, LineProtocolLeavesOutWhatItCannotSayAndComesBackOtherwise) {
  Write([](Transaction& transaction) {
    ASSERT_OK(transaction.DefineTag("a.flag", ValueType::kBool, "", ""));
    Put(transaction, "a.flag", kNewYearUs, Value::Integer(1));
    Put(transaction, "a b,c.d=e", kNewYearUs, Value::Real(-0.0), kQualityUncertain);
    Put(transaction, "plain", kTsMax, Value::Integer(5));
    Put(transaction, "x.value", kNewYearUs, Value::Text("say \"\\\"\n"));
    Put(transaction, "x.quality", kNewYearUs, Value::Integer(5), kQualityBad);
  });
  options_.format = ExportFormat::kLines;
  quality_column_ = "quality";
  const std::string text = Text();
  EXPECT_EQ(text,
            "a\\ b\\,c d\\=e=-0.0,quality=64i 1767225600000000000\n"
            "a flag=true 1767225600000000000\n"
            "plain value=5i 253402300799999999000\n"
            "x quality=5i,quality=0i 1767225600000000000\n"
            "x.value value=\"say \\\"\\\\\\\"\n\" 1767225600000000000\n");
  const std::string copy = ImportCopy(text);
  EXPECT_EQ(Points(copy), Points(options_.container));
  EXPECT_EQ(Definitions(copy), Definitions(options_.container));
  Write([](Transaction& transaction) {
    Put(transaction, "y", 1, Value::Real(NAN));
    Put(transaction, "y", 2, Value::Null());
  });
  EXPECT_EQ(Text(), text);
  EXPECT_THAT(captured_.err(), HasSubstr("2 points left out"));
}

TEST_F(ExportCommandTest, LineProtocolRefusesANameThatItCannotWrite) {
  Write([](Transaction& transaction) { Put(transaction, "a\nb", 1, Value::Real(1)); });
  options_.format = ExportFormat::kLines;
  EXPECT_THAT(Export(), HasMessage(AllOf(HasSubstr("a\\x0ab"), HasSubstr("csv or json"))));
}

TEST_F(ExportCommandTest, TagsAndTimesAreChosen) {
  Write([](Transaction& transaction) {
    for (const char* tag : {"a.x", "a.y", "b.x"}) {
      for (int i = 0; i < 3; ++i) {
        Put(transaction, tag, kNewYearUs + i * kSecondUs, Value::Integer(i));
      }
    }
  });
  options_.definitions = false;
  options_.tags = {"b.x", "a.*", "a.x"};
  options_.ts_from_us = kNewYearUs + kSecondUs;
  options_.ts_to_us = kNewYearUs + 2 * kSecondUs - 1;
  EXPECT_EQ(Text(),
            "tag,time,value,quality\na.x,2026-01-01 00:00:01.000,1,192\n"
            "a.y,2026-01-01 00:00:01.000,1,192\nb.x,2026-01-01 00:00:01.000,1,192\n");
  EXPECT_THAT(captured_.out(), HasSubstr("exported 3 points of 3 tags"));
  options_.ts_to_us = options_.ts_from_us - 1;
  EXPECT_THAT(Export(), HasMessage(HasSubstr("--from 2026-01-01 00:00:01.000 is not before --to "
                                             "2026-01-01 00:00:01.000")));
  options_.ts_to_us = kTsMax;
  options_.tags = {"a.x", "c*"};
  EXPECT_THAT(Export(), HasMessage(HasSubstr("no tag fits \"c*\"")));
}

TEST_F(ExportCommandTest, AFailedExportLeavesTheOldFile) {
  Write([](Transaction& transaction) { Put(transaction, "a", 1, Value::Real(1)); });
  options_.output = folder_ / "out";
  WriteText(options_.output, "old");
  EXPECT_THAT(RunExport(
                  options_, clock_, [] { return true; }, captured_.terminal()),
              HasMessage(HasSubstr("interrupted")));
  EXPECT_EQ(ReadText(options_.output), "old");
  EXPECT_FALSE(std::filesystem::exists(options_.output + ".partial"));
  options_.output = folder_ / "absent/out";
  EXPECT_THAT(Export(), HasMessage(HasSubstr("there is no folder ")));
  options_.container = folder_ / "absent.xtdb";
  EXPECT_THAT(Export(), HasCode(StatusCode::kNotFound));
}

TEST_F(ExportCommandTest, AnEmptyContainerHasAHeader) {
  Write([](Transaction&) {});
  options_.output = "-";
  ASSERT_OK(Export());
  EXPECT_EQ(captured_.out(), "tag,time,value,quality\n");
  EXPECT_THAT(captured_.err(), IsEmpty());
}

}  // namespace
}  // namespace xtdb
