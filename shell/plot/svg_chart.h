#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shell/plot/plot_data.h"
#include "shell/plot/svg_panel.h"
#include "vtab/chart/time_axis.h"

namespace xtdb {

struct SvgChartOptions {
  int width = 960;                 // in the units of the drawing, pixels if it is not scaled
  std::optional<int> height;       // else what the panels need to be read well
  std::vector<std::string> notes;  // shown below
};

// A line chart as an SVG file: a panel for each unit, below each other, with one axis of time. A
// line goes through the means of its bins, within a band from the least to the greatest value.
// Time with points of bad or uncertain quality is shaded. The file is for light backgrounds, scales
// with the page that shows it, and has neither scripts nor references to other files.
// Threads: one at a time.
class SvgChart {
 public:
  static constexpr int kSizeMin = 200, kSizeMax = 10'000;

  // Borrows `data`, which must outlive it. Sizes lie within the bounds above.
  SvgChart(const PlotData& data, SvgChartOptions options);
  std::string Draw();

 private:
  // Explains a colour, or is a note.
  struct FooterItem {
    const char* colour = nullptr;
    std::string text;
    int row = 0;
    double x = 0;
  };
  void MakePanels();
  void MakeFooter();
  void DrawTimeAxis();
  void DrawFooter();

  const PlotData& data_;
  const SvgChartOptions options_;
  const TimeSpan span_;
  const double right_;  // where the plots end
  double height_ = 0;
  std::vector<SvgPanel> panels_;
  std::optional<TimeAxis> time_axis_;
  std::vector<FooterItem> footer_;
  std::string out_;
};

}  // namespace xtdb
