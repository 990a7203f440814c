#pragma once

#include <cstddef>

namespace xtdb {

inline constexpr size_t kRealTextBytesMax = 32;

// The text that PostgreSQL 12 and later show for a float8, without a terminating zero; returns the
// length. The fewest digits that lie nearer to `value` than to its neighbours: not those in the
// middle, which readers may round either way (src/common/d2s.c). With an exponent below 1e-04 and
// from 1e+15 on:
//   1   0.1   -0   123456789012345   1e+15   1.5e-05   5e-324   Infinity   -Infinity   NaN
//   out: [kRealTextBytesMax]
size_t FormatReal(double value, char* out);

}  // namespace xtdb
