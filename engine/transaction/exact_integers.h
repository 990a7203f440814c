#pragma once

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/snapshot.h"

namespace xtdb {

// Whether every integer is exact as a double, so that its tag may widen to float64. Statistics
// answer for most blocks; the others are decoded.
bool AreIntegersExact(const PointColumns& columns);
Result<bool> AreIntegersExact(const Snapshot& snapshot, TagId tag);

}  // namespace xtdb
