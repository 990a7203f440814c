#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtdb {

// Of `names` those that whoever wrote `wanted` may have meant, the nearest first, at most
// `count_max`: one contains the other, or few letters differ; upper and lower case are alike.
std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& names,
                                   size_t count_max);

}  // namespace xtdb
