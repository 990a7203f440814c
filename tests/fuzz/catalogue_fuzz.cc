#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/catalog/catalogue_format.h"

// Goal: no bytes crash the decoder, and what it takes has one spelling. Random bytes never pass a
// CRC; it is patched in, so that the checks behind it are reached too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::byte> in(size);
  if (size > 0) std::memcpy(in.data(), data, size);
  if (size > 4) {
    const uint32_t crc = xtdb::Crc32(std::span(in).first(size - 4));
    std::memcpy(&in[size - 4], &crc, sizeof(crc));
  }
  const auto decoded = xtdb::DecodeCatalogue(in);
  if (!decoded.ok()) return 0;
  const auto out = xtdb::EncodeCatalogue(decoded.value());
  if (!out.ok() || out.value() != in) __builtin_trap();
  return 0;
}
