#include "engine/codec/codec_kernels.h"

#include <array>

namespace xtdb {

extern const CodecKernels kPlainKernels;
#if defined(__x86_64__)
extern const CodecKernels kAvx2Kernels;
extern const CodecKernels kAvx512Kernels;
#endif

namespace {

struct Tables {
  std::array<const CodecKernels*, 3> all{&kPlainKernels};
  size_t count = 1;
};

Tables FindTables() {
  Tables tables;
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
                        __builtin_cpu_supports("fma");
  if (has_avx2) tables.all[tables.count++] = &kAvx2Kernels;
  if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    tables.all[tables.count++] = &kAvx512Kernels;
  }
#endif
  return tables;
}

const Tables& KnownTables() {
  static const Tables tables = FindTables();
  return tables;
}

}  // namespace

const CodecKernels& Kernels() {
  static const CodecKernels& best = *KnownTables().all[KnownTables().count - 1];
  return best;
}

std::span<const CodecKernels* const> AllKernels() {
  return std::span(KnownTables().all).first(KnownTables().count);
}

}  // namespace xtdb
