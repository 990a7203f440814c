// tags, compact, retain, restore, bench

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "shell/commands/backup_command.h"
#include "shell/commands/bench_command.h"
#include "shell/commands/check_command.h"
#include "shell/commands/command.h"
#include "shell/commands/compact_command.h"
#include "shell/commands/restore_command.h"
#include "shell/commands/retain_command.h"
#include "shell/commands/salvage_command.h"
#include "shell/commands/tags_command.h"
#include "shell/telemetry/machine_description.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kNewYearUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;

class MaintenanceCommandsTest : public testing::Test {
 protected:
  static void Write(const std::string& path, const std::string& tag, int64_t first_us, int count) {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(path));
    for (int i = 0; i < count; ++i) {
      ASSERT_OK(engine->WritePoint(tag, first_us + i, Value::Integer(i), kQualityGood));
    }
    ASSERT_OK(engine->Seal(kWriterTimeoutUs));
    ASSERT_OK(engine->Close());
  }
  static TestPoints Points(const std::string& path) {
    const auto engine = OpenForReading(path);
    EXPECT_OK(engine);
    Result<TestPoints> points = ReadAll(*engine.value());
    EXPECT_OK(points);
    return std::move(points).value();
  }

  const TemporaryDirectory folder_;
  const std::string container_ = folder_ / "plant.xtdb";
  CapturedTerminal captured_;
};

TEST_F(MaintenanceCommandsTest, TagsListsThoseThatAreAskedFor) {
  Write(container_, "boiler.temp", kNewYearUs, 3);
  Write(container_, "pump", kNewYearUs + kDayUs, 1);
  ASSERT_OK(RunTags({.container = container_, .tags = {"boil*"}}, captured_.terminal()));
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("boiler.temp  int64             3  2026-01-01 00:00:00.000  "
                              "2026-01-01 00:00:00.000002           2"),
                    Not(HasSubstr("pump"))));
  EXPECT_THAT(RunTags({.container = container_, .tags = {"valve"}}, captured_.terminal()),
              HasMessage(HasSubstr("no tag is called \"valve\"")));
}

TEST_F(MaintenanceCommandsTest, TagsAsJsonHaveTheirTypes) {
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container_));
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine->Begin(kWriterTimeoutUs));
    ASSERT_OK(transaction->DefineTag("a", ValueType::kBool, "", "on \"or\" off",
                                     Interpolation::kStepped));
    ASSERT_OK(transaction->DefineTag("b", std::nullopt, "bar", std::nullopt));
    ASSERT_OK_AND_ASSIGN(StagedTag* const tag, transaction->FindOrDefineTag("a"));
    ASSERT_OK(transaction->Write(*tag, 5, Value::Integer(1), 64));
    ASSERT_OK_AND_ASSIGN(StagedTag* const nan, transaction->FindOrDefineTag("c"));
    ASSERT_OK(transaction->Write(*nan, 5, Value::Real(NAN), 192));
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  ASSERT_OK(RunTags({.container = container_, .json = true}, captured_.terminal()));
  EXPECT_THAT(captured_.out(),
              testing::MatchesRegex(
                  "\\[\\{\"tag\": \"a\", \"tag_id\": 1, \"type\": \"bool\", \"unit\": \"\", "
                  "\"description\": \"on ..or.. off\", \"step\": true, \"points\": 1, "
                  "\"bytes\": [0-9]+, \"first_ts\": 5, \"last_ts\": 5, \"last_value\": true, "
                  "\"last_quality\": 64\\},\n \\{\"tag\": \"b\", \"tag_id\": 2, \"type\": null, "
                  "\"unit\": \"bar\", \"description\": \"\", \"step\": null, \"points\": 0, "
                  "\"bytes\": 0\\},\n \\{\"tag\": \"c\".*\"last_value\": \"NaN\".*\\}\\]\n"));
}

TEST_F(MaintenanceCommandsTest, CompactMergesChunksAndKeepsThePoints) {
  for (int i = 0; i < 3; ++i) Write(container_, "t", kNewYearUs + i * 50, 100);
  const TestPoints before = Points(container_);
  ASSERT_OK(RunCompact({.container = container_}, SystemClock(), captured_.terminal()));
  EXPECT_THAT(captured_.out(), HasSubstr("3 chunks merged into 1, "));
  EXPECT_EQ(Points(container_), before);
  const CapturedTerminal again;
  ASSERT_OK(RunCompact({.container = container_, .json = true}, SystemClock(), again.terminal()));
  EXPECT_THAT(again.out(), HasSubstr("{\"chunks_in\": 0, \"chunks_out\": 0, "));
  const CapturedTerminal full;
  Write(container_, "t", kNewYearUs, 100);
  ASSERT_OK(RunCompact({.container = container_, .full = true}, SystemClock(), full.terminal()));
  EXPECT_THAT(full.out(), HasSubstr("chunks merged into 1, "));
  EXPECT_EQ(Points(container_).size(), before.size());
  EXPECT_THAT(RunCompact({.container = folder_ / "absent.xtdb"}, SystemClock(), full.terminal()),
              HasCode(StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "absent.xtdb"));
}

