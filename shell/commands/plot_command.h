#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct PlotOptions {
  std::string container = {};
  // Names, or patterns with * and ?; empty: all that are no texts.
  std::vector<std::string> tags = {};
  std::optional<int64_t> from_us = {};  // inclusive
  std::optional<int64_t> to_us = {};    // exclusive
  // Characters; else the terminal's. Of an SVG file its units, pixels on most screens.
  std::optional<int> width = {};
  std::optional<int> height = {};
  std::string svg = {};  // the file to write; "": draw on the terminal
};

// Draws a line chart of tags: a panel for each unit.
Status RunPlot(const PlotOptions& options, const Terminal& terminal);

}  // namespace xtdb
