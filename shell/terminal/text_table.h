#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace xtdb {

// Columns of text, each as wide as its widest cell, two blanks apart, under a header and a rule.
// Control characters are blanks: a cell is on one line, and gives no orders to the terminal.
// Threads: none of its own.
class TextTable {
 public:
  enum class Align : unsigned char { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Precondition: as many cells as columns.
  void AddRow(std::vector<std::string> cells);
  std::string ToString() const;  // lines, each with its end

 private:
  const std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace xtdb
