#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace xtdb {

// What the last few texts were parsed to: arguments of functions are mostly the same in each row.
// Allocates nothing, so that it may be thread_local in a library that is never unloaded.
//   Value: trivially copyable
template <typename Value>
class TextCache {
 public:
  // Null: not known.
  const Value* Find(std::string_view text) const {
    const Slot& slot = slots_[SlotOf(text)];
    return slot.is_used && std::string_view(slot.text, slot.bytes) == text ? &slot.value : nullptr;
  }
  // Forgotten at once if the text is long.
  void Insert(std::string_view text, const Value& value) {
    if (text.size() > kTextBytesMax) return;
    Slot& slot = slots_[SlotOf(text)];
    std::memcpy(slot.text, text.data(), text.size());
    slot.bytes = static_cast<uint8_t>(text.size());
    slot.is_used = true;
    slot.value = value;
  }

 private:
  static constexpr size_t kTextBytesMax = 48;
  static constexpr size_t kSlots = 16;
  struct Slot {
    Value value{};
    char text[kTextBytesMax];
    uint8_t bytes = 0;
    bool is_used = false;
  };
  static size_t SlotOf(std::string_view text) {
    if (text.empty()) return 0;
    return (text.size() * 5 + static_cast<unsigned char>(text.front()) * 3 +
            static_cast<unsigned char>(text.back())) %
           kSlots;
  }

  std::array<Slot, kSlots> slots_{};
};

}  // namespace xtdb
