#include "vtab/command.h"

#include <algorithm>
#include <span>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr std::string_view kDefineTag = "define_tag";

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

Status BadCommand(std::string_view text) {
  return Status::InvalidArgument(
      "command " + QuoteForMessage(text) +
      " is not understood; write define_tag tag='a' type='float64' unit='degC' description='...'");
}

// Reads a '...' at the beginning of `text` and moves `text` behind it.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  if (!text.starts_with('\'')) return std::nullopt;
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\'') {
      if (i + 1 == text.size() || text[i + 1] != '\'') {
        text.remove_prefix(i + 1);
        return value;
      }
      ++i;
    }
    value += text[i];
  }
  return std::nullopt;
}

}  // namespace

std::string DefineTagCommand::ToText() const {
  std::string text = std::string(kDefineTag) + " tag=" + Quoted(tag);
  if (type) text += " type=" + Quoted(*type);
  if (unit) text += " unit=" + Quoted(*unit);
  if (description) text += " description=" + Quoted(*description);
  if (step) text += " step=" + Quoted(*step);
  return text;
}

Result<DefineTagCommand> DefineTagCommand::Parse(std::string_view text) {
  std::string_view rest = TrimBlanks(text);
  if (!rest.starts_with(kDefineTag)) return BadCommand(text);
  rest.remove_prefix(kDefineTag.size());
  DefineTagCommand command;
  std::optional<std::string> tag;
  while (!rest.empty()) {
    if (!IsBlank(rest.front())) return BadCommand(text);
    rest = TrimBlanks(rest);
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return BadCommand(text);
    const std::string_view key = rest.substr(0, equals);
    std::optional<std::string>* const slot = key == "tag"           ? &tag
                                             : key == "type"        ? &command.type
                                             : key == "unit"        ? &command.unit
                                             : key == "description" ? &command.description
                                             : key == "step"        ? &command.step
                                                                    : nullptr;
    rest.remove_prefix(equals + 1);
    if (slot == nullptr || slot->has_value()) return BadCommand(text);
    *slot = TakeQuoted(rest);
    if (!slot->has_value()) return BadCommand(text);
  }
  if (!tag) return BadCommand(text);
  command.tag = std::move(*tag);
  return command;
}

Result<Interpolation> ParseInterpolation(std::string_view step) {
  constexpr std::string_view kStepped[] = {"1", "on", "true", "yes", "step", "stepped"};
  constexpr std::string_view kSloped[] = {"0", "off", "false", "no", "linear", "sloped"};
  const auto is_one_of = [step](std::span<const std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [step](std::string_view word) {
      return EqualsIgnoreCase(TrimBlanks(step), word);
    });
  };
  if (is_one_of(kStepped)) return Interpolation::kStepped;
  if (is_one_of(kSloped)) return Interpolation::kSloped;
  return Status::InvalidArgument("step is " + QuoteForMessage(step) +
                                 "; write 1 if a value holds until the next, 0 if a line joins "
                                 "them");
}

Status RunCommand(Transaction& transaction, std::string_view text) {
  XTDB_ASSIGN_OR_RETURN(const DefineTagCommand command, DefineTagCommand::Parse(text));
  std::optional<ValueType> type;
  if (command.type) {
    XTDB_ASSIGN_OR_RETURN(type, ParseValueType(*command.type));
  }
  std::optional<Interpolation> interpolation;
  if (command.step) {
    XTDB_ASSIGN_OR_RETURN(interpolation, ParseInterpolation(*command.step));
  }
  return transaction.DefineTag(command.tag, type, command.unit, command.description, interpolation);
}

}  // namespace xtdb
