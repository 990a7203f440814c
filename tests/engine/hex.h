#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/format/checked_struct.h"

namespace xtdb {

// "00 01 0a*3": bytes in hex, runs of three and more shortened.
inline std::string Hex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size();) {
    size_t run = 1;
    while (i + run < bytes.size() && bytes[i + run] == bytes[i]) ++run;
    const auto byte = std::to_integer<unsigned>(bytes[i]);
    const std::string one = {kDigits[byte >> 4], kDigits[byte & 15]};
    const size_t copies = run > 2 ? 1 : run;
    for (size_t copy = 0; copy < copies; ++copy) text += (text.empty() ? "" : " ") + one;
    if (run > 2) text += "*" + std::to_string(run);
    i += run;
  }
  return text;
}

inline std::vector<std::byte> First(std::vector<std::byte> bytes, size_t size) {
  bytes.resize(size);
  return bytes;
}

template <typename T>
std::vector<std::byte> Encoded(const T& value) {
  std::vector<std::byte> bytes(sizeof(T));
  EncodeStruct(value, bytes);
  return bytes;
}

}  // namespace xtdb
