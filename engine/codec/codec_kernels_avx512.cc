#if defined(__x86_64__)

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/codec/codec_kernels.h"

// Only behind the other headers, whose inline functions must stay what they are.
#if defined(__clang__)
#pragma clang attribute push(                                                              \
    __attribute__((target("avx2,bmi,bmi2,lzcnt,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target( \
    "avx2,bmi,bmi2,lzcnt,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif

#define XTDB_KERNEL_TABLE kAvx512Kernels
#define XTDB_KERNEL_NAME "avx512"
#define XTDB_KERNEL_HAS_FMA 1
#include "engine/codec/codec_kernels_body.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
