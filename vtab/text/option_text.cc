#include "vtab/text/option_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"path", "synchronous", "block_size", "chunk_size", "buffer", "retention", "max_bytes", "codec",
     "read_only", "compaction", "threads", "atomic_commit"});

// Power of 1024 of "", "B", "K", "KB", "KiB", ...
std::optional<int> SizeExponent(std::string_view unit) {
  if (unit.empty() || EqualsIgnoreCase(unit, "B") || EqualsIgnoreCase(unit, "bytes")) return 0;
  constexpr std::string_view kPrefixes = "kmgt";
  const size_t power = kPrefixes.find(ToLower(unit[0]));
  const std::string_view rest = unit.substr(1);
  if (power == std::string_view::npos) return std::nullopt;
  if (!rest.empty() && !EqualsIgnoreCase(rest, "B") && !EqualsIgnoreCase(rest, "iB")) {
    return std::nullopt;
  }
  return static_cast<int>(power) + 1;
}

char ClosingQuote(char open) {
  switch (open) {
    case '\'':
    case '"':
    case '`':
      return open;
    case '[':
      return ']';
    default:
      return '\0';
  }
}

// Cuts a quoted word off the front of `text`; a doubled closing quote stands for itself, except
// that a bracket has no such form in SQLite.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  const char close = ClosingQuote(text[0]);
  std::string word;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] != close) {
      word += text[i];
    } else if (close != ']' && i + 1 < text.size() && text[i + 1] == close) {
      word += text[i++];
    } else {
      text.remove_prefix(i + 1);
      return word;
    }
  }
  return std::nullopt;
}

std::string KnownKeys(std::span<const std::string_view> keys) {
  std::string list;
  for (const std::string_view key : keys) {
    if (!list.empty()) list += ", ";
    list += key;
  }
  return list;
}

Result<ModuleArgument> ParseArgument(std::string_view argument, std::string_view example) {
  const auto bad = [&](std::string_view why) {
    return Status::InvalidArgument("option " + QuoteForMessage(argument) + ": " + std::string(why) +
                                   "; write key=value, such as " + std::string(example));
  };
  std::string_view rest = TrimBlanks(argument);
  ModuleArgument parsed;
  if (rest.empty()) return bad("it is empty");
  if (ClosingQuote(rest[0]) != '\0') {
    const std::optional<std::string> key = TakeQuoted(rest);
    if (!key) return bad("a quote is not closed");
    parsed.key = ToLower(*key);
    rest = TrimBlanks(rest);
  } else {
    const std::string_view key = rest.substr(0, rest.find('='));
    parsed.key = ToLower(TrimBlanks(key));
    rest.remove_prefix(key.size());
  }
  if (rest.empty() || rest[0] != '=') return bad("it has no value");
  rest = TrimBlanks(rest.substr(1));
  if (!rest.empty() && ClosingQuote(rest[0]) != '\0') {
    const std::optional<std::string> value = TakeQuoted(rest);
    if (!value) return bad("a quote is not closed");
    if (!TrimBlanks(rest).empty()) return bad("something follows the closing quote");
    parsed.value = *value;
  } else {
    parsed.value = std::string(rest);
  }
  if (parsed.value.empty()) return bad("its value is empty");
  return parsed;
}

}  // namespace

std::optional<std::string> TakeWord(std::string_view& text) {
  text = TrimBlanks(text);
  std::optional<std::string> word;
  if (!text.empty() && ClosingQuote(text[0]) != '\0') {
    word = TakeQuoted(text);
  } else {
    const auto end = std::find_if(text.begin(), text.end(), IsBlank);
    word.emplace(text.begin(), end);
    text.remove_prefix(word->size());
  }
  text = TrimBlanks(text);
  return word;
}

Result<uint64_t> ParseSize(std::string_view text) {
  const std::string_view trimmed = TrimBlanks(text);
  const char* const end = trimmed.data() + trimmed.size();
  uint64_t count = 0;
  const auto [next, error] = std::from_chars(trimmed.data(), end, count);
  const std::string_view unit = TrimBlanks(std::string_view(next, static_cast<size_t>(end - next)));
  const std::optional<int> exponent = SizeExponent(unit);
  if (error == std::errc::invalid_argument || !exponent) {
    return Status::InvalidArgument("not a size: " + QuoteForMessage(text) +
                                   "; write 4M, 4MB, 4MiB or 4194304 (K, M, G and T are powers of "
                                   "1024)");
  }
  constexpr auto kSizeMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const int shift = 10 * *exponent;
  if (error == std::errc::result_out_of_range || count > (kSizeMax >> shift)) {
    return Status::InvalidArgument("size out of range: " + QuoteForMessage(text) +
                                   "; at most 9223372036854775807 bytes");
  }
  return count << shift;
}

Result<bool> ParseBool(std::string_view text) {
  const std::string word = ToLower(TrimBlanks(text));
  if (word == "on" || word == "true" || word == "yes" || word == "1") return true;
  if (word == "off" || word == "false" || word == "no" || word == "0") return false;
  return Status::InvalidArgument("not a switch: " + QuoteForMessage(text) +
                                 "; write on or off (true, false, yes, no, 1, 0)");
}

std::span<const std::string_view> ModuleArgumentKeys() { return kKeys; }

std::vector<std::string_view> SplitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  if (TrimBlanks(text).empty()) return parts;
  size_t begin = 0;
  char closing = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    if (closing != '\0') {
      // A doubled quote closes and opens again.
      if (text[i] == closing) closing = '\0';
    } else if (text[i] == ',') {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    } else {
      closing = ClosingQuote(text[i]);
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Result<std::vector<ModuleArgument>> ParseModuleArguments(
    std::span<const std::string_view> arguments) {
  // USING xtdb() passes one empty argument.
  if (arguments.size() == 1 && TrimBlanks(arguments[0]).empty()) {
    return std::vector<ModuleArgument>();
  }
  return ParseOptions(arguments, {kKeys, "path='plant.xtdb' or synchronous=full"});
}

Result<std::vector<ModuleArgument>> ParseOptions(std::span<const std::string_view> arguments,
                                                 const OptionForm& form) {
  std::vector<ModuleArgument> parsed;
  for (const std::string_view argument : arguments) {
    XTDB_ASSIGN_OR_RETURN(ModuleArgument option, ParseArgument(argument, form.example));
    if (std::find(form.keys.begin(), form.keys.end(), option.key) == form.keys.end()) {
      return Status::InvalidArgument("unknown option " + QuoteForMessage(option.key) +
                                     "; the options are " + KnownKeys(form.keys));
    }
    for (const ModuleArgument& earlier : parsed) {
      if (earlier.key == option.key) {
        return Status::InvalidArgument("option " + option.key + " is given twice");
      }
    }
    parsed.push_back(std::move(option));
  }
  return parsed;
}

}  // namespace xtdb
