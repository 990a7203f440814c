#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "shell/commands/check_command.h"
#include "shell/commands/command.h"
#include "shell/commands/import_command.h"
#include "shell/commands/sql_command.h"
#include "shell/commands/stats_command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReportCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    ImportOptions options;
    options.container = container_;
    options.files = {folder_ / "a.csv"};
    std::string text = "tag,time,value\nlabel,2026-01-02,\"say \"\"hi\"\"\"\n";
    for (int i = 10; i < 60; ++i) {
      text +=
          "boiler.temp,2026-01-01 00:00:" + std::to_string(i) + "," + std::to_string(i) + ".5\n";
    }
    WriteText(options.files[0], text);
    const CapturedTerminal quiet;
    ASSERT_OK(RunImport(
        options, SystemClock(), [] { return false; }, quiet.terminal()));
  }

  const TemporaryDirectory folder_;
  const std::string container_ = folder_ / "plant.xtdb";
  const CapturedTerminal captured_;
};

TEST_F(ReportCommandsTest, StatsShowWhatThereIs) {
  ASSERT_OK(RunStats({.container = container_, .tags = true}, captured_.terminal()));
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("tags         2\n"), HasSubstr("points       51\n"),
                    HasSubstr("from         2026-01-01 00:00:10.000\n"),
                    HasSubstr("to           2026-01-02 00:00:00.000\n"),
                    HasSubstr("log          none, closed cleanly\n"),
                    HasSubstr("boiler.temp  float64            50  2026-01-01 00:00:10.000  "
                              "2026-01-01 00:00:59.000        59.5 "),
                    HasSubstr("say \"hi\"")));
}

TEST_F(ReportCommandsTest, StatsAsJson) {
  ASSERT_OK(RunStats({.container = container_, .tags = true, .json = true}, captured_.terminal()));
  EXPECT_THAT(
      captured_.out(),
      AllOf(HasSubstr("\"tags\": 2, \"points\": 51,"), HasSubstr("\"first_ts\": 1767225610000000"),
            HasSubstr(R"("tag": "label", "tag_id": 1, "type": "text", "unit": "", )"),
            HasSubstr(R"("last_value": "say \"hi\"")"),
            // Numbers are numbers, as in `tags --json`.
            testing::ContainsRegex("\"last_value\": [0-9.]+, \"last_quality\": 192")));
}

TEST_F(ReportCommandsTest, StatsOfAContainerWithoutPoints) {
  const std::string empty = folder_ / "empty.xtdb";
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(empty));
    ASSERT_OK(engine->Close());
  }
  ASSERT_OK(RunStats({.container = empty, .tags = true}, captured_.terminal()));
  EXPECT_THAT(captured_.out(), AllOf(HasSubstr("points       0\n"), HasSubstr("bytes/point  -\n")));
}

TEST_F(ReportCommandsTest, ReadingWantsAContainerAndMakesNone) {
  const std::string absent = folder_ / "absent.xtdb";
  EXPECT_THAT(RunStats({.container = absent}, captured_.terminal()),
              HasMessage(HasSubstr("absent.xtdb")));
  EXPECT_THAT(RunCheck({.container = absent}, captured_.terminal()),
              HasCode(StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(absent));
}

TEST_F(ReportCommandsTest, CheckOfASoundContainer) {
  ASSERT_OK_AND_ASSIGN(const ExitCode code,
                       RunCheck({.container = container_}, captured_.terminal()));
  EXPECT_EQ(code, ExitCode::kOk);
  EXPECT_EQ(captured_.out(), "no problems: 1 chunk, 1 block, 2 vectors, 51 points read\n");
}

TEST_F(ReportCommandsTest, CheckNamesDamageInAnyBlock) {
  std::string bytes = ReadText(container_);
  const size_t at = bytes.find("XTDBBLCK");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 8] = static_cast<char>(bytes[at + 8] ^ 1);
  WriteText(container_, bytes);
  ASSERT_OK_AND_ASSIGN(const ExitCode code,
                       RunCheck({.container = container_, .json = true}, captured_.terminal()));
  EXPECT_EQ(code, ExitCode::kProblems);
  EXPECT_THAT(captured_.out(), HasSubstr("{\"ok\": false, \"problems\": [\""));
}

