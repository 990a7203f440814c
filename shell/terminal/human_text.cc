#include "shell/terminal/human_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "vtab/text/quote_text.h"

namespace xtdb {

std::string CountText(uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string CountText(uint64_t count, std::string_view noun) {
  return CountText(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string BytesText(uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // From 1023.95 on one digit behind the point would show 1024.0.
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string SecondsText(int64_t duration_us) {
  const int64_t seconds = duration_us / 1'000'000;
  if (seconds >= 3600) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  const double exact = static_cast<double>(duration_us) / 1e6;
  return exact < 10 ? fmt::format("{:.3f} s", exact) : fmt::format("{:.1f} s", exact);
}

std::string RateText(uint64_t count, int64_t duration_us) {
  if (duration_us <= 0) return "-";
  return CountText(
      static_cast<uint64_t>(static_cast<double>(count) * 1e6 / static_cast<double>(duration_us)));
}

std::string RatioText(uint64_t bytes, uint64_t points) {
  if (points == 0) return "-";
  const double ratio = static_cast<double>(bytes) / static_cast<double>(points);
  return ratio < 100 ? fmt::format("{:.2f}", ratio) : CountText(bytes / points);
}

namespace {

// Appends the character that `text` begins with; returns how many bytes it has. Control characters
// are escaped, also those of U+0080 to U+009F, which begin escape sequences of terminals.
size_t AppendJsonCharacter(std::string_view text, std::string& out) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const bool is_upper_control = byte == 0xC2 && text.size() > 1 &&
                                static_cast<unsigned char>(text[1]) >= 0x80 &&
                                static_cast<unsigned char>(text[1]) < 0xA0;
  if (is_upper_control) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[1]));
    return 2;
  }
  if (byte == '"' || byte == '\\') out += '\\';
  if (byte < 0x20 || byte == 0x7F) {
    out += fmt::format("\\u{:04x}", byte);
    return 1;
  }
  const size_t length = byte < 0x80 ? 1 : MultibyteLength(text);
  out += length == 0 ? "\\ufffd" : text.substr(0, length);
  return std::max<size_t>(length, 1);
}

}  // namespace

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) text.remove_prefix(AppendJsonCharacter(text, out));
  return out + '"';
}

}  // namespace xtdb
