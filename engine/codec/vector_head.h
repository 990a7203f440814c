#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/base/status.h"

namespace xtdb {

// The first bytes of an encoded vector; behind it stand the bitmaps that it names, then the
// sections in the order of their sizes here. Layout and reasons: docs/format-vector.md.
struct VectorHead {
  uint8_t time_encoding;     // enum TimeEncoding
  uint8_t value_encoding;    // enum ValueEncoding
  uint8_t quality_encoding;  // enum QualityEncoding
  uint8_t bitmaps;           // kNullBitmap | kDeletedBitmap, whichever are present
  uint32_t time_bytes;
  uint32_t value_bytes;
  uint32_t quality_bytes;
};
static_assert(sizeof(VectorHead) == 16);
static_assert(offsetof(VectorHead, value_encoding) == 1);
static_assert(offsetof(VectorHead, quality_encoding) == 2);
static_assert(offsetof(VectorHead, bitmaps) == 3);
static_assert(offsetof(VectorHead, time_bytes) == 4);
static_assert(offsetof(VectorHead, value_bytes) == 8);
static_assert(offsetof(VectorHead, quality_bytes) == 12);
static_assert(std::has_unique_object_representations_v<VectorHead>);

inline constexpr uint8_t kNullBitmap = 1;
inline constexpr uint8_t kDeletedBitmap = 2;
inline constexpr uint8_t kBitmapsAll = kNullBitmap | kDeletedBitmap;

// Trusts nothing: kCorruption unless all encodings and bitmaps are known, and records, which hold
// three columns at once, are named by all three or by none. Sizes are not compared with `data`.
Result<VectorHead> DecodeVectorHead(std::span<const std::byte> data);

}  // namespace xtdb
