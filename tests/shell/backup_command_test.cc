#include "shell/commands/backup_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

TEST(BackupCommandTest, CopiesAndSaysWhat) {
  const TemporaryDirectory folder;
  const std::string source = folder / "plant.xtdb";
  const std::string target = folder / "copy.xtdb";
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(source));
    for (int i = 0; i < 10; ++i) {
      ASSERT_OK(engine->WritePoint("a", i, Value::Integer(i), kQualityGood));
    }
    ASSERT_OK(engine->Close());
  }
  const CapturedTerminal captured;
  ASSERT_OK_AND_ASSIGN(const ExitCode code,
                       RunBackup({.source = source, .target = target}, captured.terminal()));
  EXPECT_EQ(code, ExitCode::kOk);
  EXPECT_THAT(
      captured.out(),
      testing::MatchesRegex(".*/copy.xtdb: 10 points in 1 block of 1 chunk, .* KiB, checked\n"));
  ASSERT_OK_AND_ASSIGN(const auto copy, OpenForReading(target));
  EXPECT_EQ(copy->tags()->size(), 1);
  EXPECT_THAT(RunBackup({.source = source, .target = target}, captured.terminal()),
              HasCode(StatusCode::kAlreadyExists));
  EXPECT_THAT(RunBackup({.source = folder / "absent.xtdb", .target = folder / "x.xtdb"},
                        captured.terminal()),
              HasCode(StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(folder / "absent.xtdb"));
  const CapturedTerminal json;
  ASSERT_OK(
      RunBackup({.source = source, .target = folder / "b.xtdb", .json = true}, json.terminal()));
  EXPECT_THAT(json.out(), testing::MatchesRegex("\\{\"points\": 10, \"blocks\": 1, \"chunks\": 1, "
                                                "\"bytes_written\": [1-9][0-9]*\\}\n"));
}

}  // namespace
}  // namespace xtdb
