#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xtdb {

// Mends `bytes` if one byte of them is wrong: the one change that gives them their CRC32. False,
// and nothing changed, if there is none. For up to a few KiB: every byte is tried in every way, and
// a wrong mend would need a chance of some 10^5 in 2^32.
bool RepairOneByte(std::span<std::byte> bytes, uint32_t crc32);

}  // namespace xtdb
