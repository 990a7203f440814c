#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xtdb {

// A grid of dots, two across and four down in each character (U+2800 to U+28FF). A dot belongs to
// one of several lines, and a character to that whose dot came last; it may hold a letter instead.
class BrailleCanvas {
 public:
  // What a character shows.
  struct Cell {
    uint8_t dots = 0;  // the low byte of the character's number
    char mark = 0;     // shown instead of the dots
    uint8_t line = 0;
  };
  // Of every `period` dots along a line the first `on` are shown. Where it goes straight up or down
  // the dots are counted from the top: so those of neighbouring columns, as of noise, make an even
  // pattern.
  struct Pen {
    uint8_t line = 0;
    int on = 1;
    int period = 1;
    int position = 0;  // along the line, moved on as it is drawn
  };
  // Both at least 1.
  BrailleCanvas(int columns, int rows);

  int dots_across() const { return columns_ * 2; }
  int dots_down() const { return rows_ * 4; }
  // Dots are counted from the left and from the top; those outside are left out.
  void SetDot(int x, int y, uint8_t line);
  // Both ends included.
  void DrawLine(int x0, int y0, int x1, int y1, Pen& pen);
  void SetMark(int column, int row, char mark, uint8_t line);

  const Cell& At(int column, int row) const { return cells_[IndexOf(column, row)]; }
  // In UTF-8; a blank if it is empty.
  static std::string TextOf(const Cell& cell);

 private:
  size_t IndexOf(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column);
  }
  const int columns_;
  const int rows_;
  std::vector<Cell> cells_;
};

}  // namespace xtdb
