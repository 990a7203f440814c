#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace xtdb {

// Text that grows at its end, without a call for each piece.
// Threads: one at a time.
class TextBuffer {
 public:
  // At least a number of any type.
  static constexpr size_t kNumberBytesMax = 32;

  size_t size() const { return size_; }
  std::string_view text() const { return {bytes_.data(), size_}; }
  void Clear() { size_ = 0; }
  // Precondition: size <= size().
  void CutTo(size_t size) { size_ = size; }

  // Room for `bytes` more, at the returned place; Advance says how many were written.
  char* Room(size_t bytes) {
    if (bytes_.size() - size_ < bytes) bytes_.resize(2 * (size_ + bytes));
    return bytes_.data() + size_;
  }
  void Advance(size_t bytes) { size_ += bytes; }

  void Put(char c) {
    *Room(1) = c;
    ++size_;
  }
  void Put(std::string_view text) {
    char* const to = Room(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  void PutInteger(int64_t number) {
    char* const to = Room(kNumberBytesMax);
    size_ += static_cast<size_t>(std::to_chars(to, to + kNumberBytesMax, number).ptr - to);
  }
  // The fewest digits that read back as the same double, and always a sign that it is none of the
  // integers: 12.0, -0.0, 1e+300. Neither NaN nor an infinity.
  void PutReal(double number) {
    char* const to = Room(kNumberBytesMax);
    char* end = std::to_chars(to, to + kNumberBytesMax, number).ptr;
    if (std::string_view(to, end).find_first_of(".e") == std::string_view::npos) {
      *end++ = '.';
      *end++ = '0';
    }
    size_ += static_cast<size_t>(end - to);
  }

 private:
  std::vector<char> bytes_;
  size_t size_ = 0;
};

}  // namespace xtdb
