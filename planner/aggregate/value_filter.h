#pragma once

#include "planner/aggregate/tally.h"
#include "planner/predicate.h"

namespace xtdb {

// Of points whose values count: neither NULL nor NaN, and of accepted quality.
RowFilter ValueFilter(Accept accept);

}  // namespace xtdb
