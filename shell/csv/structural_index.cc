#include "shell/csv/structural_index.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace xtdb {

size_t IndexStructurePlain(const char* text, size_t size, char separator, uint32_t* positions) {
  size_t count = 0;
  for (size_t i = 0; i < size; ++i) {
    const char c = text[i];
    positions[count] = static_cast<uint32_t>(i);
    count += static_cast<size_t>((c == separator) | (c == '\n') | (c == '"'));
  }
  return count;
}

#ifdef __SSE2__

namespace {

constexpr size_t kStepBytes = 64;
constexpr size_t kAtOnce = 8;  // positions written without asking how many there are

uint64_t MaskOf16(const char* text, __m128i separator) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i line_end = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i cut = _mm_cmpeq_epi8(bytes, separator);
  const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(line_end, quote), cut));
  return static_cast<uint64_t>(static_cast<uint32_t>(mask));
}

uint32_t LowestBit(uint64_t mask) { return static_cast<uint32_t>(__builtin_ctzll(mask)); }

}  // namespace

size_t IndexStructure(const char* text, size_t size, char separator, uint32_t* positions) {
  const __m128i separators = _mm_set1_epi8(separator);
  uint32_t* out = positions;
  for (size_t at = 0; at < size; at += kStepBytes) {
    const char* const step = text + at;
    uint64_t mask = MaskOf16(step, separators) | MaskOf16(step + 16, separators) << 16 |
                    MaskOf16(step + 32, separators) << 32 | MaskOf16(step + 48, separators) << 48;
    if (size - at < kStepBytes) mask &= (uint64_t{1} << (size - at)) - 1;
    const auto base = static_cast<uint32_t>(at);
    const auto count = static_cast<size_t>(__builtin_popcountll(mask));
    uint32_t* next = out;
    // The highest bit stands in for the end of the mask, whose lowest bit is not defined.
    constexpr uint64_t kLastBit = uint64_t{1} << 63;
    for (size_t i = 0; i < kAtOnce; ++i, mask &= mask - 1) {
      *next++ = base + LowestBit(mask | kLastBit);
    }
    for (; mask != 0; mask &= mask - 1) *next++ = base + LowestBit(mask);
    out += count;
  }
  return static_cast<size_t>(out - positions);
}

#else

size_t IndexStructure(const char* text, size_t size, char separator, uint32_t* positions) {
  return IndexStructurePlain(text, size, separator, positions);
}

#endif

}  // namespace xtdb
