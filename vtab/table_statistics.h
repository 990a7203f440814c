#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/types.h"
#include "engine/snapshot.h"

namespace xtdb {

// How much a table has, for the costs of its plans.
struct TableStatistics {
  double points = 1e9;  // in chunks
  double buffered = 0;  // beside them
  double tags = 1e5;
  int64_t ts_min_us = kTsMin;  // of chunks
  int64_t ts_max_us = kTsMax;

  static TableStatistics Of(const Snapshot& snapshot);

  // Of a tag, between the two times. What is buffered is taken to be late.
  double PointsOfTag(int64_t from_us, int64_t to_us) const;
};

}  // namespace xtdb
