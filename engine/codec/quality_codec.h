#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// The quality sections; see section.h for the contract. Any byte is a quality.
struct QualityCodec {
  QualityEncoding encoding;
  std::string_view name;
  bool (*try_encode)(std::span<const Quality> quality, size_t size_max,
                     std::vector<std::byte>& out);
  Status (*decode)(std::span<const std::byte> in, std::span<Quality> quality);
};

std::span<const QualityCodec> QualityCodecs();

}  // namespace xtdb
