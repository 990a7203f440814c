#pragma once

#include <span>

#include "engine/base/point_columns.h"
#include "engine/format/block_format.h"

namespace xtdb {

// What ComputeStats is for.
enum class StatsScope : uint8_t {
  kBlock,   // everything
  kVector,  // what a row of a vector table has; m2, integrals, gap, first and last mean nothing
};

// Statistics of rows [begin, end) of `columns` (ts strictly increasing). Sums of floats are
// compensated; M2 by two passes (Chan, Golub, LeVeque 1983). float32 values count
// as their doubles in sum, m2 and integrals; min .. last are ValueBits of columns.type; min and max
// order -0.0 before +0.0. Integrals hold a value, or join values by straight lines, across NULL and
// NaN. Texts have counts only.
ValueStats ComputeStats(const PointColumns& columns, size_t begin, size_t end,
                        StatsScope scope = StatsScope::kBlock);

// Whether two statistics of the same rows agree. What is rounded may differ in the last bits, with
// the order in which a version of this program sums.
bool AreEquivalent(ValueType type, const ValueStats& a, const ValueStats& b);
bool AgreeOnSum(ValueType type, const ValueStats& a, const ValueStats& b);

}  // namespace xtdb
