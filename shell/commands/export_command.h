#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/clock.h"
#include "shell/export/point_formatter.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct ExportOptions {
  std::string container;
  std::vector<std::string> tags = {};  // names and patterns; none: all
  int64_t ts_from_us = kTsMin;
  int64_t ts_to_us = kTsMax;  // inclusive
  ExportFormat format = ExportFormat::kCsv;
  bool definitions = true;   // of kCsv
  std::string output = "-";  // "-": terminal.out
};

// Writes points of a container as text, by tag and time; changes nothing. On an error no file is
// left at `output`, and what was there before stays.
//   stop_asked: looked at between batches; true ends the export as an error does
Status RunExport(const ExportOptions& options, Clock& clock,
                 const std::function<bool()>& stop_asked, const Terminal& terminal);

}  // namespace xtdb
