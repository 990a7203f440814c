#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/read_view.h"

namespace xtdb {

// Which tags a function is asked for: its argument `tags`, and what a condition on its column `tag`
// leaves.
struct TagSelection {
  // `*` or nothing: all. Without `*` and `?` an exact name (`Tag[3]` is one), else an exact name if
  // there is one, else a GLOB pattern.
  std::optional<std::string> pattern;
  bool none = false;                              // the argument is NULL
  std::optional<std::vector<std::string>> names;  // only these
};

// The selected tags of the view, by name (bytewise), each once. Unknown ones give none.
std::vector<TagPtr> SelectTags(const ReadView& view, const TagSelection& selection);

}  // namespace xtdb
