// Each rule flags a snippet that breaks it and passes one that does not.

#include "tests/style/source_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xtdb::style {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

auto AtLine(size_t line) { return Field(&Violation::line, line); }

SourceFile Engine(std::string text) { return {"engine/wal/frame.cc", std::move(text)}; }

// Joined, so that the tree's own check does not stumble over the words.
std::string Word(const std::string& a, const std::string& b) { return a + b; }

std::string Function(size_t lines) {
  std::string text = "int F(\n    int a) {\n";
  for (size_t i = 0; i + 3 < lines; ++i) text += "  if (a) return 1;\n";
  return text + "}\n";
}

TEST(LineLengthTest, OneColumnOverIsFlagged) {
  EXPECT_THAT(LineLength(Engine(std::string(100, 'a') + "\n")), IsEmpty());
  EXPECT_THAT(LineLength(Engine("a\n" + std::string(101, 'a') + "\n")), ElementsAre(AtLine(2)));
}

TEST(FileLengthTest, OneLineOverIsFlagged) {
  EXPECT_THAT(FileLength(Engine(std::string(500, '\n'))), IsEmpty());
  EXPECT_THAT(FileLength(Engine(std::string(501, '\n'))), SizeIs(1));
}

TEST(FunctionLengthTest, OneLineOverIsFlaggedAtTheSignature) {
  EXPECT_THAT(FunctionLength(Engine(Function(70))), IsEmpty());
  EXPECT_THAT(FunctionLength(Engine("int g;\n" + Function(71))), ElementsAre(AtLine(2)));
}

TEST(FunctionLengthTest, MethodOfAClassCountsAloneAndTheClassDoesNot) {
  std::string methods = "class A {\n public:\n";
  for (int i = 0; i < 40; ++i) methods += "  int F() {\n    return 1;\n  }\n";
  EXPECT_THAT(FunctionLength(Engine(methods + "};\n")), IsEmpty());

  std::string body;
  for (int i = 0; i < 70; ++i) body += "    G();\n";
  EXPECT_THAT(FunctionLength(Engine("class A {\n  int F() {\n" + body + "  }\n};\n")),
              ElementsAre(AtLine(2)));
}

TEST(FunctionLengthTest, NamespaceIsNoFunctionAndBracesInTextDoNotCount) {
  std::string text = "namespace xtdb {\n";
  for (int i = 0; i < 100; ++i) text += "int a; // {\n";
  EXPECT_THAT(FunctionLength(Engine(text + "}  // namespace xtdb\n")), IsEmpty());
}

TEST(FunctionLengthTest, TableIsNoFunction) {
  std::string text = "constexpr int kTable[] = {\n";
  for (int i = 0; i < 100; ++i) text += "    1,\n";
  EXPECT_THAT(FunctionLength(Engine(text + "};\n")), IsEmpty());
}

TEST(BannedWordsTest, EachIsFlagged) {
  for (const std::string& text :
       {Word("// TO", "DO later"), Word("// FIX", "ME"), Word("// XX", "X"), Word("// HA", "CK"),
        Word("// so for no", "w"), Word("// Phas", "e 3"), std::string("std::cerr << 1;"),
        std::string("std::cout << 1;"), std::string("using namespace std;"),
        std::string("int a = rand();"), std::string("srand(1);")}) {
    EXPECT_THAT(BannedWords(Engine("int a;\n" + text + "\n")), ElementsAre(AtLine(2))) << text;
  }
}

TEST(BannedWordsTest, OtherWordsPass) {
  for (const char* text : {"int operand(int);", "strand(1);", "phases(3)", "std::string_view a;",
                           "const char* help = \"std::cout\";"}) {
    EXPECT_THAT(BannedWords(Engine(text)), IsEmpty()) << text;
  }
  EXPECT_THAT(BannedWords({"shell/main.cc", "std::cout << 1;"}), IsEmpty());
}

TEST(AsciiOnlyTest, OtherCharactersAreFlaggedOutsideOfLiterals) {
  EXPECT_THAT(AsciiOnly(Engine("int a;\n// 20 \xC2\xB5s\n")), ElementsAre(AtLine(2)));
  EXPECT_THAT(AsciiOnly(Engine("int \xF0\x9F\x98\x80;\n")), SizeIs(1));
  EXPECT_THAT(AsciiOnly(Engine("const char* a = \"\xC2\xB5s\";\n")), IsEmpty());
  EXPECT_THAT(AsciiOnly(Engine("auto a = R\"x(\"\xC2\xB5)x\";\n")), IsEmpty());
}

