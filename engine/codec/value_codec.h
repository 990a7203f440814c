#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// Values to encode. Rows without a value (NULL, deleted) hold some other row's value, whichever
// packs well, except in kText, where their bits are 0, a reference to no bytes.
struct ValueRows {
  ValueType type;
  std::span<const ValueBits> bits;  // 1 .. kVectorPointsMax
  std::string_view text_heap;       // kText only
};

// Where decoded values go. The caller sets rows without a value to 0 afterwards.
struct DecodedValues {
  ValueType type;
  std::span<ValueBits> bits;
  std::span<const uint8_t> flags;  // decoded before
  std::string& text_heap;          // kText appends to it
};

// The value sections; see section.h for the contract.
struct ValueCodec {
  ValueEncoding encoding;
  std::string_view name;
  bool (*try_encode)(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
  Status (*decode)(std::span<const std::byte> in, const DecodedValues& values);
};

std::span<const ValueCodec> ValueCodecs();

}  // namespace xtdb
