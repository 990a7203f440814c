#pragma once

#include <cstddef>
#include <cstdint>

namespace xtdb {

// Bytes behind a text that the kernels of this folder may read, whatever they hold.
inline constexpr size_t kCsvSlackBytes = 64;

// Finds the bytes that cut CSV: the separator, line ends and quotes, wherever they stand.
//   text:      [size], and kCsvSlackBytes that may be read
//   positions: [size + kCsvSlackBytes] out, ascending; what is behind the result is rubbish
// Returns how many there are.
size_t IndexStructure(const char* text, size_t size, char separator, uint32_t* positions);

// The same byte by byte: for processors without AVX2, and to compare with.
size_t IndexStructurePlain(const char* text, size_t size, char separator, uint32_t* positions);

}  // namespace xtdb
