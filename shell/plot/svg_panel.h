#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shell/plot/plot_data.h"
#include "vtab/chart/time_axis.h"
#include "vtab/chart/value_axis.h"

namespace xtdb {

// A part of an SVG chart with an axis of values of its own: a legend, and the lines of one unit
// below it. Lengths are in the units of the drawing.
//
// Ownership: borrows the panel.
// Threads:   one at a time.
class SvgPanel {
 public:
  // width: what a legend has; height: of the plot below it
  SvgPanel(const PlotPanel& panel, const TimeSpan& span, double width, double height);

  static double LegendHeight(const PlotPanel& panel, double width);
  double label_width() const;  // left of the axis of values
  // Where the plot has its left and right edge, and the legend its upper one. Before Draw.
  void PlaceAt(double left, double right, double y);
  double left() const { return left_; }
  double top() const { return top_; }
  double bottom() const { return top_ + height_; }
  double XOf(int64_t ts_us) const;
  // A line that shows the mean of many values has a band from the least to the greatest.
  bool has_band() const;
  void Draw(const TimeAxis& time_axis, std::string& out) const;

 private:
  // Bins of a line between two breaks.
  struct Stretch {
    size_t begin = 0;
    size_t end = 0;
  };
  // Those of a line, as path data and elements.
  struct Shapes {
    std::string band;
    std::string path;
    std::string markers;
  };
  using LegendRows = std::vector<std::vector<size_t>>;  // numbers of lines in each row
  static LegendRows LegendRowsOf(const PlotPanel& panel, double width);
  static std::vector<Stretch> StretchesOf(const std::vector<ChartBin>& bins);
  double YOf(double value) const;
  double MiddleOf(const ChartBin& bin) const;
  void AddStretch(const PlotLine& line, const Stretch& stretch, Shapes& shapes) const;
  void DrawQuality(std::string& out) const;
  void DrawGrid(const TimeAxis& time_axis, std::string& out) const;
  void DrawLine(const PlotLine& line, const char* colour, std::string& out) const;
  void DrawLegend(std::string& out) const;

  const PlotPanel& panel_;
  const TimeSpan span_;
  const double width_;
  const double height_;
  const ValueAxis axis_;
  double left_ = 0;
  double right_ = 0;
  double legend_y_ = 0;
  double top_ = 0;
};

}  // namespace xtdb
