#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/format/block_format.h"

// Goal: no bytes crash the decoder, and what it takes has one spelling. Random bytes never pass a
// CRC; it is patched in, so that the checks behind it are reached too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using xtdb::BlockDirEntry;
  std::vector<std::byte> in(sizeof(BlockDirEntry));
  if (size > 0) std::memcpy(in.data(), data, std::min(size, in.size()));
  if (size > in.size()) {
    const uint32_t crc = xtdb::Crc32(std::span(in).first(in.size() - 4));
    std::memcpy(&in[in.size() - 4], &crc, sizeof(crc));
  }
  const auto decoded = xtdb::DecodeBlockDirEntry(in, 7);
  if (!decoded.ok()) return 0;
  if (xtdb::IsUnwritten(decoded.value())) {
    if (!xtdb::IsAllZero(in)) __builtin_trap();
    return 0;
  }
  std::vector<std::byte> out(sizeof(BlockDirEntry));
  xtdb::EncodeStruct(decoded.value(), out);
  if (in != out) __builtin_trap();
  return 0;
}