TEST_F(MaintenanceCommandsTest, RetainRemembersWhatItWasTold) {
  Write(container_, "t", kNewYearUs - 36'500 * kDayUs, 10);
  Write(container_, "t", SystemClock().NowUs(), 5);
  EXPECT_THAT(RunRetain({.container = container_}, captured_.terminal()),
              HasMessage(HasSubstr("for ever; say --keep")));
  EXPECT_THAT(Points(container_), SizeIs(15));
  RetainOptions options{.container = container_};
  options.changes.retention_us = 90 * kDayUs;
  ASSERT_OK(RunRetain(options, captured_.terminal()));
  EXPECT_THAT(captured_.out(), HasSubstr("keeps 90 days; dropped 1 chunk with 10 points, "));
  EXPECT_THAT(Points(container_), SizeIs(5));
  const CapturedTerminal again;
  ASSERT_OK(RunRetain({.container = container_, .json = true}, again.terminal()));
  EXPECT_THAT(again.out(), HasSubstr("{\"retention_us\": 7776000000000, \"max_bytes\": 0, "));
  options.changes.retention_us = 0;
  ASSERT_OK(RunRetain(options, captured_.terminal()));
  EXPECT_THAT(captured_.out(), HasSubstr("keeps everything; dropped 0 chunks"));
}

TEST_F(MaintenanceCommandsTest, RestoreMakesTheContainerOfTheBackup) {
  const std::string backup = folder_ / "backup.xtdb";
  Write(container_, "t", kNewYearUs, 10);
  ASSERT_OK(RunBackup({.source = container_, .target = backup}, captured_.terminal()));
  const TestPoints saved = Points(container_);
  Write(container_, "later", kNewYearUs, 10);
  const RestoreOptions gentle{.backup = backup, .container = container_};
  EXPECT_THAT(RunRestore(gentle, captured_.terminal()),
              HasMessage(AllOf(HasSubstr("plant.xtdb exists"), HasSubstr("--force"))));
  EXPECT_THAT(Points(container_), SizeIs(20));
  ASSERT_OK(
      RunRestore({.backup = backup, .container = container_, .force = true}, captured_.terminal()));
  EXPECT_EQ(Points(container_), saved);
  ASSERT_OK(
      RunRestore({.backup = backup, .container = folder_ / "new.xtdb"}, captured_.terminal()));
  EXPECT_EQ(Points(folder_ / "new.xtdb"), saved);
  EXPECT_THAT(captured_.out(), HasSubstr("new.xtdb: restored 10 points in 1 block of 1 chunk, "));
  Write(container_, "t", kNewYearUs, 20);
  EXPECT_THAT(Points(container_), SizeIs(20));
}

TEST_F(MaintenanceCommandsTest, RestoreForgetsTheLogOfTheContainerThatItReplaces) {
  const std::string backup = folder_ / "backup.xtdb";
  Write(container_, "t", kNewYearUs, 10);
  ASSERT_OK(RunBackup({.source = container_, .target = backup}, captured_.terminal()));
  {
    // As after a crash: the last commits stand in the log alone.
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container_));
    ASSERT_OK(engine->WritePoint("lost", kNewYearUs, Value::Integer(1), kQualityGood));
    std::filesystem::copy(container_, folder_ / "crashed.xtdb");
    std::filesystem::copy(container_ + "-wal", folder_ / "crashed.xtdb-wal");
  }
  const std::string crashed = folder_ / "crashed.xtdb";
  ASSERT_OK(
      RunRestore({.backup = backup, .container = crashed, .force = true}, captured_.terminal()));
  EXPECT_FALSE(std::filesystem::exists(crashed + "-wal"));
  EXPECT_THAT(Points(crashed), SizeIs(10));
}

TEST_F(MaintenanceCommandsTest, RestoreRefusesADamagedBackupAndAContainerInUse) {
  const std::string backup = folder_ / "backup.xtdb";
  Write(container_, "t", kNewYearUs, 10);
  ASSERT_OK(RunBackup({.source = container_, .target = backup}, captured_.terminal()));
  const RestoreOptions options{.backup = backup, .container = container_, .force = true};
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container_));
    EXPECT_THAT(RunRestore(options, captured_.terminal()),
                HasMessage(HasSubstr("open in another program")));
    ASSERT_OK(engine->Close());
  }
  const std::string whole = ReadText(backup);
  std::string damaged = whole;
  for (size_t i = 0; i < damaged.size(); i += 512) damaged[i] = static_cast<char>(~damaged[i]);
  WriteText(backup, damaged);
  EXPECT_THAT(RunRestore(options, captured_.terminal()), Not(IsOk()));
  EXPECT_THAT(Points(container_), SizeIs(10));
  EXPECT_THAT(RunRestore({.backup = container_, .container = container_, .force = true},
                         captured_.terminal()),
              HasMessage(HasSubstr("one file")));
}

