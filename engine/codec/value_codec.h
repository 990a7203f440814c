#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/codec/byte_io.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// Values to encode. Rows without a value (NULL, deleted) hold some other row's value, whichever
// packs well, except in kText, where their bits are 0, a reference to no bytes.
struct ValueRows {
  ValueType type;
  std::span<const ValueBits> bits;  // 1 .. kVectorPointsMax
  std::string_view text_heap;       // kText only
  bool compress = false;            // try zstd, too
  bool in_dictionary = false;       // these are a dictionary's entries
};

// Where decoded values go. The caller sets rows without a value to 0 afterwards.
struct DecodedValues {
  ValueType type;
  std::span<ValueBits> bits;
  std::span<const uint8_t> flags;  // decoded before
  std::string& text_heap;          // kText appends to it
  bool in_dictionary = false;
};

// The value sections; see section.h for the contract.
struct ValueCodec {
  ValueEncoding encoding;
  std::string_view name;
  bool (*try_append)(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
  Status (*read)(ByteReader& reader, const DecodedValues& values);
};

std::span<const ValueCodec> ValueCodecs();

// The smallest section, its encoding in front.
void AppendValues(const ValueRows& rows, std::vector<std::byte>& out);
Status ReadValues(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
