#include "engine/codec/quality_codec.h"

#include <algorithm>
#include <cstring>

#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

bool TryEncodeRaw(std::span<const Quality> quality, size_t size_max, std::vector<std::byte>& out) {
  if (quality.size() >= size_max) return false;
  const auto bytes = std::as_bytes(quality);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return true;
}

Status DecodeRaw(std::span<const std::byte> in, std::span<Quality> quality) {
  if (in.size() != quality.size()) return Status::Corruption("raw qualities: wrong size");
  std::memcpy(quality.data(), in.data(), in.size());
  return Status();
}

bool TryEncodeConstant(std::span<const Quality> quality, size_t size_max,
                       std::vector<std::byte>& out) {
  if (sizeof(Quality) >= size_max) return false;
  const bool constant = std::all_of(quality.begin(), quality.end(),
                                    [&](Quality one) { return one == quality.front(); });
  if (constant) PutValue(quality.front(), out);
  return constant;
}

Status DecodeConstant(std::span<const std::byte> in, std::span<Quality> quality) {
  if (in.size() != sizeof(Quality)) return Status::Corruption("constant quality: wrong size");
  std::fill(quality.begin(), quality.end(), GetValue<Quality>(in.data()));
  return Status();
}

constexpr QualityCodec kQualityCodecs[] = {
    {QualityEncoding::kConstant, "constant", TryEncodeConstant, DecodeConstant},
    {QualityEncoding::kRaw, "raw", TryEncodeRaw, DecodeRaw},
};

}  // namespace

std::span<const QualityCodec> QualityCodecs() { return kQualityCodecs; }

}  // namespace xtdb
