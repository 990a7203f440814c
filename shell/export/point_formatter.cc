#include "shell/export/point_formatter.h"

#include "shell/export/csv_formatter.h"
#include "shell/export/json_formatter.h"
#include "shell/export/line_formatter.h"

namespace xtdb {

std::unique_ptr<PointFormatter> PointFormatter::Make(ExportFormat format, bool definitions) {
  switch (format) {
    case ExportFormat::kJson:
      return std::make_unique<JsonFormatter>(definitions);
    case ExportFormat::kLines:
      return std::make_unique<LineFormatter>();
    case ExportFormat::kCsv:
      break;
  }
  return std::make_unique<CsvFormatter>(definitions);
}

}  // namespace xtdb
