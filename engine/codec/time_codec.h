#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/byte_io.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// Times to encode are strictly increasing. The first one is not written: it stands in the block's
// vector table.
struct TimeRows {
  std::span<const int64_t> ts_us;  // 1 .. kVectorPointsMax
  bool compress = false;
};

// The time sections; see section.h for the contract. What read yields may be in any order and
// range, also by wrapping: the caller checks the result, which needs no thought about how it came
// to be.
struct TimeCodec {
  TimeEncoding encoding;
  std::string_view name;
  bool (*try_append)(const TimeRows& rows, size_t size_max, std::vector<std::byte>& out);
  Status (*read)(ByteReader& reader, int64_t first_ts_us, std::span<int64_t> ts_us);
};

std::span<const TimeCodec> TimeCodecs();

}  // namespace xtdb
