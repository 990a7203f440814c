#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "vtab/chart/chart_line.h"

namespace xtdb {

// Time in which a tag has points of doubtful quality, from the first of them to the last.
struct QualitySpan {
  TimeSpan time;
  bool is_bad = false;  // else uncertain
};

struct PlotLine {
  TagPtr tag;
  // Values of bad quality break the line, as NULL does, and infinities do.
  std::vector<ChartBin> bins;
  std::vector<double> means;         // of the values in each bin
  std::vector<QualitySpan> quality;  // by time
  bool has_infinities = false;

  bool HasQuality(bool is_bad) const;
  // As the tag is defined; else a bool has steps.
  bool is_stepped() const;
};

// Lines that share an axis of values, since they have the same unit.
struct PlotPanel {
  std::string unit;
  std::vector<PlotLine> lines;  // with points
};

struct PlotData {
  TimeSpan span;                   // what the axis of time shows
  std::vector<PlotPanel> panels;   // at least one
  std::vector<std::string> empty;  // tags without a value in the span
};

struct PlotRequest {
  std::vector<TagPtr> tags;        // in the order of the legend
  std::optional<int64_t> from_us;  // inclusive; else from the first point
  std::optional<int64_t> to_us;    // exclusive; else to the last one
  int bins = 1000;                 // parts of the span
  size_t threads = 1;              // that read
};

// Reads what a chart of the tags shows, mostly from statistics. kInvalidArgument for a text tag;
// kNotFound if there are no points in the range: says where there are some.
Result<PlotData> ReadPlot(const ReadView& view, const PlotRequest& request);

}  // namespace xtdb
