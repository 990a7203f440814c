#pragma once

#include <string_view>
#include <variant>

#include "engine/base/status.h"
#include "vtab/sketch/counter_summary.h"
#include "vtab/sketch/distinct_sketch.h"
#include "vtab/sketch/quantile_sketch.h"
#include "vtab/sketch/time_weight.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

using AnySketch = std::variant<QuantileSketch, DistinctSketch, CounterSummary, TimeWeight>;

// value: not NULL. kInvalidArgument for what is no sketch: "an aggregate such as ... makes one".
Result<AnySketch> SketchOf(sqlite3_value* value);
// The same of its bytes.
Result<AnySketch> ParseSketch(std::string_view blob);
// Which aggregates make it.
SketchKind KindOf(const AnySketch& sketch);
SketchBytes Encode(const AnySketch& sketch);

void SetSketch(sqlite3_context* context, const SketchBytes& bytes);

}  // namespace xtdb
