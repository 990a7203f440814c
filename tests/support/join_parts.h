#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xtdb {

// The bytes that File::WriteVAt writes.
inline std::vector<std::byte> JoinParts(std::span<const std::span<const std::byte>> parts) {
  std::vector<std::byte> joined;
  for (const std::span<const std::byte> part : parts) {
    joined.insert(joined.end(), part.begin(), part.end());
  }
  return joined;
}

}  // namespace xtdb
