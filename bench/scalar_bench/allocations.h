#pragma once

#include <cstdint>

namespace xtdb::bench {

// How often operator new was called; SQLite's own memory does not come from there.
uint64_t Allocations();

}  // namespace xtdb::bench
