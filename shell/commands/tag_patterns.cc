#include "shell/commands/tag_patterns.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>

#include "shell/plot/near_names.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

bool IsPattern(const std::string& text) { return text.find_first_of("*?") != text.npos; }

// The program's own SQLite is asked: that of vtab/ is there only once a connection has loaded it.
std::vector<TagPtr> Matching(const ReadView& view, const std::string& pattern) {
  if (TagPtr exact = view.FindTag(pattern)) return {std::move(exact)};
  if (!IsPattern(pattern)) return {};
  std::vector<TagPtr> tags = view.TagsWithPrefix(GlobPrefix(pattern));
  std::erase_if(tags, [&pattern](const TagPtr& tag) {
    return sqlite3_strglob(pattern.c_str(), tag->name.c_str()) != 0;
  });
  return tags;
}

Status NoTagFits(const ReadView& view, const std::string& pattern) {
  constexpr size_t kNearMax = 5;
  std::vector<std::string> names;
  for (const TagPtr& tag : view.AllTags()) names.push_back(tag->name);
  std::string near;
  for (const std::string& name : NearNames(pattern, names, kNearMax)) {
    near += (near.empty() ? "; there is " : ", ") + QuoteForMessage(name);
  }
  return Status::NotFound((IsPattern(pattern) ? "no tag fits " : "no tag is called ") +
                          QuoteForMessage(pattern) + near +
                          "; 'xtdb tags' lists all, and * stands for any text");
}

}  // namespace

Result<std::vector<TagPtr>> TagsByPattern(const ReadView& view, const std::string& pattern) {
  std::vector<TagPtr> found = Matching(view, pattern);
  if (found.empty() && pattern != "*") return NoTagFits(view, pattern);
  return found;
}

Result<std::vector<TagPtr>> TagsByPatterns(const ReadView& view,
                                           const std::vector<std::string>& patterns) {
  if (patterns.empty()) return view.AllTags();
  std::vector<TagPtr> tags;
  for (const std::string& pattern : patterns) {
    XTDB_ASSIGN_OR_RETURN(std::vector<TagPtr> found, TagsByPattern(view, pattern));
    std::move(found.begin(), found.end(), std::back_inserter(tags));
  }
  const auto by_name = [](const TagPtr& a, const TagPtr& b) { return a->name < b->name; };
  std::sort(tags.begin(), tags.end(), by_name);
  const auto same = [](const TagPtr& a, const TagPtr& b) { return a->id == b->id; };
  tags.erase(std::unique(tags.begin(), tags.end(), same), tags.end());
  return tags;
}

}  // namespace xtdb
