#include "capi/capi_version.h"

namespace xtdb {

const char* CApiVersion() { return XTDB_VERSION; }

}  // namespace xtdb
