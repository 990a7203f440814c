#pragma once

#include <string>
#include <vector>

#include "shell/commands/container_report.h"

namespace xtdb {

// A line for each tag, under a header: what `stats --tags` and `tags` print.
std::string TagTableText(const std::vector<TagReport>& tags);

// One tag as a JSON object, of `stats --tags --json` and `tags --json`: tag, tag_id, type (null
// before the first value), unit, description, step (null: not said), points, bytes, and of tags
// with points first_ts, last_ts, last_value, last_quality.
std::string TagJson(const TagReport& report);

}  // namespace xtdb
