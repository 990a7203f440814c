#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/codec/codec_kernels.h"

#define XTDB_KERNEL_TABLE kPlainKernels
#define XTDB_KERNEL_NAME "plain"
#define XTDB_KERNEL_HAS_FMA 0
#include "engine/codec/codec_kernels_body.h"
