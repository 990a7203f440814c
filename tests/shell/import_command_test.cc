#include "shell/commands/import_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "shell/commands/command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "vtab/engine_registry.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kNewYearUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kSecondUs = 1'000'000;

class ImportCommandTest : public testing::Test {
 protected:
  ImportCommandTest() { options_.container = folder_ / "plant.xtdb"; }

  void AddFile(const std::string& name, const std::string& text) {
    WriteText(folder_ / name, text);
    options_.files.push_back(folder_ / name);
  }
  Status Import() {
    return RunImport(
        options_, clock_, [] { return false; }, captured_.terminal());
  }
  TestPoints Points() {
    const Result<std::shared_ptr<StorageEngine>> engine = OpenForReading(options_.container);
    EXPECT_OK(engine);
    if (!engine.ok()) return {};
    Result<TestPoints> points = ReadAll(*engine.value());
    EXPECT_OK(points);
    return std::move(points).value();
  }
  bool ContainerExists() const {
    return std::filesystem::exists(options_.container) ||
           std::filesystem::exists(options_.container + "-wal");
  }
  static TestPoint Integer(int64_t value, Quality quality = kQualityGood) {
    return {ValueType::kInt64, FromInt64(value), "", quality};
  }
  static TestPoint Real(double value) {
    return {ValueType::kFloat64, FromDouble(value), "", kQualityGood};
  }
  static TestPoint Text(const std::string& text) {
    return {ValueType::kText, 0, text, kQualityGood};
  }

  const TemporaryDirectory folder_;
  FakeClock clock_;
  CapturedTerminal captured_;
  ImportOptions options_;
};

TEST_F(ImportCommandTest, LongFile) {
  AddFile("a.csv",
          "tag,time,value,quality\nt,2026-01-01 00:00:00,1,192\nt,2026-01-01 00:00:01,2,64\n"
          "u,2026-01-01,on,\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"t", kNewYearUs}, Integer(1)},
                                  {{"t", kNewYearUs + kSecondUs}, Integer(2, 64)},
                                  {{"u", kNewYearUs}, Text("on")}}));
  EXPECT_THAT(captured_.out(), HasSubstr("imported 3 rows, 3 points of 2 tags in "));
  EXPECT_THAT(captured_.err(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(options_.container + "-wal"));
}

TEST_F(ImportCommandTest, WideFileWithEmptyCells) {
  AddFile("a.csv", "time;x;y\n01.01.2026 00:00:00;1,5;\n31.12.2025 23:59:59;;7\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"x", kNewYearUs}, Real(1.5)},
                                  {{"y", kNewYearUs - kSecondUs}, Integer(7)}}));
}

TEST_F(ImportCommandTest, AFileOfTimesAndValuesIsOfTheTagItIsNamedAfter) {
  AddFile("boiler.temp.csv", "timestamp,value\n2026-01-01,1\n");
  AddFile("pump.csv", "2026-01-01,2\n2026-01-02,3\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"boiler.temp", kNewYearUs}, Integer(1)},
                                  {{"pump", kNewYearUs}, Integer(2)},
                                  {{"pump", kNewYearUs + 86'400 * kSecondUs}, Integer(3)}}));
}

TEST_F(ImportCommandTest, AStatedTagWins) {
  AddFile("a.csv", "time,value\n2026-01-01,1\n");
  options_.csv.tag = "stated";
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"stated", kNewYearUs}, Integer(1)}}));
}

TEST_F(ImportCommandTest, ATextTagKeepsTheTextOfNumbers) {
  AddFile("a.csv", "tag,time,value\nt,2026-01-01 00:00:00,x\nt,2026-01-01 00:00:01,007\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"t", kNewYearUs}, Text("x")},
                                  {{"t", kNewYearUs + kSecondUs}, Text("007")}}));
}

TEST_F(ImportCommandTest, StatedQualityIsForFilesWithoutOne) {
  AddFile("a.csv", "tag,time,value\nt,2026-01-01,1\n");
  AddFile("b.csv", "tag,time,value,quality\nu,2026-01-01,2,0\n");
  options_.quality = 64;
  ASSERT_OK(Import());
  EXPECT_EQ(Points(),
            (TestPoints{{{"t", kNewYearUs}, Integer(1, 64)}, {{"u", kNewYearUs}, Integer(2, 0)}}));
}

TEST_F(ImportCommandTest, ABadLineLeavesNothingOfAnyFile) {
  AddFile("good.csv", "tag,time,value\nt,2026-01-01,1\n");
  AddFile("bad.csv", "tag,time,value\nu,2026-01-01,1\nu,yesterday,2\n");
  EXPECT_THAT(Import(), HasMessage(AllOf(HasSubstr("bad.csv: line 3: "), HasSubstr("\"yesterday\""),
                                         HasSubstr("nothing was imported"))));
  EXPECT_FALSE(ContainerExists());
  EXPECT_THAT(captured_.out(), IsEmpty());
}

TEST_F(ImportCommandTest, AFailedImportLeavesAnOldContainerAsItWas) {
  AddFile("a.csv", "tag,time,value\nt,2026-01-01,1\n");
  ASSERT_OK(Import());
  const TestPoints before = Points();
  AddFile("b.csv", "tag,time,value\nt,2026-01-02,2\nnew,2026-01-02,2\nt,2026-01-03,text\n");
  EXPECT_THAT(Import(), HasMessage(HasSubstr("b.csv: line 4: ")));
  EXPECT_EQ(Points(), before);
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForReading(options_.container));
  EXPECT_EQ(engine->tags()->Find("new"), nullptr);
}