TEST(IncludeDirectionTest, UpwardIncludesAreFlagged) {
  EXPECT_THAT(IncludeDirection(Engine("#include \"planner/plan.h\"\n")), SizeIs(1));
  EXPECT_THAT(IncludeDirection({"planner/plan.h", "#include \"vtab/cursor.h\"\n"}), SizeIs(1));
  EXPECT_THAT(IncludeDirection({"vtab/cursor.cc", "#include \"shell/args.h\"\n"}), SizeIs(1));
  EXPECT_THAT(IncludeDirection({"shell/args.cc", "#include \"tests/support/a.h\"\n"}), SizeIs(1));
  EXPECT_THAT(IncludeDirection(Engine("#include \"../io/file.h\"\n")), SizeIs(1));
}

TEST(IncludeDirectionTest, DownwardIncludesPass) {
  EXPECT_THAT(IncludeDirection(Engine("#include \"engine/io/file.h\"\n#include <span>\n")),
              IsEmpty());
  EXPECT_THAT(IncludeDirection({"shell/args.cc", "#include \"engine/io/file.h\"\n"}), IsEmpty());
  EXPECT_THAT(IncludeDirection({"tests/vtab/a.cc", "#include \"vtab/a.h\"\n"}), IsEmpty());
}

TEST(IncludeDirectionTest, SqliteIsKnownToVtabAndAboveOnly) {
  EXPECT_THAT(IncludeDirection(Engine("#include <sqlite3.h>\n")), SizeIs(1));
  EXPECT_THAT(IncludeDirection({"planner/a.cc", "#include \"sqlite3ext.h\"\n"}), SizeIs(1));
  EXPECT_THAT(IncludeDirection({"vtab/a.cc", "#include <sqlite3ext.h>\n"}), IsEmpty());
  EXPECT_THAT(IncludeDirection({"bench/a.cc", "#include <sqlite3.h>\n"}), IsEmpty());
}

TEST(SystemCallsTest, EachIsFlaggedOutsideEngineIo) {
  for (const char* text :
       {"int fd = ::open(path, 0);", "pwrite(fd, a, 1, 0);", "return fsync(fd);",
        "auto t = ::time(nullptr);", "auto t = time(nullptr);", "std::time(nullptr);",
        "std::ofstream out(path);", "std::chrono::steady_clock::now();", "::unlink(path);"}) {
    EXPECT_THAT(SystemCalls(Engine(text)), SizeIs(1)) << text;
    EXPECT_THAT(SystemCalls({"vtab/a.cc", text}), SizeIs(1)) << text;
    EXPECT_THAT(SystemCalls({"engine/io/a.cc", text}), IsEmpty()) << text;
    EXPECT_THAT(SystemCalls({"tests/engine/a.cc", text}), IsEmpty()) << text;
  }
}

TEST(SystemCallsTest, MethodsAndLongerNamesPass) {
  for (const char* text : {"file.open(path);", "file->time(1);", "FormatTime(1);", "to_time(1);",
                           "// calls fsync()", "const char* a = \"time(1)\";"}) {
    EXPECT_THAT(SystemCalls(Engine(text)), IsEmpty()) << text;
  }
}

TEST(PragmaOnceTest, HeaderMustStartWithIt) {
  EXPECT_THAT(PragmaOnce({"engine/a.h", "#include <span>\n#pragma once\n"}), SizeIs(1));
  EXPECT_THAT(PragmaOnce({"engine/a.h", ""}), SizeIs(1));
  EXPECT_THAT(PragmaOnce({"engine/a.h", "// What it is.\n#pragma once\n"}), IsEmpty());
  EXPECT_THAT(PragmaOnce({"engine/a.cc", "int a;\n"}), IsEmpty());
}

TEST(MachinePathsTest, FoldersOfAMachineAreFlagged) {
  for (const std::string& text : {Word("path = \"/wor", "k/main\""), Word("cd /roo", "t"),
                                  Word("/hom", "e/me/a"), Word("'/tm", "p/x'")}) {
    EXPECT_THAT(MachinePaths(Engine("\n" + text)), ElementsAre(AtLine(2))) << text;
  }
}

TEST(MachinePathsTest, OtherPathsPass) {
  for (const char* text : {"a/root/b", "/usr/lib/xtdb.so", "/db/plant.xtdb", "work/tmp"}) {
    EXPECT_THAT(MachinePaths(Engine(text)), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace xtdb::style
