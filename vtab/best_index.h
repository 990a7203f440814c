#pragma once

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"
#include "vtab/table_statistics.h"

namespace xtdb {

// Bits of idxNum: what the plan uses. xFilter goes by idxStr (PushedPlan::ToText), which says the
// same in full.
inline constexpr int kIndexRowid = 1;  // rowid = ?
inline constexpr int kIndexTag = 2;    // any term on tag or tag_id
inline constexpr int kIndexTime = 4;   // any term on time or ts
inline constexpr int kIndexValue = 8;  // any term on value or quality
inline constexpr int kIndexOrdered = 16;
inline constexpr int kIndexLimited = 32;

// Takes over every comparison that the planner answers exactly (so that SQLite need not test it
// again), the order if it is one of tag and ts, and LIMIT and OFFSET if nothing is left to SQLite
// that could drop a row.
Status ChooseIndex(const TableStatistics& statistics, sqlite3_index_info* info);

}  // namespace xtdb
