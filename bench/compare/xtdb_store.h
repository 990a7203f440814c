#pragma once

#include <memory>

#include "bench/compare/store.h"

namespace xtdb::bench {

// xTdb as SQL users have it: the extension at `extension`, loaded into SQLite; default options.
std::unique_ptr<Contender> MakeXtdbContender(const std::filesystem::path& extension);

}  // namespace xtdb::bench
