#include "shell/plot/xml_text.h"

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

std::string_view EscapeOf(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    default:
      return {};
  }
}

}  // namespace

std::string XmlText(std::string_view text) {
  constexpr std::string_view kReplacement = "\uFFFD";
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    const size_t length = is_ascii ? 1 : MultibyteLength(text);
    const std::string_view character = text.substr(0, length);
    if (is_control || length == 0 || character == "\uFFFE" || character == "\uFFFF") {
      out += kReplacement;
    } else if (const std::string_view escape = EscapeOf(c); !escape.empty()) {
      out += escape;
    } else {
      out += character;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace xtdb
