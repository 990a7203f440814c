#pragma once

#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/read_view.h"

namespace xtdb {

// The tags of the view that a command line names, by name (bytewise), each once. No pattern: all.
//   patterns: names, or GLOB patterns with * or ?; a tag that has such a name is that tag
// kNotFound: a pattern fits no tag.
Result<std::vector<TagPtr>> TagsByPatterns(const ReadView& view,
                                           const std::vector<std::string>& patterns);
// Those of one pattern, likewise.
Result<std::vector<TagPtr>> TagsByPattern(const ReadView& view, const std::string& pattern);

}  // namespace xtdb
