// What libxtdb.so shows to the linker, against what its header declares.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

std::set<std::string> Declared() {
  std::ifstream in(XTDB_SOURCE_DIR "/capi/xtdb.h");
  const std::string header{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::regex declaration(R"(XTDB_API [^(;]*\b(xtdb_[a-z_]+)\()");
  std::set<std::string> names;
  for (std::sregex_iterator at(header.begin(), header.end(), declaration), end; at != end; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

std::set<std::string> Exported() {
  const char* const list =
      "nm -D --defined-only --format=posix " XTDB_BINARY_DIR "/libxtdb.so 2>/dev/null";
  std::FILE* const pipe = ::popen(list, "r");
  std::set<std::string> names;
  char line[512];  // "xtdb_open@@XTDB_1 T 00000000000a1b30 00000000000003e8"; A: the version's own
  while (std::fgets(line, sizeof(line), pipe) != nullptr) {
    const std::string text = line;
    if (text.find(" A ") == text.npos) names.insert(text.substr(0, text.find_first_of("@ ")));
  }
  ::pclose(pipe);
  return names;
}

TEST(ExportedSymbolsTest, AreWhatTheHeaderDeclares) {
  if (std::system("command -v nm >/dev/null") != 0) GTEST_SKIP() << "no nm";
  EXPECT_GE(Declared().size(), 22u);
  EXPECT_EQ(Exported(), Declared());
}

}  // namespace
