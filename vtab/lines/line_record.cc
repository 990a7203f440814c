#include "vtab/lines/line_record.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr auto kNone = std::string_view::npos;

// The first of `ends` that no backslash stands before, or the size.
size_t FindUnescaped(std::string_view text, size_t from, std::string_view ends) {
  for (size_t at = from; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (ends.find(text[at]) != kNone) {
      return at;
    }
  }
  return text.size();
}

// at: of the opening quote. Behind the closing one; npos: there is none.
size_t FindEndOfText(std::string_view line, size_t at) {
  const size_t close = FindUnescaped(line, at + 1, "\"");
  return close == line.size() ? kNone : close + 1;
}

// The line end by the rules, for lines with a quote.
size_t FindEndBehindTexts(std::string_view text) {
  bool in_fields = false, in_text = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size() && text[at + 1] != '\n') {
      ++at;
    } else if (c == '\n' && !in_text) {
      return at;
    } else if (c == ' ') {
      in_fields = true;
    } else if (c == '"' && in_fields) {
      in_text = !in_text;
    }
  }
  return kNone;
}

}  // namespace

size_t FindLineEnd(std::string_view text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (line.empty() || std::memchr(line.data(), '"', line.size()) == nullptr) return end;
  return FindEndBehindTexts(text);
}

Status CutLine(std::string_view line, LineRecord& record) {
  record.fields.clear();
  const size_t series_end = FindUnescaped(line, 0, " ");
  record.series = line.substr(0, series_end);
  if (record.series.empty()) return Status::InvalidArgument("the measurement is missing");
  size_t at = line.find_first_not_of(' ', series_end);
  if (at == kNone) return Status::InvalidArgument("there is no field behind the measurement");
  for (bool more = true; more;) {
    const size_t equals = FindUnescaped(line, at, "=, ");
    if (equals == at || equals == line.size() || line[equals] != '=') {
      return Status::InvalidArgument("not a field: " + QuoteForMessage(line.substr(at)) +
                                     "; fields are name=value");
    }
    const size_t begin = equals + 1;
    const bool is_text = begin < line.size() && line[begin] == '"';
    const size_t end = is_text ? FindEndOfText(line, begin)
                               : std::min(line.find_first_of(", ", begin), line.size());
    if (end == kNone) return Status::InvalidArgument("a text is not closed");
    if (end == begin) {
      return Status::InvalidArgument("the field " + QuoteForMessage(line.substr(at, equals - at)) +
                                     " has no value");
    }
    if (end < line.size() && line[end] != ',' && line[end] != ' ') {
      return Status::InvalidArgument("something follows the closing quote of a text");
    }
    record.fields.push_back({line.substr(at, equals - at), line.substr(begin, end - begin)});
    more = end < line.size() && line[end] == ',';
    at = std::min(end + 1, line.size());
  }
  record.time = TrimBlanks(line.substr(at));
  return {};
}

Result<std::string> SeriesName(std::string_view series) {
  size_t end = FindUnescaped(series, 0, ",");
  std::string name = UnescapeName(series.substr(0, end));
  if (name.empty()) return Status::InvalidArgument("the measurement is missing");
  std::vector<std::pair<std::string_view, std::string_view>> tags;
  while (end < series.size()) {
    const size_t begin = end + 1;
    end = FindUnescaped(series, begin, ",");
    const std::string_view tag = series.substr(begin, end - begin);
    const size_t equals = FindUnescaped(tag, 0, "=");
    if (equals == 0 || equals + 1 >= tag.size()) {
      return Status::InvalidArgument("not a tag: " + QuoteForMessage(tag) +
                                     "; tags are name=value");
    }
    tags.emplace_back(tag.substr(0, equals), tag.substr(equals + 1));
  }
  std::sort(tags.begin(), tags.end());
  for (const auto& [key, value] : tags) name += '.' + UnescapeName(value);
  return name;
}

std::string UnescapeName(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escapes = text[at] == '\\' && at + 1 < text.size() &&
                         std::string_view(", =").find(text[at + 1]) != kNone;
    if (escapes) ++at;
    out += text[at];
  }
  return out;
}

void UnescapeText(std::string_view quoted, std::string& out) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  out.clear();
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escapes =
        text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
    if (escapes) ++at;
    out += text[at];
  }
}

}  // namespace xtdb
