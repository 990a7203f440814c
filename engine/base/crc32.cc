#include "engine/base/crc32.h"

#include <libdeflate.h>

namespace xtdb {

uint32_t Crc32(std::span<const std::byte> data) { return Crc32Extend(0, data); }

uint32_t Crc32Extend(uint32_t crc, std::span<const std::byte> data) {
  // libdeflate takes a null buffer for a request to reset; an empty span leaves the CRC alone.
  if (data.empty()) return crc;
  return libdeflate_crc32(crc, data.data(), data.size());
}

}  // namespace xtdb
