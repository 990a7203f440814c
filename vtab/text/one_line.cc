#include "vtab/text/one_line.h"

#include <algorithm>

namespace xtdb {

size_t CharacterCount(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string OneLine(std::string_view text, size_t characters_max) {
  constexpr std::string_view kCut = "...";
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  if (CharacterCount(out) <= characters_max) return out;
  const size_t kept = characters_max - std::min(characters_max, kCut.size());
  size_t bytes = 0;
  for (size_t characters = 0; bytes < out.size(); ++bytes) {
    const bool begins_character = CharacterCount(out.substr(bytes, 1)) == 1;
    if (begins_character && characters++ == kept) break;
  }
  return out.substr(0, bytes) + std::string(kCut);
}

}  // namespace xtdb
