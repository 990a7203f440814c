#include "shell/commands/import_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

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

TEST_F(ImportCommandTest, OfTheSameTagAndTimeTheLastLineCounts) {
  AddFile("a.csv", "tag,time,value\nt,2026-01-01,1\nu,2026-01-01,5\nt,2026-01-01,2\n");
  AddFile("b.csv", "tag,time,value\nu,2026-01-01,6\nu,2026-01-01,7\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(),
            (TestPoints{{{"t", kNewYearUs}, Integer(2)}, {{"u", kNewYearUs}, Integer(7)}}));
}

TEST_F(ImportCommandTest, AColumnOfIntegersWidensWhereItsFirstFractionComes) {
  AddFile("a.csv",
          "tag,time,value,quality\nt,2026-01-01 00:00:00,1,\nt,2026-01-01 00:00:01,,\n"
          "t,2026-01-01 00:00:02,2.5,\nt,2026-01-01 00:00:03,-3,64\n");
  AddFile("b.csv", "tag,time,value\nt,2026-01-01 00:00:04,4\nt,2026-01-01 00:00:05,-0.0\n");
  ASSERT_OK(Import());
  TestPoint bad_third = Real(-3);
  bad_third.quality = 64;
  const TestPoints points = Points();
  ASSERT_EQ(points.size(), 6U);
  EXPECT_EQ(points.at({"t", kNewYearUs}), Real(1));
  EXPECT_EQ(points.at({"t", kNewYearUs + 2 * kSecondUs}), Real(2.5));
  EXPECT_EQ(points.at({"t", kNewYearUs + 3 * kSecondUs}), bad_third);
  EXPECT_EQ(points.at({"t", kNewYearUs + 4 * kSecondUs}), Real(4));
  EXPECT_EQ(points.at({"t", kNewYearUs + 5 * kSecondUs}), Real(-0.0));
}

TEST_F(ImportCommandTest, IntegersThatNoDoubleHoldsStayWhatTheyAre) {
  AddFile("a.csv",
          "tag,time,value\nt,2026-01-01 00:00:00,1\nt,2026-01-01 00:00:01,9007199254740993\n"
          "t,2026-01-01 00:00:02,-9223372036854775808\nt,2026-01-01 00:00:03,2\n");
  ASSERT_OK(Import());
  EXPECT_EQ(Points(), (TestPoints{{{"t", kNewYearUs}, Integer(1)},
                                  {{"t", kNewYearUs + kSecondUs}, Integer(9'007'199'254'740'993)},
                                  {{"t", kNewYearUs + 2 * kSecondUs}, Integer(INT64_MIN)},
                                  {{"t", kNewYearUs + 3 * kSecondUs}, Integer(2)}}));
  AddFile("b.csv", "tag,time,value\nt,2026-01-01,0.5\n");
  EXPECT_THAT(Import(), HasMessage(HasSubstr("b.csv: line 2: "))) << "it cannot widen";
}

TEST_F(ImportCommandTest, TheFirstBadLineIsToldWhateverIsBadInIt) {
  AddFile("a.csv",
          "tag,time,value\nt,2026-01-01,1\nu,2026-01-01,x\nt,2026-01-02,text\nu,2026-01-02,1\n"
          "t,never,1\n");
  EXPECT_THAT(Import(), HasMessage(HasSubstr("a.csv: line 4: ")));
  options_.skip_bad_lines = true;
  ASSERT_OK(Import());
  EXPECT_EQ(Points().size(), 3U);
  const std::string told = captured_.err();
  EXPECT_LT(told.find("line 4: "), told.find("line 6: "));
  EXPECT_NE(told.find("line 6: "), std::string::npos);
}

// Goal: batches, threads and marks leave no trace. Method: a file of several batches with tags of
// every kind, now and then a line that does not fit, compared with what its lines say.
TEST_F(ImportCommandTest, AFileOfManyBatchesIsReadAsItsLinesSay) {
  std::string text = "tag,time,value\n";
  TestPoints expected;
  constexpr int kRows = 150'000;
  for (int row = 0; row < kRows; ++row) {
    const int tag = row % 9;
    const std::string name = "plant.unit.tag" + std::to_string(tag);
    const int second = row / 18;  // every time comes twice
    char line[96];
    const bool bad = row % 30'011 == 30'010;
    std::snprintf(line, sizeof(line), "%s,2026-01-01 %02d:%02d:%02d,", name.c_str(), second / 3600,
                  second / 60 % 60, second % 60);
    text += line;
    TestPoint& point = expected[{name, kNewYearUs + second * kSecondUs}];
    if (bad && tag != 8) {
      text += "bad\n";
    } else if (tag < 4) {
      text += std::to_string(row) + "\n";
      point = Integer(row);
    } else if (tag < 8) {
      text += std::to_string(row) + ".5\n";
      point = Real(row + 0.5);
    } else {
      text += "s" + std::to_string(row) + "\n";
      point = Text("s" + std::to_string(row));
    }
  }
  ASSERT_GT(text.size(), 5 * kMiB);
  AddFile("a.csv", text);
  options_.skip_bad_lines = true;
  ASSERT_OK(Import());
  EXPECT_TRUE(Points() == expected);
  EXPECT_THAT(captured_.out(), HasSubstr("imported 149,996 rows, 149,996 points of 9 tags"));
  EXPECT_THAT(captured_.err(), HasSubstr("4 bad lines skipped"));
}

TEST_F(ImportCommandTest, CommitsCountOnThroughBatchesAndFiles) {
  std::string text = "tag,time,value\n";
  for (int row = 0; row < 2'500; ++row) text += "t,2026-01-01 00:00:00,1\n";
  AddFile("a.csv", text);
  AddFile("b.csv", text + "t,2026-01-01,x\nt,2026-01-01,1\n");
  options_.rows_per_commit = 1'200;
  EXPECT_THAT(Import(), HasMessage(AllOf(HasSubstr("b.csv: line 2502: "),
                                         HasSubstr("the first 4,800 rows stay imported"))));
  options_.skip_bad_lines = true;
  options_.rows_per_commit = 7;
  ASSERT_OK(Import());
  EXPECT_THAT(captured_.out(), HasSubstr("imported 5,001 rows"));
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
