#include "engine/salvage/byte_repair.h"

#include <vector>

#include "engine/base/crc32.h"

namespace xtdb {

// A CRC is linear: the change of one byte changes it by the CRC of that change among zeros,
// whatever the other bytes are (less that of zeros alone).
bool RepairOneByte(std::span<std::byte> bytes, uint32_t crc32) {
  const uint32_t difference = Crc32(bytes) ^ crc32;
  if (difference == 0) return true;
  std::vector<std::byte> zeros(bytes.size());
  const uint32_t of_zeros = Crc32(zeros);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      zeros[at] = static_cast<std::byte>(change);
      if ((Crc32(zeros) ^ of_zeros) != difference) continue;
      bytes[at] ^= static_cast<std::byte>(change);
      return true;
    }
    zeros[at] = std::byte{0};
  }
  return false;
}

}  // namespace xtdb
