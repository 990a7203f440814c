#include "vtab/chart/braille_canvas.h"

#include <cstdlib>

namespace xtdb {
namespace {

// The bit of a dot, by its place in the character: Unicode numbers the two lowest dots last.
constexpr uint8_t kDotBits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};

}  // namespace

BrailleCanvas::BrailleCanvas(int columns, int rows)
    : columns_(columns),
      rows_(rows),
      cells_(static_cast<size_t>(columns) * static_cast<size_t>(rows)) {}

void BrailleCanvas::SetDot(int x, int y, uint8_t line) {
  if (x < 0 || y < 0 || x >= dots_across() || y >= dots_down()) return;
  Cell& cell = cells_[IndexOf(x / 2, y / 4)];
  cell.dots = static_cast<uint8_t>(cell.dots | kDotBits[x % 2][y % 4]);
  cell.line = line;
}

// J. E. Bresenham, "Algorithm for computer control of a digital plotter", IBM Systems Journal 4
// (1965).
void BrailleCanvas::DrawLine(int x0, int y0, int x1, int y1, Pen& pen) {
  const int dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0);
  const int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1;
  const bool is_upright = dx <= 1 && -dy > dx;
  int error = dx + dy;
  while (true) {
    if ((is_upright ? y0 : pen.position) % pen.period < pen.on) SetDot(x0, y0, pen.line);
    if (x0 == x1 && y0 == y1) return;
    pen.position = (pen.position + 1) % pen.period;
    const int doubled = 2 * error;
    if (doubled >= dy) {
      error += dy;
      x0 += step_x;
    }
    if (doubled <= dx) {
      error += dx;
      y0 += step_y;
    }
  }
}

void BrailleCanvas::SetMark(int column, int row, char mark, uint8_t line) {
  Cell& cell = cells_[IndexOf(column, row)];
  cell.mark = mark;
  cell.line = line;
}

std::string BrailleCanvas::TextOf(const Cell& cell) {
  if (cell.mark != 0) return {cell.mark};
  if (cell.dots == 0) return " ";
  const auto byte = [](int value) { return static_cast<char>(value); };
  return {byte(0xE2), byte(0xA0 | cell.dots >> 6), byte(0x80 | (cell.dots & 0x3F))};
}

}  // namespace xtdb
