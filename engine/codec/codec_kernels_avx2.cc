#if defined(__x86_64__)

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/codec/codec_kernels.h"

// Only behind the other headers, whose inline functions must stay what they are.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,fma")
#endif

#define XTDB_KERNEL_TABLE kAvx2Kernels
#define XTDB_KERNEL_NAME "avx2"
#define XTDB_KERNEL_HAS_FMA 1
#include "engine/codec/codec_kernels_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
