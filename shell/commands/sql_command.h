#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

struct SqlOptions {
  std::string container;
  bool create = false;                 // the container need not exist
  bool read_only = false;              // nothing is written
  std::vector<std::string> arguments;  // for sqlite3: options and SQL
};

// A table's name made of the file's: letters, digits and _; a leading digit gets a _ in front.
std::string TableNameFor(const std::string& container_path);

// Where the extension is: $XTDB_EXTENSION, else beside the program, else in the lib folder of the
// tree that it was installed to.
//   variable: of the environment; program_path: absolute
Result<std::string> FindExtension(const std::optional<std::string>& variable,
                                  const std::string& program_path);

// The command line of the stock shell.
//   interactive: a person reads the result, so it is shown as a table
std::vector<std::string> SqliteArguments(const SqlOptions& options,
                                         const std::string& extension_path,
                                         const std::string& container_path, bool interactive);

}  // namespace xtdb
