#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "planner/request.h"
#include "vtab/functions/time_set.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// A comparison of a time, taken over from SQLite, which would compare texts
// ('2026-01-02T00:00:00Z' is after '2026-01-02 23:00').
struct TimeTerm {
  size_t column = 0;
  bool is_ts = false;  // microseconds; else a TIMESTAMP
  CompareOp op = CompareOp::kEq;
  bool is_list = false;  // IN: kEq with any of a list

  // "time >= ?", "time in ?": a part of idxStr.
  std::string ToText(std::string_view column_name) const;
};

// `time`, `op` and `?` or nothing: for a text that is no term on a column of that name.
std::optional<TimeTerm> ParseTimeTerm(std::string_view text, std::string_view column_name);
// The operator of an SQLITE_INDEX_CONSTRAINT_...; nothing for one that is left to SQLite.
std::optional<CompareOp> TimeOperator(int constraint_op);

// The times that a term with this right side lets through. kInvalidArgument for a text that is no
// time, and for a number that is likely of another unit, as CheckTimeUnit tells it.
//   view: of the container whose points' times are compared; null: of none
Result<TimeSet> TimesOf(sqlite3* db, const TimeTerm& term, sqlite3_value* value, int64_t now_us,
                        const ReadView* view);

}  // namespace xtdb
