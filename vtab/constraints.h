#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "planner/request.h"
#include "vtab/pushed_plan.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

class Connection;

// A pushed plan with its arguments.
struct CompiledFilter {
  Request request;                   // without tags: no rows
  std::vector<int64_t> excluded_ts;  // rows at these times are left out (time <> x)
  // time IN (...): only these, each once, in the request's order and within its range
  std::optional<std::vector<int64_t>> ts_list;
};

// `arguments` are those of xFilter, raw: the columns' affinities are applied here. NULL matches
// nothing but IS. kInvalidArgument for a text beside `time` or `ts` that is no time.
Result<CompiledFilter> CompileFilter(Connection& connection, const ReadView& view, int64_t now_us,
                                     const PushedPlan& plan, std::span<sqlite3_value*> arguments);

}  // namespace xtdb
