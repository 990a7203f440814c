#include "vtab/functions/register.h"

namespace xtdb {

int RegisterFunctions(sqlite3* /*db*/) { return SQLITE_OK; }

}  // namespace xtdb