TEST_F(ImportCommandTest, BadLinesAreSkippedWholeAndTold) {
  // Line 3 has one good cell and one that does not fit; line 4 widens y, which line 5 may use.
  AddFile("a.csv",
          "time,x,y\n2026-01-01 00:00:00,1,1\n2026-01-01 00:00:01,2,off\n"
          "2026-01-01 00:00:02,3,1.5\n2026-01-01 00:00:03,4,2\n2026-01-01 00:00:04,5\n");
  options_.skip_bad_lines = true;
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"x", kNewYearUs}, Integer(1)},
                                  {{"y", kNewYearUs}, Real(1)},
                                  {{"x", kNewYearUs + 2 * kSecondUs}, Integer(3)},
                                  {{"y", kNewYearUs + 2 * kSecondUs}, Real(1.5)},
                                  {{"x", kNewYearUs + 3 * kSecondUs}, Integer(4)},
                                  {{"y", kNewYearUs + 3 * kSecondUs}, Real(2)}}));
  EXPECT_THAT(captured_.err(), AllOf(HasSubstr("a.csv: line 3: "), HasSubstr("a.csv: line 6: "),
                                     HasSubstr("2 bad lines skipped\n")));
  EXPECT_THAT(captured_.out(), HasSubstr("imported 3 rows, 6 points of 2 tags"));
}

TEST_F(ImportCommandTest, OfManyBadLinesTheFirstTwentyAreShown) {
  std::string text = "tag,time,value\n";
  for (int i = 0; i < 30; ++i) text += "t,2026-01-01,1\n";
  for (int i = 0; i < 21; ++i) text += "t,never,1\n";
  AddFile("a.csv", text);
  options_.skip_bad_lines = true;
  ASSERT_OK(Import());
  EXPECT_THAT(captured_.err(),
              AllOf(HasSubstr("line 51: "), Not(HasSubstr("line 52: ")),
                    HasSubstr("21 bad lines skipped, the first 20 of them shown")));
}

TEST_F(ImportCommandTest, CommitsAfterEveryNRowsWhenAsked) {
  AddFile("a.csv",
          "tag,time,value\nt,2026-01-01,1\nt,2026-01-02,2\nt,2026-01-03,3\nt,2026-01-04,bad\n");
  options_.rows_per_commit = 2;
  EXPECT_THAT(Import(), HasMessage(HasSubstr("the first 2 rows stay imported")));
  EXPECT_EQ(Points().size(), 2U);
}

TEST_F(ImportCommandTest, AskedToStopItLeavesNothing) {
  std::string text = "tag,time,value\n";
  for (int i = 0; i < 5'000; ++i) text += "t,2026-01-01,1\n";
  AddFile("a.csv", text);
  EXPECT_THAT(RunImport(
                  options_, clock_, [] { return true; }, captured_.terminal()),
              HasMessage(HasSubstr("interrupted")));
  EXPECT_FALSE(ContainerExists());
}

TEST_F(ImportCommandTest, MissingAndEmptyFilesAreErrors) {
  options_.files = {folder_ / "absent.csv"};
  EXPECT_THAT(Import(), HasMessage(AllOf(HasSubstr("absent.csv"), HasSubstr("No such file"))));
  options_.files.clear();
  AddFile("empty.csv", "");
  EXPECT_THAT(Import(), HasMessage(HasSubstr("empty")));
  EXPECT_FALSE(ContainerExists());
}

TEST_F(ImportCommandTest, AFileThatIsNoContainerIsNotTouched) {
  AddFile("a.csv", "tag,time,value\nt,2026-01-01,1\n");
  options_.container = folder_ / "a.csv";
  EXPECT_THAT(Import(), Not(IsOk()));
  EXPECT_EQ(ReadText(folder_ / "a.csv"), "tag,time,value\nt,2026-01-01,1\n");
}

TEST_F(ImportCommandTest, OnAFullDiskItFailsAndWhatWasCommittedStays) {
  FaultyFileSystem fs(1);
  ReplaceContainerFiles(&fs);
  std::string text = "tag,time,value\n";
  for (int row = 0; row < 9; ++row) {
    text += "t,2026-01-01 00:00:0" + std::to_string(row) + "," + std::string(60'000, 'x') + "\n";
  }
  AddFile("a.csv", text);
  fs.SetCapacity(1 * kMiB);
  EXPECT_THAT(Import(), HasMessage(HasSubstr("No space left")));
  fs.SetCapacity(1 * kGiB);
  ASSERT_OK(Import());
  fs.SetCapacity(fs.UsedBytes());
  EXPECT_EQ(Points().size(), 9u) << "reading needs no room";
  options_.files.clear();
  AddFile("b.csv", "tag,time,value\nu,2026-01-01,1\n");
  EXPECT_THAT(Import(), HasMessage(HasSubstr("No space left")));
  EXPECT_EQ(Points().size(), 9u);
  ReplaceContainerFiles(nullptr);
}

}  // namespace
}  // namespace xtdb
