#pragma once

#include <map>
#include <string>

#include "engine/base/point_columns.h"
#include "engine/read_view.h"
#include "engine/storage_engine.h"

namespace xtdb {

// A point as tests compare it: values by their bits, texts by their bytes.
struct TestPoint {
  ValueType type = ValueType::kNone;  // kNone for NULL
  ValueBits bits = 0;
  std::string text;
  Quality quality = kQualityGood;
  bool operator==(const TestPoint&) const = default;
};
std::ostream& operator<<(std::ostream& out, const TestPoint& point);

using TestPoints = std::map<std::pair<std::string, int64_t>, TestPoint>;  // by tag name and ts

// Everything that a view sees, found the slow and plain way: all rows of all sources of each tag,
// in order of rank, later ones over earlier ones. Independent of the planner.
Result<TestPoints> ReadAll(const ReadView& view);
Result<TestPoints> ReadAll(StorageEngine& engine);  // with a snapshot of its own

}  // namespace xtdb
