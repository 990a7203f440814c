#pragma once

#include <cstdint>
#include <span>

#include "engine/base/status.h"
#include "engine/io/file_system.h"

namespace xtdb {

// Reads what a file that may have lost its end has of [offset, offset + out.size()); what is beyond
// is zeros. Threads: as File.
Status ReadUpToEnd(File& file, uint64_t file_size, uint64_t offset, std::span<std::byte> out);

}  // namespace xtdb
