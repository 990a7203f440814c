// What stands beside the program names all that it has: the manual page and the completions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/shell/captured_terminal.h"

namespace xtdb {
namespace {

using ::testing::HasSubstr;

std::string OutputOf(const std::string& command) {
  std::string out;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> bytes;
  for (size_t size = 1; size > 0;) {
    size = std::fread(bytes.data(), 1, bytes.size(), pipe);
    out.append(bytes.data(), size);
  }
  ::pclose(pipe);
  return out;
}

std::string Help(const std::string& command) {
  return OutputOf(XTDB_BINARY_DIR "/xtdb " + command + " --help");
}

std::vector<std::string> Commands() {
  const std::string help = Help("");
  std::string rest = help.substr(help.find("Subcommands:"));
  rest = rest.substr(0, rest.find("\n\n"));
  static const std::regex line(R"(\n  ([a-z]+) )");
  std::vector<std::string> commands;
  for (auto at = std::sregex_iterator(rest.begin(), rest.end(), line); at != std::sregex_iterator();
       ++at) {
    commands.push_back((*at)[1]);
  }
  return commands;
}

// Of a command, but for --help.
std::set<std::string> Options(const std::string& command) {
  static const std::regex line(R"(\n  (-[^ ]+))");
  static const std::regex name(R"(--[a-z-]+)");
  std::set<std::string> options;
  const std::string help = Help(command);
  for (auto at = std::sregex_iterator(help.begin(), help.end(), line); at != std::sregex_iterator();
       ++at) {
    const std::string names = (*at)[1];
    for (auto one = std::sregex_iterator(names.begin(), names.end(), name);
         one != std::sregex_iterator(); ++one) {
      options.insert(one->str());
    }
  }
  options.erase("--help");
  return options;
}

std::string Source(const std::string& name) {
  return ReadText(std::string(XTDB_SOURCE_DIR) + "/shell/" + name);
}

// The part of the manual that tells of a command, without roff's marks.
std::string ManualOf(const std::string& command) {
  std::string text = Source("xtdb.1");
  text = std::regex_replace(text, std::regex(R"(\\f.)"), "");
  text = std::regex_replace(text, std::regex(R"(\\-)"), "-");
  const size_t begin = text.find(" \"xtdb " + command + " \"");
  if (begin == std::string::npos) return "";
  const size_t end = text.find("\"xtdb ", begin + 2);
  return text.substr(begin, end - begin);
}

TEST(ManualTest, ThereAreCommandsAndOptionsToLookFor) {
  EXPECT_GE(Commands().size(), 15u);
  EXPECT_TRUE(Options("export").contains("--no-definitions"));
}

TEST(ManualTest, TheManualPageHasEveryCommandAndOption) {
  for (const std::string& command : Commands()) {
    const std::string manual = ManualOf(command);
    EXPECT_NE(manual, "") << command;
    for (const std::string& option : Options(command)) {
      EXPECT_THAT(manual, HasSubstr(option)) << command;
    }
  }
}

TEST(ManualTest, TheManualPageHasNoMistakesThatGroffKnows) {
  if (std::system("command -v groff >/dev/null") != 0) GTEST_SKIP() << "no groff";
  EXPECT_EQ(OutputOf("groff -man -ww -Tascii -z " XTDB_SOURCE_DIR "/shell/xtdb.1 2>&1"), "");
}

TEST(CompletionTest, BashOffersEveryCommandAndOption) {
  if (std::system("command -v bash >/dev/null") != 0) GTEST_SKIP() << "no bash";
  const auto offered = [](const std::string& words, int count) {
    return " " + OutputOf("bash -c 'source " XTDB_SOURCE_DIR
                          "/shell/completion/xtdb.bash; COMP_WORDS=(" +
                          words + "); COMP_CWORD=" + std::to_string(count) +
                          "; _xtdb; echo ${COMPREPLY[@]} \"\"' 2>&1");
  };
  const std::string commands = offered("xtdb \"\"", 1);
  for (const std::string& command : Commands()) {
    EXPECT_THAT(commands, HasSubstr(" " + command + " "));
    const std::string options = offered("xtdb " + command + " --", 2);
    for (const std::string& option : Options(command)) {
      EXPECT_THAT(options, HasSubstr(" " + option + " ")) << command;
    }
  }
  EXPECT_EQ(offered("xtdb export --format j", 3), " json \n");
}

TEST(CompletionTest, ZshKnowsEveryCommandAndOption) {
  const std::string script = Source("completion/_xtdb");
  for (const std::string& command : Commands()) {
    EXPECT_THAT(script, HasSubstr("'" + command + ":"));
    for (const std::string& option : Options(command)) {
      EXPECT_THAT(script, HasSubstr(option)) << command;
    }
  }
}

}  // namespace
}  // namespace xtdb
