#include "vtab/version.h"

namespace xtdb {

std::string_view Version() { return XTDB_VERSION; }

}  // namespace xtdb
