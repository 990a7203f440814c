#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// The time sections; see section.h for the contract. Times to encode are strictly increasing; what
// decode yields may be in any order and range, also by wrapping: the caller checks the result,
// which needs no thought about how it came to be.
struct TimeCodec {
  TimeEncoding encoding;
  std::string_view name;
  bool (*try_encode)(std::span<const int64_t> ts_us, size_t size_max, std::vector<std::byte>& out);
  Status (*decode)(std::span<const std::byte> in, std::span<int64_t> ts_us);
};

std::span<const TimeCodec> TimeCodecs();

}  // namespace xtdb
