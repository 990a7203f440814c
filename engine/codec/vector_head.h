#pragma once

#include <cstdint>

#include "engine/base/status.h"
#include "engine/codec/byte_io.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

// The first two bytes of an encoded vector. Behind them stand, where there are any, the NULL and
// the deleted rows' streams, then times, values and qualities; each ends by itself. Layout and
// reasons: docs/format-vector.md.
struct VectorHead {
  TimeEncoding time = TimeEncoding::kStep;           // bits 0-2 of the first byte
  QualityEncoding quality = QualityEncoding::kGood;  // bits 3-4
  bool has_nulls = false;                            // bit 5
  bool has_deleted = false;                          // bit 6; bit 7 is 0
  ValueEncoding value = ValueEncoding::kRaw;         // the second byte
};
inline constexpr size_t kVectorHeadBytes = 2;

void StoreVectorHead(const VectorHead& head, std::byte* out);
// Trusts nothing: kCorruption unless all encodings are known, and records, which hold three columns
// at once, are named by all three or by none.
Result<VectorHead> ReadVectorHead(ByteReader& reader);

}  // namespace xtdb
