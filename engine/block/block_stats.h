#pragma once

#include <span>

#include "engine/base/point_columns.h"
#include "engine/format/block_format.h"

namespace xtdb {

// Statistics of rows [begin, end) of `columns` (ts strictly increasing). Sums of floats are
// compensated (Neumaier 1974); M2 by two passes (Chan, Golub, LeVeque 1983). float32 values count
// as their doubles in sum, m2 and integrals; min .. last are ValueBits of columns.type; min and max
// order -0.0 before +0.0. Integrals hold a value, or join values by straight lines, across NULL and
// NaN. Texts have counts only.
ValueStats ComputeStats(const PointColumns& columns, size_t begin, size_t end);

}  // namespace xtdb
