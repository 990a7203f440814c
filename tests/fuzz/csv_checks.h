#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "engine/base/types.h"
#include "tests/vtab/csv_outcome.h"

namespace xtdb {

// What holds of any file of points: no more records than lines, each of them points of the range
// or an error of bounded size.
inline void CheckOutcome(const CsvOutcome& outcome, std::string_view text) {
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (outcome.records.size() > lines || outcome.failure.size() > 1024) __builtin_trap();
  for (const CsvOutcomeRecord& record : outcome.records) {
    if (record.bad.size() > 1024) __builtin_trap();
    if (record.bad.empty() && record.points.empty()) __builtin_trap();
    for (const CsvOutcomePoint& point : record.points) {
      if (point.tag.empty()) __builtin_trap();
      if (point.ts_us < kTsMin || point.ts_us > kTsMax) __builtin_trap();
    }
  }
}

}  // namespace xtdb
