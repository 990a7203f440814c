#include "vtab/csv/structural_index.h"

#ifdef __x86_64__
#include <immintrin.h>
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

#ifdef __x86_64__

namespace {

constexpr size_t kStepBytes = 64;
constexpr size_t kAtOnce = 8;  // positions written without asking how many there are

[[gnu::target("avx2,bmi,popcnt")]] uint64_t MaskOf32(const char* text, __m256i separator) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i line_end = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n'));
  const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
  const __m256i cut = _mm256_cmpeq_epi8(bytes, separator);
  const int mask = _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(line_end, quote), cut));
  return static_cast<uint64_t>(static_cast<uint32_t>(mask));
}

[[gnu::target("avx2,bmi,popcnt")]] size_t IndexWithAvx2(const char* text, size_t size,
                                                        char separator, uint32_t* positions) {
  const __m256i separators = _mm256_set1_epi8(separator);
  uint32_t* out = positions;
  for (size_t at = 0; at < size; at += kStepBytes) {
    const char* const step = text + at;
    uint64_t mask = MaskOf32(step, separators) | MaskOf32(step + 32, separators) << 32;
    if (size - at < kStepBytes) mask &= (uint64_t{1} << (size - at)) - 1;
    const auto base = static_cast<uint32_t>(at);
    const auto count = static_cast<size_t>(_mm_popcnt_u64(mask));
    uint32_t* next = out;
    for (size_t i = 0; i < kAtOnce; ++i, mask = _blsr_u64(mask)) {
      *next++ = base + static_cast<uint32_t>(_tzcnt_u64(mask));
    }
    for (; mask != 0; mask = _blsr_u64(mask)) {
      *next++ = base + static_cast<uint32_t>(_tzcnt_u64(mask));
    }
    out += count;
  }
  return static_cast<size_t>(out - positions);
}

}  // namespace

size_t IndexStructure(const char* text, size_t size, char separator, uint32_t* positions) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                               __builtin_cpu_supports("popcnt");
  return has_avx2 ? IndexWithAvx2(text, size, separator, positions)
                  : IndexStructurePlain(text, size, separator, positions);
}

#else

size_t IndexStructure(const char* text, size_t size, char separator, uint32_t* positions) {
  return IndexStructurePlain(text, size, separator, positions);
}

#endif

}  // namespace xtdb
