#include "planner/aggregate/value_filter.h"

namespace xtdb {

RowFilter ValueFilter(Accept accept) {
  const Predicate is_value{CompareOp::kIsNotNull, {}};
  Predicate is_accepted{CompareOp::kGe, {}};
  is_accepted.operand.integer = LeastAccepted(accept);
  return {std::span(&is_value, 1), std::span(&is_accepted, accept == Accept::kAll ? 0 : 1)};
}

}  // namespace xtdb
