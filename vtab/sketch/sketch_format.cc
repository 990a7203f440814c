#include "vtab/sketch/sketch_format.h"

#include <algorithm>
#include <array>

#include "engine/base/crc32.h"

namespace xtdb {
namespace {

constexpr std::array<std::byte, 4> kMagic = {std::byte{'x'}, std::byte{'T'}, std::byte{'s'},
                                             std::byte{'k'}};
constexpr uint8_t kVersion = 1;
constexpr size_t kHeadBytes = kMagic.size() + 2;

}  // namespace

std::string_view MakerOf(SketchKind kind) {
  switch (kind) {
    case SketchKind::kQuantiles:
      return "percentile_agg or uddsketch";
    case SketchKind::kDistinct:
      return "hyperloglog";
    case SketchKind::kCounter:
      return "counter_agg";
    case SketchKind::kGauge:
      return "gauge_agg";
    case SketchKind::kTimeWeight:
      return "time_weight";
  }
  return "";
}

SketchBytes BeginSketch(SketchKind kind) {
  SketchBytes bytes(kMagic.begin(), kMagic.end());
  PutValue(static_cast<uint8_t>(kind), bytes);
  PutValue(kVersion, bytes);
  return bytes;
}

void EndSketch(SketchBytes& bytes) { PutValue(Crc32(bytes), bytes); }

Result<SketchKind> SketchKindOf(std::span<const std::byte> bytes) {
  const bool has_magic = bytes.size() >= kHeadBytes + sizeof(uint32_t) &&
                         std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
  if (!has_magic) {
    return Status::InvalidArgument("a BLOB of " + std::to_string(bytes.size()) +
                                   " bytes that is no sketch");
  }
  const auto kind = std::to_integer<uint8_t>(bytes[kMagic.size()]);
  const auto version = std::to_integer<uint8_t>(bytes[kMagic.size() + 1]);
  const auto covered = bytes.first(bytes.size() - sizeof(uint32_t));
  if (GetValue<uint32_t>(bytes.data() + covered.size()) != Crc32(covered)) {
    return Status::Corruption("a sketch with a wrong checksum");
  }
  if (version != kVersion || kind < 1 || kind > static_cast<uint8_t>(SketchKind::kTimeWeight)) {
    return Status::Unsupported("a sketch of a kind or version that this release does not know");
  }
  return static_cast<SketchKind>(kind);
}

ByteReader SketchPayload(std::span<const std::byte> bytes) {
  return ByteReader(bytes.subspan(kHeadBytes, bytes.size() - kHeadBytes - sizeof(uint32_t)));
}

Status DamagedSketch(SketchKind kind, std::string_view what) {
  return Status::Corruption("a sketch of " + std::string(MakerOf(kind)) + ": " + std::string(what));
}

}  // namespace xtdb
