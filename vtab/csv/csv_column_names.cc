#include "vtab/csv/csv_column_names.h"

#include <algorithm>

#include "vtab/text/quote_text.h"

namespace xtdb {

ColumnName SplitColumnName(std::string_view text) {
  ColumnName column{ToLower(TrimBlanks(text)), std::nullopt};
  const size_t bracket = column.name.find_first_of("([");
  if (bracket != std::string::npos && bracket > 0) {
    const size_t end = column.name.find_first_of(")]", bracket);
    const Result<CsvTimeFormat> unit =
        ParseCsvTimeFormat(std::string_view(column.name).substr(bracket + 1, end - bracket - 1));
    if (unit.ok()) column.unit = unit.value();
    column.name = std::string(TrimBlanks(std::string_view(column.name).substr(0, bracket)));
  }
  const size_t underscore = column.name.rfind('_');
  if (underscore != std::string::npos && underscore > 0) {
    const std::string_view suffix = std::string_view(column.name).substr(underscore + 1);
    const Result<CsvTimeFormat> unit = ParseCsvTimeFormat(suffix);
    if (unit.ok()) column.unit = unit.value();
    if (unit.ok() || suffix == "utc") column.name.resize(underscore);
  }
  return column;
}

size_t Rank(std::span<const std::string_view> names, std::string_view name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

bool IsTimeName(std::string_view text) {
  return Rank(kTimeNames, SplitColumnName(text).name) < kTimeNames.size();
}

}  // namespace xtdb
