#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace xtdb {

static_assert(std::endian::native == std::endian::little);  // memcpy is the codec

template <typename T>
void PutValue(T value, std::vector<std::byte>& out) {
  static_assert(std::is_trivially_copyable_v<T>);
  const size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

template <typename T>
T GetValue(const std::byte* in) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, in, sizeof(T));
  return value;
}

// 0, -1, 1, -2 are 0, 1, 2, 3: small numbers of either sign have few bits.
constexpr uint64_t ZigZag(uint64_t value) { return (value << 1) ^ (0 - (value >> 63)); }
constexpr uint64_t UnZigZag(uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

// A varint has 7 bits a byte, the least first, in the fewest bytes.
constexpr size_t VarintBytes(uint64_t value) {
  return static_cast<size_t>(std::bit_width(value | 1) + 6) / 7;
}
inline void PutVarint(uint64_t value, std::vector<std::byte>& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::byte>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

// Takes values off the front of untrusted bytes; never reads past their end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> rest() const { return rest_; }
  // False, and nothing taken, if fewer bytes are left.
  template <typename T>
  bool Read(T& value) {
    if (rest_.size() < sizeof(T)) return false;
    value = GetValue<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return true;
  }
  bool Take(uint64_t size_bytes, std::span<const std::byte>& bytes) {
    if (rest_.size() < size_bytes) return false;
    bytes = rest_.first(static_cast<size_t>(size_bytes));
    rest_ = rest_.subspan(static_cast<size_t>(size_bytes));
    return true;
  }
  // False also for more bytes than the number needs, or more bits than 64.
  bool ReadVarint(uint64_t& value) {
    value = 0;
    for (size_t i = 0; i < rest_.size() && i < 10; ++i) {
      const auto byte = std::to_integer<uint64_t>(rest_[i]);
      value |= (byte & 0x7F) << (7 * i);
      if (byte >= 0x80) continue;
      if ((byte == 0 && i > 0) || (i == 9 && byte > 1)) return false;
      rest_ = rest_.subspan(i + 1);
      return true;
    }
    return false;
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace xtdb
