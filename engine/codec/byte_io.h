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

 private:
  std::span<const std::byte> rest_;
};

}  // namespace xtdb
