#include "tests/style/source_rules.h"

#include <array>
#include <cctype>
#include <optional>
#include <regex>

namespace xtdb::style {
namespace {

constexpr size_t kLineColumnsMax = 100;
constexpr size_t kFileLinesMax = 500;
constexpr size_t kFunctionLinesMax = 70;

std::string LayerOf(const std::string& path) { return path.substr(0, path.find('/')); }

// Flags each line of `text` that `pattern` is found in.
Violations Search(std::string_view text, const std::regex& pattern, const std::string& what) {
  Violations found;
  size_t number = 0;
  for (const std::string& line : SplitLines(text)) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, pattern)) found.push_back({number, what + match.str()});
  }
  return found;
}

void Append(Violations& all, Violations more) {
  for (Violation& violation : more) all.push_back(std::move(violation));
}

// Where the literal that starts at `at` ends, or `at` if there is none.
size_t EndOfLiteral(std::string_view text, size_t at) {
  const char quote = text[at];
  if (quote != '"' && quote != '\'') return at;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const bool raw = quote == '"' && at > 0 && text[at - 1] == 'R';
  if (raw) {
    const size_t open = text.find('(', at);
    const std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
    const size_t end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
  }
  // 1'000'000 holds no character literals.
  if (quote == '\'' && at > 0 && is_word(text[at - 1])) return at;
  size_t end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n') {
    end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(text.size(), end + 1);
}

