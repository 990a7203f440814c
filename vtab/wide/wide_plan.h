#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "vtab/functions/time_filter.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

// What xBestIndex of a wide table has taken over, for xFilter; its arguments are the right sides of
// `times` in order. Columns: 0 is time, then those of the tags, then ts.
struct WidePlan {
  std::vector<TimeTerm> times;
  bool descending = false;
  std::vector<bool> is_read;  // by column of a tag

  // In words, for EXPLAIN QUERY PLAN and as the message to xFilter:
  //   time >= ? and time < ?; by time desc; columns 1-3, 7
  std::string ToText() const;
  // The reverse; nothing for a text that ToText does not write.
  static std::optional<WidePlan> Parse(std::string_view text, size_t columns);
};

// xBestIndex. columns: how many tags have one.
Status ChooseWideIndex(size_t columns, sqlite3_index_info* info);

}  // namespace xtdb
