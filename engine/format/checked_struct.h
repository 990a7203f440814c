#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "engine/base/crc32.h"
#include "engine/base/status.h"

namespace xtdb {

static_assert(std::endian::native == std::endian::little);  // memcpy is the codec

// Reserved bytes and padding are written as zero and checked, so that they can gain a meaning.
inline bool IsAllZero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}
template <typename T>
bool IsZero(const T& value) {
  return IsAllZero(std::as_bytes(std::span(&value, 1)));
}

// A structure on disk: trivially copyable, no padding, its last member `uint32_t crc32` over all
// bytes before it.
template <typename T>
concept CheckedStruct = std::is_trivially_copyable_v<T> &&
    std::has_unique_object_representations_v<T> && requires(T t) {
  t.crc32;
} &&(sizeof(T) == offsetof(T, crc32) + 4);

template <CheckedStruct T>
uint32_t StructCrc(const T& value) {
  return Crc32(std::as_bytes(std::span(&value, 1)).first(sizeof(T) - sizeof(uint32_t)));
}

// Sets the CRC and copies the bytes. out: at least sizeof(T) bytes.
template <CheckedStruct T>
void EncodeStruct(T value, std::span<std::byte> out) {
  value.crc32 = StructCrc(value);
  std::memcpy(out.data(), &value, sizeof(T));
}

// Copies and checks the CRC; kCorruption names `what`. The caller checks the meaning of the fields.
template <CheckedStruct T>
Result<T> DecodeStruct(std::span<const std::byte> in, const char* what) {
  if (in.size() < sizeof(T)) return Status::Corruption(std::string(what) + ": too short");
  T value;
  std::memcpy(&value, in.data(), sizeof(T));
  if (value.crc32 != StructCrc(value)) return Status::Corruption(std::string(what) + ": checksum");
  return value;
}

}  // namespace xtdb
