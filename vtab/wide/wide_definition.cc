#include "vtab/wide/wide_definition.h"

#include <algorithm>
#include <utility>

#include "vtab/functions/aggregate_arguments.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr std::string_view kKeys[] = {"every", "fill", "max_gap", "accept", "origin", "timezone"};
constexpr const char* kArguments[] = {"every", "fill", "max_gap", "accept", "origin", "timezone"};
constexpr std::string_view kFills[] = {"locf", "linear", "nearest", "none"};
static_assert(static_cast<int>(SampleMode::kStep) == 0 &&
              static_cast<int>(SampleMode::kExact) == 3);

Status BadArgument(std::string_view argument, std::string_view why) {
  return Status::InvalidArgument(QuoteForMessage(TrimBlanks(argument)) + ": " + std::string(why) +
                                 "; write USING xtdb_wide(plant, 'boiler.temp' AS temp, "
                                 "'boiler.press' AS press, every='1 s', fill='locf')");
}

// 'boiler.temp' AS temp; nothing for an option.
Result<std::optional<WideDefinition::Column>> ParseColumn(std::string_view argument) {
  std::string_view rest = argument;
  const bool is_bare =
      !TrimBlanks(argument).starts_with('\'') && !TrimBlanks(argument).starts_with('"');
  const std::optional<std::string> tag = TakeWord(rest);
  if (!tag) return BadArgument(argument, "a quote is not closed");
  if (rest.starts_with('=') || (is_bare && tag->find('=') != std::string::npos)) {
    return std::optional<WideDefinition::Column>();
  }
  if (tag->empty()) return BadArgument(argument, "a tag's name is expected");
  WideDefinition::Column column{*tag, *tag};
  if (rest.empty()) {
    if (tag->find_first_of("*?") == std::string::npos) return std::optional(std::move(column));
    return BadArgument(argument,
                       "a column is of one tag, and this is a pattern, unless AS names its column");
  }
  const std::optional<std::string> as = TakeWord(rest);
  const std::optional<std::string> name = TakeWord(rest);
  if (!as || !EqualsIgnoreCase(*as, "AS") || !name || name->empty() || !rest.empty()) {
    return BadArgument(argument, "behind the tag there can only be AS and a column's name");
  }
  column.name = *name;
  return std::optional(std::move(column));
}

Status TakeOptions(sqlite3* db, std::span<const std::string_view> arguments,
                   WideDefinition& definition) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<ModuleArgument> options,
                        ParseOptions(arguments, {kKeys, "every='1 s' or fill='locf'"}));
  FunctionArguments given(kArguments);
  for (const ModuleArgument& option : options) {
    if (option.key == "origin" && EqualsIgnoreCase(option.value, "now")) {
      return Status::InvalidArgument("origin is \"now\", and moves; write a time");
    }
    XTDB_RETURN_IF_ERROR(given.SetText(db, option.key, option.value));
  }
  XTDB_ASSIGN_OR_RETURN(Buckets grid, BucketsOf(given, 0, "every"));
  if (grid.is_whole() && (given.Has("origin") || given.Has("timezone"))) {
    return Status::InvalidArgument("origin and timezone are of a grid; give every as well");
  }
  // Without a grid there is a row at each point, and what is not there is NULL.
  const auto fill = grid.is_whole() ? SampleMode::kExact : SampleMode::kStep;
  XTDB_ASSIGN_OR_RETURN(const size_t mode, given.Word("fill", kFills, static_cast<size_t>(fill)));
  definition.sample.mode = static_cast<SampleMode>(mode);
  XTDB_ASSIGN_OR_RETURN(definition.sample.gap_max_us, GapMaxOf(given));
  XTDB_ASSIGN_OR_RETURN(definition.sample.accept, AcceptOf(given));
  if (!grid.is_whole()) definition.grid = std::move(grid);
  return {};
}

}  // namespace

Result<WideDefinition> ParseWideDefinition(sqlite3* db, const std::string& schema,
                                           std::span<const std::string_view> arguments) {
  WideDefinition definition;
  std::string_view table = arguments.empty() ? std::string_view() : arguments[0];
  const std::string_view whole = table;
  const std::optional<std::string> name = TakeWord(table);
  if (!name || name->empty() || !table.empty()) return BadArgument(whole, "a table is expected");
  const bool is_beside = schema != "temp" && name->find('.') == std::string::npos;
  definition.table = is_beside ? schema + "." + *name : *name;
  std::vector<std::string_view> options;
  for (const std::string_view argument : arguments.subspan(1)) {
    XTDB_ASSIGN_OR_RETURN(std::optional<WideDefinition::Column> column, ParseColumn(argument));
    if (column) {
      definition.columns.push_back(std::move(*column));
    } else {
      options.push_back(argument);
    }
  }
  if (definition.columns.empty()) {
    return BadArgument(whole, "no tag is named, and each gives a column");
  }
  XTDB_RETURN_IF_ERROR(TakeOptions(db, options, definition));
  return definition;
}

std::string WideSchema(const WideDefinition& definition) {
  std::string schema = "CREATE TABLE x(time TIMESTAMP NOT NULL COLLATE XTDB_TIME";
  for (const WideDefinition::Column& column : definition.columns) {
    schema += ", " + QuoteIdentifier(column.name) + " NUMERIC";
  }
  return schema + ", ts BIGINT HIDDEN NOT NULL)";
}

}  // namespace xtdb
