#pragma once

#include <string>
#include <vector>

#include "engine/base/status.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct TagsOptions {
  std::string container;
  std::vector<std::string> tags = {};  // names and patterns; none: all
  bool json = false;
};

// Lists tags with what they are and hold; changes nothing.
Status RunTags(const TagsOptions& options, const Terminal& terminal);

}  // namespace xtdb
