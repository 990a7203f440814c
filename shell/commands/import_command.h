#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "shell/terminal/terminal.h"
#include "vtab/csv/csv_import.h"

namespace xtdb {

struct ImportOptions : CsvImportOptions {
  std::string container;
  std::vector<std::string> files;  // "-": standard input
};

// Reads CSV files into the container. A bad line ends the import, or is told and skipped. On an
// error nothing is kept of what was not committed, and a container made by the import is removed.
//   stop_asked: looked at between lines; true ends the import as an error does
Status RunImport(const ImportOptions& options, Clock& clock,
                 const std::function<bool()>& stop_asked, const Terminal& terminal);

}  // namespace xtdb
