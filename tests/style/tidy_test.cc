// The rules of style that a machine can check, over the whole source tree. No file is excused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/style/source_rules.h"

namespace xtdb::style {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kCodeFolders = {"engine", "planner", "vtab", "shell", "tests", "bench"};

std::string ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<SourceFile> FilesWith(const std::set<std::string>& extensions) {
  const fs::path root = XTDB_SOURCE_DIR;
  std::vector<SourceFile> files;
  const auto add = [&](const fs::path& path) {
    // A linked worktree has a file .git, which git writes.
    if (path.filename() == ".git" || !fs::is_regular_file(path)) return;
    if (!extensions.contains(path.extension())) return;
    files.push_back({path.lexically_relative(root).generic_string(), ReadText(path)});
  };
  for (const auto& entry : fs::directory_iterator(root)) add(entry.path());
  std::set<std::string> folders = kCodeFolders;
  folders.insert({"cmake", "docs", "scripts", "sql", ".ci"});
  for (const std::string& folder : folders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) add(entry.path());
  }
  return files;
}

std::vector<std::string> Check(const std::vector<SourceFile>& files,
                               Violations (*rule)(const SourceFile&)) {
  std::vector<std::string> found;
  for (const SourceFile& file : files) {
    for (const Violation& violation : rule(file)) {
      found.push_back(file.path + ":" + std::to_string(violation.line) + ": " + violation.what);
    }
  }
  return found;
}

class TidyTest : public testing::Test {
 protected:
  static const std::vector<SourceFile>& Code() {
    static const auto& files = *new std::vector<SourceFile>(FilesWith({".cc", ".h"}));
    return files;
  }
};

TEST_F(TidyTest, TheWalkFindsTheSourceTree) {
  std::set<std::string> paths;
  for (const SourceFile& file : Code()) paths.insert(file.path);
  EXPECT_TRUE(paths.contains("engine/base/status.cc"));
  EXPECT_TRUE(paths.contains("tests/style/tidy_test.cc"));
}

TEST_F(TidyTest, LinesHaveAtMost100Columns) {
  EXPECT_THAT(Check(Code(), LineLength), testing::IsEmpty());
}
TEST_F(TidyTest, FilesHaveAtMost500Lines) {
  EXPECT_THAT(Check(Code(), FileLength), testing::IsEmpty());
}
TEST_F(TidyTest, FunctionsHaveAtMost70Lines) {
  EXPECT_THAT(Check(Code(), FunctionLength), testing::IsEmpty());
}
TEST_F(TidyTest, NoBannedWordIsUsed) {
  EXPECT_THAT(Check(Code(), BannedWords), testing::IsEmpty());
}
TEST_F(TidyTest, CodeIsAscii) { EXPECT_THAT(Check(Code(), AsciiOnly), testing::IsEmpty()); }
TEST_F(TidyTest, IncludesPointDownwards) {
  EXPECT_THAT(Check(Code(), IncludeDirection), testing::IsEmpty());
}
TEST_F(TidyTest, OnlyEngineIoCallsTheOperatingSystem) {
  EXPECT_THAT(Check(Code(), SystemCalls), testing::IsEmpty());
}
TEST_F(TidyTest, HeadersStartWithPragmaOnce) {
  EXPECT_THAT(Check(Code(), PragmaOnce), testing::IsEmpty());
}
TEST_F(TidyTest, NoMachinePathIsWrittenDown) {
  const std::vector<SourceFile> files =
      FilesWith({".cc", ".h", ".md", ".txt", ".cmake", ".json", ".sh", ".sql", ".py", ""});
  EXPECT_THAT(Check(files, MachinePaths), testing::IsEmpty());
}

}  // namespace
}  // namespace xtdb::style
