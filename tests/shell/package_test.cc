// The Debian package, unpacked into a root of its own and used there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "tests/shell/captured_terminal.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

#ifdef XTDB_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class PackageTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitized build is no package";
    for (const std::string tool : {"cpack", "dpkg-deb", "dpkg-shlibdeps", "file"}) {
      const std::string command = "command -v " + tool + " >/dev/null";
      if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no " << tool;
    }
    if (!std::filesystem::exists(XTDB_BINARY_DIR "/libxtdb.so")) {
      GTEST_SKIP() << "the library is not built";
    }
    // The mask, so that a folder which only its owner could enter would show.
    ASSERT_EQ(Run("umask 077; cpack -G DEB --config " XTDB_BINARY_DIR "/CPackConfig.cmake -B " +
                  folder_.path()),
              0)
        << Output();
    ASSERT_EQ(Run("dpkg-deb -x " + folder_.path() + "/xtdb_*.deb " + root_), 0) << Output();
  }

  int Run(const std::string& command) {
    return std::system(("( " + command + " ) >" + output_ + " 2>&1").c_str());
  }
  std::string Output() { return ReadText(output_); }

  const TemporaryDirectory folder_;
  const std::string root_ = folder_ / "root";
  const std::string output_ = folder_ / "output";
  const std::string program_ = root_ + "/usr/bin/xtdb";
};

TEST_F(PackageTest, EverythingWorksWhereItIsUnpacked) {
  for (const char* file :
       {"bin/xtdb", "lib/xtdb.so", "lib/libxtdb.so", "include/xtdb.h", "share/man/man1/xtdb.1",
        "share/bash-completion/completions/xtdb", "share/zsh/vendor-completions/_xtdb",
        "share/doc/xtdb/docs/program.md", "lib/python3/dist-packages/xtdb/__init__.py"}) {
    EXPECT_TRUE(std::filesystem::exists(root_ + "/usr/" + file)) << file;
  }
  WriteText(folder_ / "a.csv", "tag,time,value\nt,2026-01-01,1.5\n");
  const std::string container = folder_ / "a.xtdb";
  ASSERT_EQ(Run(program_ + " import " + container + " " + (folder_ / "a.csv")), 0) << Output();
  ASSERT_EQ(Run(program_ + " check " + container), 0) << Output();
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 shell";
  ASSERT_EQ(Run(program_ + " sql " + container + " 'SELECT value FROM a'"), 0) << Output();
  EXPECT_EQ(Output(), "1.5\n");
  // Where the linker looks for libraries, the extension needs no path.
  ASSERT_EQ(Run("LD_LIBRARY_PATH=" + root_ +
                "/usr/lib sqlite3 :memory: '.load xtdb' 'SELECT length(xtdb_version()) > 10'"),
            0);
  EXPECT_EQ(Output(), "1\n");
}

TEST_F(PackageTest, FilesAreRootsAndEverybodyReadsThem) {
  ASSERT_EQ(Run("dpkg-deb -c " + folder_.path() + "/xtdb_*.deb"), 0) << Output();
  std::istringstream listing(Output());
  size_t count = 0;
  for (std::string line; std::getline(listing, line); ++count) {
    const std::string mode = line.substr(0, line.find(' '));
    const bool is_program = line.ends_with(" ./usr/bin/xtdb");
    EXPECT_THAT(mode, AnyOf(is_program ? "-rwxr-xr-x" : "-rw-r--r--", "drwxr-xr-x", "lrwxrwxrwx"))
        << line;
    EXPECT_THAT(line, HasSubstr(" root/root "));
    EXPECT_THAT(line, Not(HasSubstr("__pycache__")));
  }
  EXPECT_GT(count, 50u);
}

TEST_F(PackageTest, CProgramsFindTheLibrary) {
  if (std::system("command -v cc >/dev/null && command -v pkg-config >/dev/null") != 0) {
    GTEST_SKIP() << "no C compiler or no pkg-config";
  }
  WriteText(folder_ / "a.c",
            "#include <stdio.h>\n#include <xtdb.h>\n"
            "int main(void) { puts(xtdb_version()); return 0; }\n");
  const std::string flags =
      "$(PKG_CONFIG_PATH=" + root_ + "/usr/lib/pkgconfig pkg-config --cflags --libs xtdb)";
  ASSERT_EQ(Run("cc -o " + (folder_ / "a") + " " + (folder_ / "a.c") + " " + flags), 0) << Output();
  ASSERT_EQ(Run("LD_LIBRARY_PATH=" + root_ + "/usr/lib " + (folder_ / "a")), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("."));
}

}  // namespace
}  // namespace xtdb
