#include "shell/export/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "shell/commands/command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  static Status WriteAll(const std::string& path, const std::string& text) {
    XTDB_ASSIGN_OR_RETURN(const auto file, OutputFile::Open(path));
    XTDB_RETURN_IF_ERROR(file->Write(text));
    return file->Finish();
  }
  size_t FileCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_ / ""), {}));
  }

  TemporaryDirectory folder_;
  const std::string path_ = folder_ / "out";
};

TEST_F(OutputFileTest, HasItsNameOnlyWhenItIsWhole) {
  ASSERT_OK(WriteAll(path_, "old"));
  {
    ASSERT_OK_AND_ASSIGN(const auto file, OutputFile::Open(path_));
    ASSERT_OK(file->Write("half"));
    EXPECT_EQ(ReadText(path_), "old");
  }
  EXPECT_EQ(ReadText(path_), "old");
  EXPECT_EQ(FileCount(), 1u);
  ASSERT_OK(WriteAll(path_, "new"));
  EXPECT_EQ(ReadText(path_), "new");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, AContainerIsNotReplaced) {
  const std::string container = folder_ / "plant.xtdb";
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container));
    ASSERT_OK(engine->WritePoint("a", 1, Value::Real(1), kQualityGood));
    ASSERT_OK(engine->Close());
  }
  const std::string before = ReadText(container);
  EXPECT_THAT(WriteAll(container, "text"), HasMessage(HasSubstr("plant.xtdb is a container")));
  EXPECT_EQ(ReadText(container), before);
}

TEST_F(OutputFileTest, ALinkStaysALinkAndPermissionsStay) {
  WriteText(path_, "old");
  fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("out", folder_ / "link");
  ASSERT_OK(WriteAll(folder_ / "link", "new"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(ReadText(path_), "new");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(OutputFileTest, APipeIsWrittenAsItStands) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_OK(WriteAll(path_, "text"));
  char text[8] = {};
  EXPECT_EQ(::read(reader, text, sizeof(text)), 4);
  ::close(reader);
  EXPECT_STREQ(text, "text");
  EXPECT_TRUE(fs::is_fifo(path_));
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, OneWritesAtATime) {
  ASSERT_OK_AND_ASSIGN(const auto first, OutputFile::Open(path_));
  EXPECT_THAT(WriteAll(path_, "second"),
              AllOf(HasCode(StatusCode::kBusy), HasMessage(HasSubstr("another program"))));
  ASSERT_OK(first->Write("first"));
  ASSERT_OK(first->Finish());
  EXPECT_EQ(ReadText(path_), "first");
}

TEST_F(OutputFileTest, WhatAKilledProgramHasLeftIsWrittenOver) {
  WriteText(path_ + ".partial", "a long rest of another time");
  ASSERT_OK(WriteAll(path_, "short"));
  EXPECT_EQ(ReadText(path_), "short");
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(OutputFileTest, FoldersAndNoNamesAreErrors) {
  EXPECT_THAT(WriteAll(folder_ / "", "text"), HasMessage(HasSubstr("Is a directory")));
  EXPECT_THAT(WriteAll("", "text"), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(WriteAll(folder_ / "absent/out", "text"), HasMessage(HasSubstr("absent")));
  EXPECT_THAT(WriteAll("/dev/full", "text"), HasMessage(HasSubstr("No space left")));
}

}  // namespace
}  // namespace xtdb
