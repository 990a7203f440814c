#include "vtab/text/one_line.h"

#include <algorithm>

namespace xtdb {

size_t CharacterCount(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

namespace {

// The bytes of the control character that `text` begins with: one of ASCII, or one of U+0080 to
// U+009F, which begin escape sequences of terminals, too. 0: it begins with none.
size_t ControlBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  return byte(0) == 0xC2 && text.size() > 1 && byte(1) >= 0x80 && byte(1) < 0xA0 ? 2 : 0;
}

}  // namespace

std::string OneLine(std::string_view text, size_t characters_max) {
  constexpr std::string_view kCut = "...";
  std::string out;
  while (!text.empty()) {
    const size_t control = ControlBytes(text);
    out += control > 0 ? ' ' : text.front();
    text.remove_prefix(std::max<size_t>(control, 1));
  }
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
