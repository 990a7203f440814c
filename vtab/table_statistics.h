#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/types.h"
#include "engine/snapshot.h"

namespace xtdb {

// How much a table has, for the costs of its plans.
struct TableStatistics {
  double points = 1e9;
  double tags = 1e5;
  int64_t ts_min_us = kTsMin;  // of what is in chunks
  int64_t ts_max_us = kTsMax;

  static TableStatistics Of(const Snapshot& snapshot);

  double PointsOfTag() const { return std::max(1.0, points / tags); }
  // How much of the time lies between the two, from 0 to 1.
  double ShareOf(int64_t from_us, int64_t to_us) const;
};

}  // namespace xtdb
