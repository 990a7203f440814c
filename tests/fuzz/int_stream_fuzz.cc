// Any bytes are an error, or integers that a writer's stream gives back, from exactly its bytes.
//
// Input: count (2 bytes), then the stream.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/base/types.h"
#include "engine/codec/int_stream.h"

namespace xtdb {
namespace {

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

void RequireWritable(std::span<const uint64_t> values) {
  for (const bool compress : {false, true}) {
    std::vector<std::byte> again;
    AppendStream(values, compress, again);
    const size_t size = again.size();
    again.resize(size + 3);
    ByteReader reader(again);
    std::vector<uint64_t> read(values.size());
    Require(ReadStream(reader, read).ok());
    Require(reader.rest().size() == 3);
    Require(std::equal(read.begin(), read.end(), values.begin()));
  }
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  uint16_t count = 0;
  if (size < sizeof(count)) return 0;
  std::memcpy(&count, data, sizeof(count));
  if (count > kVectorPointsMax) return 0;
  // Exactly as many as there are, so that a sanitizer sees one more.
  std::vector<uint64_t> values(count);
  ByteReader reader(std::as_bytes(std::span(data + sizeof(count), size - sizeof(count))));
  const Status status = ReadStream(reader, values);
  if (!status.ok()) {
    Require(status.code() == StatusCode::kCorruption);
    return 0;
  }
  Require(count > 0);
  RequireWritable(values);
  return 0;
}
