#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/base/types.h"

namespace xtdb {

// Decimal digits eight at a time, each character a byte of a 64-bit word, the first the lowest.
// See "Faster integer parsing" by Johnny Lee and others: three multiplications join the pairs.

inline uint64_t LoadEight(const char* text) {
  uint64_t word = 0;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

inline constexpr uint64_t kEveryByte = 0x0101'0101'0101'0101;
inline constexpr uint64_t kEightZeros = kEveryByte * '0';

inline bool AreEightDigits(uint64_t word) {
  constexpr uint64_t kUpper = kEveryByte * 0xF0;
  return ((word & kUpper) | (((word + kEveryByte * 6) & kUpper) >> 4)) == kEveryByte * 0x33;
}

// Precondition: AreEightDigits(word).
inline uint32_t EightDigits(uint64_t word) {
  word = (word & 0x0F0F'0F0F'0F0F'0F0F) * 2561 >> 8;
  word = (word & 0x00FF'00FF'00FF'00FF) * 6'553'601 >> 16;
  return static_cast<uint32_t>((word & 0x0000'FFFF'0000'FFFF) * 42'949'672'960'001 >> 32);
}

// The whole of `text`, if it is nine to sixteen digits.
inline bool ReadNineToSixteenDigits(const char* text, size_t size, int64_t& number) {
  if (size < 9 || size > 16) return false;
  uint64_t upper = LoadEight(text) << (8 * (16 - size));
  if (size < 16) upper |= kEightZeros >> (8 * (size - 8));
  const uint64_t lower = LoadEight(text + size - 8);
  if (!AreEightDigits(upper) || !AreEightDigits(lower)) return false;
  number = int64_t{EightDigits(upper)} * 100'000'000 + EightDigits(lower);
  return true;
}

// A number as PointParser reads it.
struct CsvNumber {
  ValueType type;  // kInt64 or kFloat64
  ValueBits bits;
};

// Reads the plain forms of a number, which are nearly all there are: -12, 1234567.5, 0.25, .5,
// 1e-7. False says nothing of the text: the general parser has to look at it.
//   text:  [size], and kCsvSlackBytes that may be read
//   point: the decimal point or comma
bool ReadPlainNumber(const char* text, size_t size, char point, CsvNumber& number);

// Whether two texts of `size` bytes are equal, without a call for the short ones that names are.
inline bool AreEqual(const char* a, const char* b, size_t size) {
  if (size < 8) {
    uint32_t differ = 0;
    for (size_t i = 0; i < size; ++i) differ |= static_cast<uint32_t>(a[i] ^ b[i]);
    return differ == 0;
  }
  uint64_t differ = LoadEight(a + size - 8) ^ LoadEight(b + size - 8);
  for (size_t i = 0; i + 8 < size; i += 8) differ |= LoadEight(a + i) ^ LoadEight(b + i);
  return differ == 0;
}

}  // namespace xtdb
