#pragma once

#include <cstdint>
#include <span>

namespace xtdb {

// CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320, as in zlib and PNG), by libdeflate's SIMD
// kernels. Crc32("123456789") is 0xCBF43926.
uint32_t Crc32(std::span<const std::byte> data);
// Goes on from the CRC of what stands before `data`.
uint32_t Crc32Extend(uint32_t crc, std::span<const std::byte> data);

}  // namespace xtdb