size_t EndOfComment(std::string_view text, size_t at) {
  if (text.substr(at, 2) == "//") return std::min(text.size(), text.find('\n', at));
  if (text.substr(at, 2) != "/*") return at;
  const size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

void Blank(std::string& text, size_t begin, size_t end) {
  for (size_t i = begin; i < end && i < text.size(); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

std::string Stripped(std::string_view text, bool comments) {
  std::string out(text);
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = EndOfComment(text, at); end > at) {
      if (comments) Blank(out, at, end);
      at = end;
    } else if (const size_t literal = EndOfLiteral(text, at); literal > at) {
      Blank(out, at + 1, literal - 1);
      at = literal;
    } else {
      ++at;
    }
  }
  return out;
}

bool OpensScope(const std::string& line) {
  static const std::regex scope(
      R"(^\s*(typedef\s+)?(inline\s+)?)"
      R"((namespace|class|struct|union|enum|extern\s*$|extern "C" \{)\b)");
  return std::regex_search(line, scope);
}

std::optional<int> RankOf(const std::string& layer) {
  constexpr std::array kLayers = {"engine", "planner", "vtab", "shell"};
  for (size_t i = 0; i < kLayers.size(); ++i) {
    if (layer == kLayers[i]) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.size(), text.find('\n'));
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

std::string CodeOnly(std::string_view text) { return Stripped(text, true); }
std::string WithoutLiterals(std::string_view text) { return Stripped(text, false); }

Violations LineLength(const SourceFile& file) {
  Violations found;
  size_t number = 0;
  for (const std::string& line : SplitLines(file.text)) {
    ++number;
    if (line.size() > kLineColumnsMax) {
      found.push_back({number, std::to_string(line.size()) + " columns"});
    }
  }
  return found;
}

Violations FileLength(const SourceFile& file) {
  const size_t lines = SplitLines(file.text).size();
  if (lines <= kFileLinesMax) return {};
  return {{lines, std::to_string(lines) + " lines"}};
}

// clang-format puts a function's closing brace on its own line, in the column where the function
// began; so a body is what stands between a line that ends with `{` and that brace.
Violations FunctionLength(const SourceFile& file) {
  Violations found;
  const std::vector<std::string> lines = SplitLines(CodeOnly(file.text));
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t last = lines[i].find_last_not_of(' ');
    if (last == std::string::npos || lines[i][last] != '{' || OpensScope(lines[i])) continue;
    if (last >= 2 && lines[i].substr(last - 2, 3) == "= {") continue;  // a table, not a body
    // A signature of several lines begins less far to the right than its last line.
    size_t first = i;
    const auto indent = [&](size_t line) { return lines[line].find_first_not_of(' '); };
    while (first > 0 && indent(first) != std::string::npos && indent(first - 1) < indent(first) &&
           lines[first - 1].find_first_of(";{}") == std::string::npos) {
      --first;
    }
    if (OpensScope(lines[first])) continue;
    const std::string close(indent(first), ' ');
    size_t end = i + 1;
    while (end < lines.size() && !lines[end].starts_with(close + "}")) ++end;
    if (end - first + 1 > kFunctionLinesMax && end < lines.size()) {
      found.push_back({first + 1, std::to_string(end - first + 1) + " lines"});
      i = end;
    }
  }
  return found;
}

Violations BannedWords(const SourceFile& file) {
  // Put together from parts, so that this file passes its own rule.
  static const std::regex anywhere(std::string(R"(\b(TO)") + R"(DO|FIX)" + R"(ME|XX)" + R"(X|HA)" +
                                   R"(CK)\b|\b[Ff]or no)" + R"(w\b|\bPhas)" + R"(e \d)");
  static const std::regex in_code(R"(std::cerr|using namespace std\b|(^|[^\w.>])s?rand\()");
  static const std::regex output(R"(std::cout\b)");
  const std::string code = CodeOnly(file.text);
  Violations found = Search(file.text, anywhere, "banned: ");
  Append(found, Search(code, in_code, "banned: "));
  const std::string layer = LayerOf(file.path);
  if (layer != "shell" && layer != "bench") Append(found, Search(code, output, "banned: "));
  return found;
}

Violations AsciiOnly(const SourceFile& file) {
  Violations found;
  size_t number = 0;
  for (const std::string& line : SplitLines(WithoutLiterals(file.text))) {
    ++number;
    for (const char c : line) {
      if (static_cast<unsigned char>(c) < 0x80) continue;
      found.push_back({number, "a character outside of ASCII"});
      break;
    }
  }
  return found;
}

Violations IncludeDirection(const SourceFile& file) {
  static const std::regex include(R"(^\s*#\s*include\s*["<]([^">]+)[">])");
  Violations found;
  const std::string layer = LayerOf(file.path);
  const std::optional<int> rank = RankOf(layer);
  const bool may_use_sqlite =
      layer == "vtab" || layer == "shell" || layer == "tests" || layer == "bench";
  size_t number = 0;
  for (const std::string& line : SplitLines(file.text)) {
    ++number;
    std::smatch match;
    if (!std::regex_search(line, match, include)) continue;
    const std::string header = match[1];
    const std::string target = LayerOf(header);
    const std::optional<int> target_rank = RankOf(target);
    const bool upwards = rank && target_rank && *target_rank > *rank;
    if (upwards || (rank && (target == "tests" || target == "bench"))) {
      found.push_back({number, layer + " includes " + header});
    }
    if (!may_use_sqlite && (header == "sqlite3.h" || header == "sqlite3ext.h")) {
      found.push_back({number, layer + " includes " + header});
    }
    if (header.starts_with("../") || header.starts_with("./")) {
      found.push_back({number, "an include path that does not start at the root: " + header});
    }
  }
  return found;
}

Violations SystemCalls(const SourceFile& file) {
  const std::string layer = LayerOf(file.path);
  if (layer != "engine" && layer != "planner" && layer != "vtab") return {};
  if (file.path.starts_with("engine/io/")) return {};
  static const std::regex call(
      R"((^|[^\w.:>])(::|std::)?(open|openat|creat|fopen|pwrite|pwritev|pread|fsync|fdatasync|)"
      R"(ftruncate|fallocate|posix_fallocate|unlink|time|clock_gettime|gettimeofday)\()"
      R"(|\bstd::[io]?fstream\b|\bstd::filesystem\b|_clock::now\()");
  // A declaration `Status open(` is no call; such names are not ours, so none is excused.
  return Search(CodeOnly(file.text), call, "outside engine/io: ");
}

Violations PragmaOnce(const SourceFile& file) {
  if (!file.path.ends_with(".h")) return {};
  for (const std::string& line : SplitLines(CodeOnly(file.text))) {
    if (line.find_first_not_of(' ') == std::string::npos) continue;
    if (line == "#pragma once") return {};
    break;
  }
  return {{1, "a header that does not start with #pragma once"}};
}

Violations MachinePaths(const SourceFile& file) {
  // Put together from parts, so that this file passes its own rule.
  static const std::regex path(std::string(R"((^|[^\w.$}/])/(wor)") + R"(k|roo)" + R"(t|hom)" +
                               R"(e|tm)" + R"(p|User)" + R"(s)(/|\b))");
  return Search(file.text, path, "a machine's path: ");
}

}  // namespace xtdb::style
