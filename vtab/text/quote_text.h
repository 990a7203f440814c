#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xtdb {

inline constexpr size_t kQuotedBytesMax = 64;

// `text` in double quotes, fit for an error message: control bytes and what is not UTF-8 are
// written as \xNN, and a text of more than kQuotedBytesMax bytes is cut, with its length behind it:
//   "abc"    "a\"b\x00"    "aaaa..." (1048576 bytes)
std::string QuoteForMessage(std::string_view text);

// Length of the UTF-8 sequence of two to four bytes that `text` begins with, or 0: overlong forms,
// surrogates, control characters and everything beyond U+10FFFF are none.
size_t MultibyteLength(std::string_view text);

// Drops ASCII blanks (space, \t \n \v \f \r: what SQLite takes for blank) at both ends.
std::string_view TrimBlanks(std::string_view text);

constexpr bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// What every text begins with that the GLOB pattern matches.
constexpr std::string_view GlobPrefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?["));
}

// The same of a LIKE pattern, but for the case of ASCII letters. SQLite's operator ends at a NUL.
constexpr std::string_view LikePrefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of(std::string_view("%_\0", 3)));
}

// ASCII only, whatever the locale is.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string ToLower(std::string_view text);

}  // namespace xtdb
