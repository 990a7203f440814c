#include "vtab/text/one_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "vtab/text/quote_text.h"

namespace xtdb {

size_t CharacterCount(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

namespace {

struct CodeRange {
  uint32_t first;
  uint32_t last;
};

// Of Unicode's EastAsianWidth.txt (W and F) the blocks that are wide throughout.
constexpr std::array<CodeRange, 10> kWide = {{{0x1100, 0x115F},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0xA4CF},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0xFFE0, 0xFFE6},
                                              {0x1F300, 0x1FAFF},
                                              {0x20000, 0x3FFFD}}};
// Marks, and signs that have no width.
constexpr std::array<CodeRange, 6> kNoWidth = {{{0x0300, 0x036F},
                                                {0x1AB0, 0x1AFF},
                                                {0x200B, 0x200F},
                                                {0x20D0, 0x20FF},
                                                {0xFE00, 0xFE0F},
                                                {0xFE20, 0xFE2F}}};

template <size_t kCount>
bool IsIn(uint32_t code, const std::array<CodeRange, kCount>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

// Of the UTF-8 sequence `bytes`, which is one.
uint32_t CodeOf(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (bytes.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0xFFU >> (bytes.size() + 1));
  for (size_t i = 1; i < bytes.size(); ++i) code = code << 6 | (byte(i) & 0x3FU);
  return code;
}

}  // namespace

size_t ColumnCount(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const bool is_ascii = static_cast<uint8_t>(text[0]) < 0x80;
    const size_t length = is_ascii ? 1 : std::max<size_t>(MultibyteLength(text), 1);
    const uint32_t code = CodeOf(text.substr(0, length));
    columns += IsIn(code, kWide) ? 2 : IsIn(code, kNoWidth) ? 0 : 1;
    text.remove_prefix(length);
  }
  return columns;
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
