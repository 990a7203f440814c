#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/io/clock.h"
#include "shell/csv/csv_schema.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct ImportOptions {
  std::string container;
  std::vector<std::string> files;  // "-": standard input
  CsvOptions csv;
  bool skip_bad_lines = false;
  Quality quality = kQualityGood;  // of files that have no column for it
  uint64_t rows_per_commit = 0;    // 0: all files are one transaction
};

// Reads CSV files into the container. A bad line ends the import, or is told and skipped. On an
// error nothing is kept of what was not committed, and a container made by the import is removed.
//   stop_asked: looked at between lines; true ends the import as an error does
Status RunImport(const ImportOptions& options, Clock& clock,
                 const std::function<bool()>& stop_asked, const Terminal& terminal);

}  // namespace xtdb
