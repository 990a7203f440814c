#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/csv_import.h"

namespace xtdb {

class Connection;
class ContainerSession;

// One call of xtdb_import(tbl, file [, options]). It runs INSERT INTO tbl(command) VALUES
// ('import') on the caller's connection, which finds here what to do: by itself that command, which
// any trigger could contain, names no file.
struct ImportCall {
  std::string file;
  CsvImportOptions options;
  uint64_t rows = 0;  // that it has written
};
inline constexpr std::string_view kImportCommand = "import";

// `time_format=dmy, delimiter=';', on_error=skip`: the options of the program's import, with
// underscores. kInvalidArgument names what is wrong with them.
Result<CsvImportOptions> ParseImportOptions(std::string_view text);

// Carries out the connection's import_call() in the session's transaction: all of the file or
// nothing. kInterrupted where sqlite3_interrupt asks for it. Lines that are left out are told by an
// event. kInvalidArgument: no call is running.
Status RunTableImport(Connection& connection, ContainerSession& session);

}  // namespace xtdb