TEST_F(ReportCommandsTest, ACheckThatCannotOpenTheContainerForDamageFoundAProblem) {
  WriteText(container_, std::string(20'000, 'x'));
  ASSERT_OK_AND_ASSIGN(const ExitCode code,
                       RunCheck({.container = container_}, captured_.terminal()));
  EXPECT_EQ(code, ExitCode::kProblems);
  EXPECT_THAT(captured_.out(), HasSubstr("1 problem: "));
}

TEST_F(ReportCommandsTest, PointsThatStandInTheLogOnlyAreShown) {
  const std::string copy = folder_ / "copy.xtdb";
  {
    // The files as a crash leaves them.
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container_));
    ASSERT_OK(engine->WritePoint("boiler.temp", 0, Value::Real(1), kQualityGood));
    std::filesystem::copy_file(container_, copy);
    std::filesystem::copy_file(container_ + "-wal", copy + "-wal");
    ASSERT_OK(engine->Close());
  }
  ASSERT_OK(RunStats({.container = copy}, captured_.terminal()));
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("points       52\n"), HasSubstr("iB, 1 point not yet in blocks\n")));
  ASSERT_OK_AND_ASSIGN(const ExitCode code, RunCheck({.container = copy}, captured_.terminal()));
  EXPECT_EQ(code, ExitCode::kOk);
  EXPECT_THAT(captured_.out(), HasSubstr("51 points read, 1 point in the log\n"));
  EXPECT_TRUE(std::filesystem::exists(copy + "-wal")) << "reading must change nothing";
}

TEST(SqlCommandTest, TheTableIsNamedAfterTheFile) {
  EXPECT_EQ(TableNameFor("data/plant.xtdb"), "plant");
  EXPECT_EQ(TableNameFor("plant 2-b.v1.xtdb"), "plant_2_b_v1");
  EXPECT_EQ(TableNameFor("2026.xtdb"), "_2026");
  EXPECT_EQ(TableNameFor("\xC3\xBC.xtdb"), "\xC3\xBC");
}

TEST(SqlCommandTest, QuotesWhatSqliteReads) {
  SqlOptions options;
  options.arguments = {"-csv", "SELECT 1"};
  EXPECT_THAT(SqliteArguments(options, "/lib/a\"b\\.so", "/it's/order.xtdb", true),
              ElementsAre("sqlite3", "-cmd", R"(.load "/lib/a\"b\\.so")", "-cmd",
                          "CREATE VIRTUAL TABLE temp.\"order\" USING "
                          "xtdb(path='/it''s/order.xtdb');",
                          "-box", ":memory:", "-csv", "SELECT 1"));
  EXPECT_THAT(SqliteArguments(options, "x", "y", false), testing::Not(Contains("-box")));
  options.read_only = true;
  EXPECT_THAT(SqliteArguments(options, "x", "/y.xtdb", false),
              Contains(HasSubstr("xtdb(path='/y.xtdb', read_only=on);")));
}

TEST(SqlCommandTest, FindsTheExtensionByVariableThenBesideThenInLib) {
  const TemporaryDirectory folder;
  std::filesystem::create_directories(folder / "usr/bin");
  std::filesystem::create_directories(folder / "usr/lib/some-linux-gnu");
  const std::string program = folder / "usr/bin/xtdb";
  EXPECT_THAT(FindExtension(std::nullopt, program), HasMessage(HasSubstr("XTDB_EXTENSION")));
  const std::string in_lib = folder / "usr/lib/some-linux-gnu/xtdb.so";
  WriteText(in_lib, "");
  ASSERT_OK_AND_ASSIGN(std::string found, FindExtension(std::nullopt, program));
  EXPECT_EQ(found, in_lib);
  WriteText(folder / "usr/bin/xtdb.so", "");
  ASSERT_OK_AND_ASSIGN(found, FindExtension(std::nullopt, program));
  EXPECT_EQ(found, folder / "usr/bin/xtdb.so");
  ASSERT_OK_AND_ASSIGN(found, FindExtension(in_lib, program));
  EXPECT_EQ(found, in_lib);
  EXPECT_THAT(FindExtension(folder / "absent.so", program), HasCode(StatusCode::kNotFound));
}

}  // namespace
}  // namespace xtdb
