#include "bench/compare/table.h"

#include <fmt/core.h>

#include <algorithm>

#include "bench/common/text.h"
#include "bench/common/timing.h"

namespace xtdb::bench {
namespace {

const std::vector<double>& At(const std::array<std::vector<double>, kColumns>& all, Column column) {
  return all[static_cast<size_t>(column)];
}

bool IsDuckdb(Column column) {
  return column == Column::kDuckdb || column == Column::kDuckdbSorted;
}

std::string RatioText(std::optional<double> ratio) {
  return ratio.has_value() ? Figure(*ratio) + "x" : "-";
}

}  // namespace

Table::Row Table::AddRow(std::string work, std::string unit, Better better, Reach reach) {
  lines_.push_back({std::move(work), std::move(unit), better, reach, {}});
  return lines_.size() - 1;
}

void Table::Add(Row row, Column column, double measured) {
  lines_[row].measured[static_cast<size_t>(column)].push_back(measured);
}

bool Table::has(Row row, Column column) const { return !At(lines_[row].measured, column).empty(); }

double Table::MedianOf(Row row, Column column) const {
  return Median(At(lines_[row].measured, column));
}

std::optional<double> Table::RatioTo(const Line& line, std::initializer_list<Column> peers) {
  if (At(line.measured, Column::kXtdb).empty()) return {};
  const double own = Median(At(line.measured, Column::kXtdb));
  std::optional<double> ratio;
  for (const Column peer : peers) {
    if (At(line.measured, peer).empty()) continue;
    const double other = Median(At(line.measured, peer));
    const double here = line.better == Better::kLarger ? own / other : other / own;
    ratio = ratio.has_value() ? std::min(*ratio, here) : here;
  }
  return ratio;
}

std::string Table::Cell(const Line& line, Column column, bool with_duckdb) const {
  if (IsDuckdb(column) && !with_duckdb) return "not installed";
  const std::vector<double>& measured = At(line.measured, column);
  return measured.empty() ? "-" : Figure(Median(measured));
}

// What is to be reached, and whether it is. A ratio to a store that was not measured is left out.
std::string Table::Verdict(const Line& line, bool judges) {
  const Reach& reach = line.reach;
  if (reach.value == 0 && reach.over_sqlite == 0 && reach.over_duckdb == 0) return "";
  const bool larger = line.better == Better::kLarger;
  std::string text;
  bool met = true;
  bool judged = false;
  const auto add = [&](const std::string& what, bool reached) {
    text += (text.empty() ? "" : ", ") + what;
    met = met && reached;
    judged = true;
  };
  if (reach.value != 0 && !At(line.measured, Column::kXtdb).empty()) {
    const double own = Median(At(line.measured, Column::kXtdb));
    add((larger ? ">= " : "<= ") + Figure(reach.value),
        larger ? own >= reach.value : own <= reach.value);
  }
  if (const auto ratio = RatioTo(line, {Column::kSqlite}); reach.over_sqlite != 0 && ratio)
    add(Figure(reach.over_sqlite) + "x SQLite", *ratio >= reach.over_sqlite);
  if (const auto ratio = RatioTo(line, {Column::kDuckdb}); reach.over_duckdb != 0 && ratio)
    add(Figure(reach.over_duckdb) + "x DuckDB", *ratio >= reach.over_duckdb);
  if (!judged) return "";
  if (!judges && line.unit != kBytes) return text;
  return text + (met ? "  yes" : "  NO");
}

void Table::Print(bool with_duckdb, bool judges) const {
  size_t width = 4;
  for (const Line& line : lines_) width = std::max(width, line.work.size());
  constexpr const char* kForm =
      "| {:<{}} | {:<8} | {:>9} | {:>9} | {:>13} | {:>13} | {:>8} | {:>8} "
      "| {:<26} |\n";
  fmt::print(kForm, "work", width, "unit", "xTdb", "SQLite", "DuckDB", "DuckDB sorted", "/SQLite",
             "/DuckDB", "to reach");
  fmt::print(
      "|{0:-<{1}}|{0:-<10}|{0:->10}:|{0:->10}:|{0:->14}:|{0:->14}:|{0:->9}:|{0:->9}:|"
      "{0:-<28}|\n",
      "", width + 2);
  for (const Line& line : lines_) {
    fmt::print(
        kForm, line.work, width, line.unit, Cell(line, Column::kXtdb, with_duckdb),
        Cell(line, Column::kSqlite, with_duckdb), Cell(line, Column::kDuckdb, with_duckdb),
        Cell(line, Column::kDuckdbSorted, with_duckdb), RatioText(RatioTo(line, {Column::kSqlite})),
        RatioText(RatioTo(line, {Column::kDuckdb, Column::kDuckdbSorted})), Verdict(line, judges));
  }
  fmt::print("\n");
  for (const std::string& note : notes_) fmt::print("{}\n", note);
}

}  // namespace xtdb::bench
