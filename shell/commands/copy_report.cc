#include "shell/commands/copy_report.h"

#include <fmt/format.h>

#include "shell/terminal/human_text.h"

namespace xtdb {

void PrintCopyReport(const BackupReport& report, const std::string& target, std::string_view done,
                     bool json, const Terminal& terminal) {
  if (json) {
    fmt::print(terminal.out,
               "{{\"points\": {}, \"blocks\": {}, \"chunks\": {}, \"bytes_written\": {}}}\n",
               report.points, report.blocks, report.chunks, report.bytes_written);
    return;
  }
  fmt::print(terminal.out, "{}: {}{} in {} of {}, {}, checked\n", target, done,
             CountText(report.points, "point"), CountText(report.blocks, "block"),
             CountText(report.chunks, "chunk"), BytesText(report.bytes_written));
}

}  // namespace xtdb
