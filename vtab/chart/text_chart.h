#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vtab/chart/braille_canvas.h"
#include "vtab/chart/chart_line.h"
#include "vtab/chart/time_axis.h"
#include "vtab/chart/value_axis.h"

namespace xtdb {

struct TextChartOptions {
  // In characters, axes included, the legend not; long labels may make a narrow chart wider. In
  // `box` mode of the sqlite3 shell the default fits a terminal of 80 x 24.
  int width = 76;
  int height = 20;
  // Tells lines apart by a terminal's escape codes; else by letters and dashes.
  bool in_colour = false;
  std::optional<TimeSpan> span;  // what the axis of time shows; else the time of the points
  size_t gutter_min = 0;         // of charts below each other the left edges are to be alike
  std::string note;              // a line below everything
};

// A line chart of characters: Braille dots, two across and four down in each.
// Threads: one at a time.
class TextChart {
 public:
  static constexpr int kWidthMin = 20, kWidthMax = 500;
  static constexpr int kHeightMin = 4, kHeightMax = 200;
  static constexpr size_t kLinesMax = 12;

  // lines: at most kLinesMax, with points. Width and height lie within the bounds above.
  TextChart(std::vector<ChartLine> lines, TextChartOptions options);

  // Lines without blanks at their ends; the last without its end. Without points "no points" and
  // the note.
  std::string Draw();
  size_t gutter() const { return gutter_; }  // characters left of the axis of values

 private:
  struct Dot {
    int x = 0;
    int y = 0;
  };
  // Where a line of the chart runs: the row in each column of characters, or none.
  using Course = std::vector<std::optional<int>>;
  void MakeAxes();
  Dot DotOf(int64_t ts_us, double value) const;
  void DrawLine(const ChartLine& line, BrailleCanvas::Pen pen, Course& course);
  void MarkLines(const std::vector<Course>& courses);
  std::string PlotText() const;
  std::string RowText(int row) const;
  std::string TimeAxisText() const;
  std::string KeyOf(size_t line) const;  // before its name in the legend
  std::string LegendText() const;
  std::string InColour(const std::string& text, size_t line) const;
  bool tells_apart_by_letters() const { return lines_.size() > 1 && !options_.in_colour; }

  const std::vector<ChartLine> lines_;
  const TextChartOptions options_;
  TimeSpan span_;
  size_t gutter_ = 0;
  int columns_ = 0;
  int rows_ = 0;
  std::optional<ValueAxis> value_axis_;
  std::optional<TimeAxis> time_axis_;
  std::optional<BrailleCanvas> canvas_;
};

}  // namespace xtdb
