#pragma once

#include <string>
#include <string_view>

#include "engine/backup/container_backup.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

// Says what a checked copy holds, of `backup` and `restore`.
//   done: what stands in front of the points: "" or "restored "
//   json: one object instead: points, blocks, chunks, bytes_written
void PrintCopyReport(const BackupReport& report, const std::string& target, std::string_view done,
                     bool json, const Terminal& terminal);

}  // namespace xtdb
