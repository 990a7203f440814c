// The scripts of sql/ say in the stock sqlite3 shell what tests/shell/scripts/NAME.txt has. After a
// change of a script
//   XTDB_WRITE_SCRIPT_OUTPUT=1 build/shell_tests --gtest_filter='ScriptsTest.*'
// writes those files anew; compute the figures that changed in another way before they are
// committed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

constexpr const char* kScripts = XTDB_SOURCE_DIR "/sql/";
constexpr const char* kOutputs = XTDB_SOURCE_DIR "/tests/shell/scripts/";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Names without their endings, in order.
std::vector<std::string> NamesIn(const std::string& folder, const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ending) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The two that make the plant come first; demo.sql belongs to shell/demo.sh.
std::vector<std::string> ScriptsToRun() {
  std::vector<std::string> names = {"plant_schema", "plant_data"};
  for (const std::string& name : NamesIn(kScripts, ".sql")) {
    if (name != "demo" && !name.starts_with("plant_")) names.push_back(name);
  }
  return names;
}

class ScriptsTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef XTDB_SANITIZED
    GTEST_SKIP() << "the stock shell cannot load a sanitized extension";
#endif
    if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 shell";
  }

  // What a shell of its own, that knows of nobody's settings, says to a script.
  std::string OutputOf(const std::string& name) {
    const std::string commands = folder_ / "commands", output = folder_ / "output";
    std::ofstream(commands) << ".load '" << XTDB_BINARY_DIR << "/xtdb'\n.read '" << kScripts << name
                            << ".sql'\n";
    const std::string run = "cd '" + folder_.path() +
                            "' && HOME=. sqlite3 -batch -bail -header -separator ' | ' my.db <'" +
                            commands + "' >'" + output + "' 2>&1";
    EXPECT_EQ(std::system(run.c_str()), 0) << name;
    return ReadFile(output);
  }

  TemporaryDirectory folder_;
};

TEST_F(ScriptsTest, EachSaysWhatWasComputedInAnotherWay) {
  const bool writes = std::getenv("XTDB_WRITE_SCRIPT_OUTPUT") != nullptr;
  for (const std::string& name : ScriptsToRun()) {
    const std::string output = OutputOf(name);
    const std::string expected = kOutputs + name + ".txt";
    if (writes) {
      std::ofstream(expected) << output;
      ADD_FAILURE() << expected << " is written; look at what changed";
    } else {
      EXPECT_EQ(output, ReadFile(expected)) << "sql/" << name << ".sql";
    }
  }
}

TEST_F(ScriptsTest, NoOutputIsLeftOfAScriptThatIsGone) {
  std::vector<std::string> names = ScriptsToRun();
  std::sort(names.begin(), names.end());
  EXPECT_EQ(NamesIn(kOutputs, ".txt"), names);
}

// They may be run again and again.
TEST_F(ScriptsTest, QueriesLeaveNothingBehind) {
  OutputOf("plant_schema");
  OutputOf("plant_data");
  for (const std::string& name : ScriptsToRun()) {
    if (name.starts_with("plant_")) continue;
    const std::string first = OutputOf(name);
    EXPECT_EQ(OutputOf(name), first);
  }
}

}  // namespace
}  // namespace xtdb
