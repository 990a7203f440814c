#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/value_codec.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

using TryAppendFn = bool (*)(const ValueRows&, size_t, std::vector<std::byte>&);
using ReadFn = Status (*)(ByteReader&, const DecodedValues&);

// One value encoding alone, whatever others would make of the rows.
struct OneCodec {
  TryAppendFn try_append;
  ReadFn read;

  // Empty: it does not hold them.
  std::vector<std::byte> SectionOf(ValueType type, const std::vector<ValueBits>& bits,
                                   bool compress = false) const {
    std::vector<std::byte> bytes;
    const bool fits = try_append(ValueRows{type, bits, {}, compress}, kAnySize, bytes);
    EXPECT_EQ(fits, !bytes.empty());
    return bytes;
  }

  // Expects the rows back from exactly the section's bytes, and no section in fewer bytes than it
  // has; returns its size.
  size_t ExpectRoundTrip(ValueType type, const std::vector<ValueBits>& bits,
                         bool compress = false) const {
    std::vector<std::byte> bytes = SectionOf(type, bits, compress);
    const size_t size = bytes.size();
    EXPECT_GT(size, 0U);
    std::vector<std::byte> none{std::byte{1}};
    EXPECT_FALSE(try_append(ValueRows{type, bits, {}, compress}, size, none));
    EXPECT_EQ(none.size(), 1U) << "a trial that fails leaves nothing";
    bytes.resize(size + 2, std::byte{0xFF});
    ByteReader reader(bytes);
    EXPECT_EQ(Decoded(type, bits.size(), reader), bits);
    EXPECT_EQ(reader.rest().size(), 2U);
    return size;
  }

  Status ReadStatus(ValueType type, size_t rows, std::initializer_list<unsigned> section) const {
    std::vector<std::byte> bytes;
    for (const unsigned byte : section) bytes.push_back(static_cast<std::byte>(byte));
    std::vector<ValueBits> bits(rows);
    const std::vector<uint8_t> flags(rows);
    std::string heap;
    ByteReader reader(bytes);
    return read(reader, DecodedValues{type, bits, flags, heap});
  }

 private:
  static constexpr size_t kAnySize = std::numeric_limits<size_t>::max();

  std::vector<ValueBits> Decoded(ValueType type, size_t rows, ByteReader& reader) const {
    std::vector<ValueBits> bits(rows, 0xDEAD);
    const std::vector<uint8_t> flags(rows);
    std::string heap;
    EXPECT_THAT(read(reader, DecodedValues{type, bits, flags, heap}), IsOk());
    return bits;
  }
};

template <typename Make>
std::vector<ValueBits> MakeDoubles(size_t count, Make make) {
  std::vector<ValueBits> bits(count);
  for (size_t i = 0; i < count; ++i) bits[i] = FromDouble(static_cast<double>(make(i)));
  return bits;
}

template <typename Make>
std::vector<ValueBits> MakeFloats(size_t count, Make make) {
  std::vector<ValueBits> bits(count);
  for (size_t i = 0; i < count; ++i) bits[i] = FromFloat(static_cast<float>(make(i)));
  return bits;
}

// Floats that no decimal is near: NaN with payloads, infinities, zeros, denormals, limits.
inline std::vector<ValueBits> OddDoubles() {
  return {0x7FF8'0000'DEAD'BEEF,
          0xFFF0'0000'0000'0001,
          0x7FF0'0000'0000'0000,
          0xFFF0'0000'0000'0000,
          0x8000'0000'0000'0000,
          0,
          1,
          0x8000'0000'0000'0001,
          0x000F'FFFF'FFFF'FFFF,
          0x7FEF'FFFF'FFFF'FFFF,
          0xFFEF'FFFF'FFFF'FFFF,
          FromDouble(0x1p51),
          FromDouble(0x1p51 + 1),
          FromDouble(-0x1p51),
          FromDouble(0x1p53 + 2)};
}
inline std::vector<ValueBits> OddFloats() {
  return {0x7FC0'1234, 0xFF80'0001, 0x7F80'0000, 0xFF80'0000, 0x8000'0000, 0,
          1,           0x8000'0001, 0x007F'FFFF, 0x7F7F'FFFF, 0xFF7F'FFFF};
}

}  // namespace xtdb
