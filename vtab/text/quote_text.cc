#include "vtab/text/quote_text.h"

#include <algorithm>
#include <cstdint>

namespace xtdb {
namespace {

void AppendHex(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<uint8_t>(c);
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace

size_t MultibyteLength(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  const auto second = static_cast<uint8_t>(text[1]);
  const uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xC0) != 0x80) return 0;
  }
  // U+0080 .. U+009F are control characters.
  return lead == 0xC2 && second < 0xA0 ? 0 : length;
}

std::string QuoteForMessage(std::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  std::string_view rest = text.substr(0, kQuotedBytesMax);
  std::string out = "\"";
  while (!rest.empty()) {
    const char c = rest[0];
    size_t taken = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      // Only the lead byte is looked at beyond 0x7F, so a sequence that the cut divides is hex.
      const size_t length = static_cast<uint8_t>(c) < 0x80 ? 0 : MultibyteLength(rest);
      if (length == 0) {
        AppendHex(out, c);
      } else {
        out.append(rest.substr(0, length));
        taken = length;
      }
    }
    rest.remove_prefix(taken);
  }
  if (!cut) return out + '"';
  return out + "...\" (" + std::to_string(text.size()) + " bytes)";
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLower(x) == ToLower(y); });
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return ToLower(c); });
  return out;
}

}  // namespace xtdb
