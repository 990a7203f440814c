#include "engine/io/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

TEST(InputFileTest, IsReadFromItsBeginningAndKnowsItsSize) {
  const TemporaryDirectory folder;
  std::ofstream(folder / "a.csv") << "abc";
  const InputFile file(folder / "a.csv");
  ASSERT_OK(file.status());
  EXPECT_EQ(file.size_bytes(), 3u);
  std::array<char, 8> bytes{};
  EXPECT_EQ(::read(file.fd(), bytes.data(), bytes.size()), 3);
  EXPECT_STREQ(bytes.data(), "abc");
}

TEST(InputFileTest, WhatIsNotThereSaysSo) {
  const TemporaryDirectory folder;
  EXPECT_THAT(InputFile(folder / "none").status(), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(CheckIsRegularFile(folder / "none"), HasCode(StatusCode::kNotFound));
}

TEST(InputFileTest, StandardInputStaysOpen) {
  {
    const InputFile input("-");
    ASSERT_OK(input.status());
    EXPECT_EQ(input.fd(), STDIN_FILENO);
  }
  struct stat about = {};
  EXPECT_EQ(::fstat(STDIN_FILENO, &about), 0);
}

TEST(InputFileTest, FoldersAndPipesAreNoRegularFiles) {
  const TemporaryDirectory folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(CheckIsRegularFile(folder.path()), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckIsRegularFile(folder / "pipe"), HasCode(StatusCode::kInvalidArgument));
  std::ofstream(folder / "a.csv") << "abc";
  EXPECT_OK(CheckIsRegularFile(folder / "a.csv"));
}

}  // namespace
}  // namespace xtdb
