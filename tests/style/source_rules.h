#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xtdb::style {

struct Violation {
  size_t line;  // from 1
  std::string what;
};
using Violations = std::vector<Violation>;

// A file of the source tree. `path` is relative to its root; its first component is the layer.
struct SourceFile {
  std::string path;
  std::string text;
};

// Each rule is a function of one C++ file.
Violations LineLength(const SourceFile& file);      // <= 100 columns
Violations FileLength(const SourceFile& file);      // <= 500 lines
Violations FunctionLength(const SourceFile& file);  // <= 70 lines, of clang-formatted code
Violations BannedWords(const SourceFile& file);
Violations AsciiOnly(const SourceFile& file);         // outside of string literals
Violations IncludeDirection(const SourceFile& file);  // shell -> vtab -> planner -> engine
Violations SystemCalls(const SourceFile& file);       // of files and clocks: in engine/io only
Violations PragmaOnce(const SourceFile& file);        // of headers

// Machine paths: for text of any kind, also scripts and documents.
Violations MachinePaths(const SourceFile& file);

// The same lines with comments, and what stands between quotes, blanked out.
std::string CodeOnly(std::string_view text);
// With the contents of string and character literals blanked out.
std::string WithoutLiterals(std::string_view text);
std::vector<std::string> SplitLines(std::string_view text);

}  // namespace xtdb::style
