#include "vtab/chart/braille_canvas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xtdb {
namespace {

std::string Row(const BrailleCanvas& canvas, int row) {
  std::string text;
  for (int column = 0; column < canvas.dots_across() / 2; ++column) {
    text += BrailleCanvas::TextOf(canvas.At(column, row));
  }
  return text;
}

TEST(BrailleCanvasTest, EveryDotHasItsPlace) {
  // clang-format off
  constexpr const char* kDots[4][2] = {{"⠁", "⠈"},
                                       {"⠂", "⠐"},
                                       {"⠄", "⠠"},
                                       {"⡀", "⢀"}};
  // clang-format on
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 2; ++x) {
      BrailleCanvas canvas(1, 1);
      canvas.SetDot(x, y, 0);
      EXPECT_EQ(Row(canvas, 0), kDots[y][x]);
    }
  }
}

TEST(BrailleCanvasTest, DotsOutsideAreLeftOut) {
  BrailleCanvas canvas(2, 1);
  canvas.SetDot(-1, 0, 0);
  canvas.SetDot(0, -1, 0);
  canvas.SetDot(4, 0, 0);
  canvas.SetDot(0, 4, 0);
  EXPECT_EQ(Row(canvas, 0), "  ");
}

TEST(BrailleCanvasTest, LinesGoInEveryDirection) {
  BrailleCanvas rising(2, 1), falling(2, 1);
  BrailleCanvas::Pen pen;
  rising.DrawLine(0, 3, 3, 0, pen);
  falling.DrawLine(3, 3, 0, 0, pen);
  EXPECT_EQ(Row(rising, 0), "⡠⠊");
  EXPECT_EQ(Row(falling, 0), "⠑⢄");
}

TEST(BrailleCanvasTest, ADashGoesOnInTheNextPieceOfALine) {
  BrailleCanvas canvas(4, 1);
  BrailleCanvas::Pen pen{.line = 1, .on = 2, .period = 4};
  canvas.DrawLine(0, 0, 3, 0, pen);
  canvas.DrawLine(3, 0, 7, 0, pen);
  EXPECT_EQ(Row(canvas, 0), "⠉ ⠉ ");
  EXPECT_EQ(canvas.At(0, 0).line, 1);
}

TEST(BrailleCanvasTest, UprightDashesOfNeighboursLieSideBySide) {
  BrailleCanvas canvas(1, 2);
  BrailleCanvas::Pen pen{.line = 0, .on = 1, .period = 2, .position = 1};
  canvas.DrawLine(0, 7, 0, 0, pen);
  canvas.DrawLine(1, 0, 1, 7, pen);
  EXPECT_EQ(Row(canvas, 0), "⠭");
  EXPECT_EQ(Row(canvas, 1), "⠭");
}

TEST(BrailleCanvasTest, AMarkHidesTheDots) {
  BrailleCanvas canvas(1, 1);
  canvas.SetDot(0, 0, 0);
  canvas.SetMark(0, 0, 'A', 3);
  EXPECT_EQ(Row(canvas, 0), "A");
  EXPECT_EQ(canvas.At(0, 0).line, 3);
}

}  // namespace
}  // namespace xtdb
