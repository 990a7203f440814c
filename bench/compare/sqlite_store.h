#pragma once

#include <memory>

#include "bench/compare/store.h"

namespace xtdb::bench {

// A table of SQLite keyed by (tag, ts): WITHOUT ROWID, write-ahead log, synchronous=FULL, and as
// much page cache as xTdb has buffers.
std::unique_ptr<Contender> MakeSqliteContender();

}  // namespace xtdb::bench
