#include "shell/terminal/text_table.h"

#include <algorithm>
#include <utility>

#include "vtab/text/one_line.h"

namespace xtdb {
namespace {

void AppendCell(std::string& line, const std::string& cell, size_t width, TextTable::Align align) {
  const std::string padding(width - std::min(width, ColumnCount(cell)), ' ');
  if (align == TextTable::Align::kRight) line += padding;
  line += cell;
  if (align == TextTable::Align::kLeft) line += padding;
}

void EndLine(std::string& lines) {
  lines.erase(lines.find_last_not_of(' ') + 1);
  lines += '\n';
}

}  // namespace

void TextTable::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = OneLine(cell, std::string::npos);
  rows_.push_back(std::move(cells));
}

std::string TextTable::ToString() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(ColumnCount(column.title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], ColumnCount(row[i]));
    }
  }
  std::string lines, rule;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) lines += "  ";
    AppendCell(lines, columns_[i].title, widths[i], columns_[i].align);
    rule += (i > 0 ? "  " : "") + std::string(widths[i], '-');
  }
  EndLine(lines);
  lines += rule + '\n';
  for (const auto& row : rows_) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) lines += "  ";
      AppendCell(lines, row[i], widths[i], columns_[i].align);
    }
    EndLine(lines);
  }
  return lines;
}

}  // namespace xtdb
