#include "shell/plot/near_names.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

// How many letters have to be put in, taken out or replaced [V. I. Levenshtein, 1966].
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);  // from a's letters so far to each beginning of b
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < b.size(); ++k) {
      const size_t replaced = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replaced, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& names,
                                   size_t count_max) {
  const std::string lower = ToLower(wanted);
  const size_t distance_max = std::max<size_t>(1, lower.size() / 3);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const std::string candidate = ToLower(name);
    const bool contains =
        candidate.find(lower) != std::string::npos || lower.find(candidate) != std::string::npos;
    const size_t longer = std::max(candidate.size(), lower.size());
    const size_t shorter = std::min(candidate.size(), lower.size());
    // The rest of long lists is not compared letter by letter.
    const bool may_be_near = longer - shorter <= distance_max;
    const size_t distance = may_be_near ? Distance(lower, candidate) : longer;
    if (contains || distance <= distance_max) near.emplace_back(distance, name);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> found;
  for (auto& [distance, name] : near) {
    if (found.size() < count_max) found.push_back(std::move(name));
  }
  return found;
}

}  // namespace xtdb