TEST_F(MaintenanceCommandsTest, RestoreFollowsALink) {
  const std::string backup = folder_ / "backup.xtdb";
  Write(container_, "t", kNewYearUs, 10);
  ASSERT_OK(RunBackup({.source = container_, .target = backup}, captured_.terminal()));
  Write(container_, "later", kNewYearUs, 10);
  const std::string link = folder_ / "link.xtdb";
  std::filesystem::create_symlink("plant.xtdb", link);
  ASSERT_OK(RunRestore({.backup = backup, .container = link, .force = true}, captured_.terminal()));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_THAT(Points(container_), SizeIs(10));
}

TEST_F(MaintenanceCommandsTest, RestoreReplacesNoOtherFile) {
  Write(container_, "t", kNewYearUs, 10);
  const std::string notes = folder_ / "notes.txt";
  WriteText(notes, std::string(100'000, 'x'));
  EXPECT_THAT(
      RunRestore({.backup = container_, .container = notes, .force = true}, captured_.terminal()),
      HasMessage(HasSubstr("notes.txt is no container")));
  EXPECT_EQ(ReadText(notes), std::string(100'000, 'x'));
}

// At every step, the first and the last.
TEST_F(MaintenanceCommandsTest, AskedToStopTheyLeaveNothing) {
  Write(container_, "t", kNewYearUs, 10);
  Write(container_, "u", kNewYearUs, 10);
  const std::string target = folder_ / "target.xtdb";
  const std::vector<std::function<Status(const std::function<bool()>&)>> works = {
      [&](const std::function<bool()>& stop) {
        return RunBackup({container_, target}, captured_.terminal(), stop).status();
      },
      [&](const std::function<bool()>& stop) {
        return RunRestore({container_, target}, captured_.terminal(), stop);
      },
      [&](const std::function<bool()>& stop) {
        return RunSalvage({container_, target}, captured_.terminal(), stop).status();
      },
      [&](const std::function<bool()>& stop) {
        return RunCheck({container_}, captured_.terminal(), stop).status();
      },
      [&](const std::function<bool()>& stop) {
        const BenchOptions options{.folder = folder_.path(), .duration_us = 1};
        return RunBench(options, SystemClock(), captured_.terminal(), stop);
      }};
  for (size_t work = 0; work < works.size(); ++work) {
    int steps = 0;
    for (int stop_at = 0; stop_at <= steps; ++stop_at) {
      SCOPED_TRACE(testing::Message() << "work " << work << ", step " << stop_at);
      steps = 0;
      const Status done = works[work]([&] { return steps++ == stop_at; });
      if (done.ok()) break;
      EXPECT_THAT(done, HasCode(StatusCode::kInterrupted));
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
    }
    EXPECT_GT(steps, 1) << "work " << work;
    std::filesystem::remove(target);
  }
  EXPECT_THAT(Points(container_), SizeIs(20));
}

TEST_F(MaintenanceCommandsTest, BenchMeasuresAndLeavesNothing) {
  const BenchOptions options{.folder = folder_.path(), .duration_us = 20'000, .json = true};
  ASSERT_OK(RunBench(options, SystemClock(), captured_.terminal()));
  EXPECT_THAT(captured_.out(), testing::MatchesRegex("\\{\"version\": .*\"commits_per_s\": [1-9].*"
                                                     "\"points_written_per_s\": [1-9].*"
                                                     "\"points_read_per_s\": [1-9].*\\}\n"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  EXPECT_THAT(RunBench({.folder = folder_ / "absent"}, SystemClock(), captured_.terminal()),
              HasMessage(HasSubstr("absent")));
}

TEST(MachineDescriptionTest, TheFirstProcessorIsNamed) {
  EXPECT_EQ(ProcessorName("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nx: y\n"),
            "Some CPU @ 2 GHz");
  EXPECT_EQ(ProcessorName("model name\t: last"), "last");
  EXPECT_EQ(ProcessorName("processor\t: 0\n"), "");
}

TEST(MachineDescriptionTest, WhatIsNotKnownLeavesNoGap) {
  const MachineDescription known{"Some CPU", 2, "15.6 GiB", "Linux 6.1.0", "ext4"};
  EXPECT_EQ(MachineText(known, "data"),
            "Some CPU, 2 processors, 15.6 GiB, Linux 6.1.0, ext4 in data");
  EXPECT_EQ(MachineText({}, "data"), "unknown processor, in data");
}

}  // namespace
}  // namespace xtdb
