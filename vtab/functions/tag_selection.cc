#include "vtab/functions/tag_selection.h"

#include <algorithm>

#include "vtab/sqlite_api.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

bool IsPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

std::vector<TagPtr> ByPattern(const ReadView& view, const std::optional<std::string>& pattern) {
  if (!pattern || *pattern == "*") return view.AllTags();
  std::vector<TagPtr> tags;
  if (TagPtr exact = view.FindTag(*pattern)) {
    tags.push_back(std::move(exact));
  } else if (IsPattern(*pattern)) {
    tags = view.TagsWithPrefix(GlobPrefix(*pattern));
    std::erase_if(tags, [&](const TagPtr& tag) {
      return sqlite3_strglob(pattern->c_str(), tag->name.c_str()) != 0;
    });
  }
  return tags;
}

std::vector<TagPtr> ByNames(const ReadView& view, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<TagPtr> tags;
  for (const std::string& name : names) {
    if (TagPtr tag = view.FindTag(name)) tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace

std::vector<TagPtr> SelectTags(const ReadView& view, const TagSelection& selection) {
  if (selection.none) return {};
  if (!selection.names) return ByPattern(view, selection.pattern);
  std::vector<TagPtr> tags = ByNames(view, *selection.names);
  const std::optional<std::string>& pattern = selection.pattern;
  if (!pattern || *pattern == "*") return tags;
  const bool exact = !IsPattern(*pattern) || view.FindTag(*pattern) != nullptr;
  std::erase_if(tags, [&](const TagPtr& tag) {
    return exact ? tag->name != *pattern
                 : sqlite3_strglob(pattern->c_str(), tag->name.c_str()) != 0;
  });
  return tags;
}

}  // namespace xtdb
