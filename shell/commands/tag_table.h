#pragma once

#include <string>
#include <vector>

#include "shell/commands/container_report.h"

namespace xtdb {

// A line for each tag, under a header: what `stats --tags` and `tags` print.
std::string TagTableText(const std::vector<TagReport>& tags);

}  // namespace xtdb
