#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/byte_io.h"

namespace xtdb {

// A sketch is what is left of many rows: a BLOB that users keep in tables of their own, merge and
// ask. Byte layout in docs/format-sketch.md:
//   sketch = "xTsk" u8 kind, u8 version, payload, u32 crc32 of all before it
enum class SketchKind : uint8_t {
  kQuantiles = 1,
  kDistinct = 2,
  kCounter = 3,
  kGauge = 4,
  kTimeWeight = 5,
};

// The aggregates that make it, for messages: "counter_agg".
std::string_view MakerOf(SketchKind kind);

using SketchBytes = std::vector<std::byte>;
SketchBytes BeginSketch(SketchKind kind);
// Appends the checksum.
void EndSketch(SketchBytes& bytes);

// kInvalidArgument for bytes that are no sketch, or of a later version; kCorruption for a wrong
// checksum.
Result<SketchKind> SketchKindOf(std::span<const std::byte> bytes);
// What stands between head and checksum.
//   bytes: of which SketchKindOf knows the kind
ByteReader SketchPayload(std::span<const std::byte> bytes);
Status DamagedSketch(SketchKind kind, std::string_view what);

}  // namespace xtdb
