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
  std::vector<std::byte> in(size);
  if (size > 0) std::memcpy(in.data(), data, size);
  if (size >= sizeof(xtdb::BlockHead)) {
    xtdb::BlockHead head;
    std::memcpy(&head, in.data(), sizeof(head));
    const auto table = std::span(in).subspan(sizeof(head));
    const size_t table_bytes =
        std::min(table.size(), sizeof(xtdb::VectorEntry) * head.vector_count);
    head.table_crc32 = xtdb::Crc32(table.first(table_bytes));
    xtdb::EncodeStruct(head, in);
  }
  const auto decoded = xtdb::DecodeBlockHead(in);
  if (!decoded.ok()) return 0;
  std::vector<std::byte> out(sizeof(xtdb::BlockHead));
  xtdb::EncodeStruct(decoded.value().head, out);
  const auto table = std::as_bytes(std::span(decoded.value().vectors));
  out.insert(out.end(), table.begin(), table.end());
  if (out.size() > in.size() || !std::equal(out.begin(), out.end(), in.begin())) __builtin_trap();
  return 0;
}
