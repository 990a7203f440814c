#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xtdb {

// zstd frames within sections, without the 4 bytes of magic, the size and the checksum that stand
// elsewhere already. [RFC 8878; zstd's "magicless" format]
// Each thread has its contexts: they are some 100 KiB to set up.
// Throws std::bad_alloc.

// Appends a frame of `content` if it takes fewer than `size_max` bytes; returns its size, 0 if not.
size_t TryAppendFrame(std::span<const std::byte> content, int level, size_t size_max,
                      std::vector<std::byte>& out);

// No frame holds more than this many times its own size: a block of 128 KiB takes 4 bytes.
inline constexpr size_t kFrameRatioMax = 128 * 1024;

// Fills `content` from an untrusted frame; false if it is not exactly one of that content.
bool ReadFrame(std::span<const std::byte> frame, std::span<std::byte> content);

}  // namespace xtdb
