#pragma once

#include <concepts>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

template <typename T>
concept PlainBytes = std::is_trivially_copyable_v<T> &&
    (std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>);

// Reads a payload from front to back; every step checks that the bytes are there.
class PayloadCursor {
 public:
  explicit PayloadCursor(std::span<const std::byte> rest) : rest_(rest) {}

  bool done() const { return rest_.empty(); }
  size_t size() const { return rest_.size(); }
  // False, with nothing taken, if fewer bytes are left.
  bool Take(size_t size, std::span<const std::byte>& out) {
    if (size > rest_.size()) return false;
    out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return true;
  }
  template <PlainBytes T>
  bool Take(T& out) {
    std::span<const std::byte> bytes;
    if (!Take(sizeof(T), bytes)) return false;
    std::memcpy(&out, bytes.data(), sizeof(T));
    return true;
  }

 private:
  std::span<const std::byte> rest_;
};

inline void AppendBytes(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
template <PlainBytes T>
void AppendPlain(const T& value, std::vector<std::byte>& out) {
  AppendBytes(std::as_bytes(std::span(&value, 1)), out);
}

}  // namespace xtdb
