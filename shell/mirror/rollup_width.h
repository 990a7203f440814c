#pragma once

#include <memory>
#include <string>

#include "engine/base/status.h"
#include "planner/aggregate/buckets.h"

namespace xtdb {

// One rollup that a mirror keeps.
struct RollupWidth {
  std::string table;  // "rollup_1h"
  std::string text;   // as it was asked for: "1h"
  std::string zone;   // "Europe/Berlin"; empty: UTC
  Buckets buckets = Buckets::Whole();
};

// text: an interval with its unit: '1h', '15 min', '1 day', '1 mon'
// zone: on whose clock days begin; null: UTC
// kInvalidArgument: no such interval, or months beside days.
Result<RollupWidth> ParseRollupWidth(const std::string& text, const std::string& zone_name);

}  // namespace xtdb
