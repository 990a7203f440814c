#include "engine/salvage/sparse_read.h"

#include <algorithm>

namespace xtdb {

Status ReadUpToEnd(File& file, uint64_t file_size, uint64_t offset, std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  if (offset >= file_size) return Status();
  const uint64_t present = std::min<uint64_t>(out.size(), file_size - offset);
  return file.ReadAt(offset, out.first(static_cast<size_t>(present)));
}

}  // namespace xtdb
