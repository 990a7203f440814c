#include "engine/catalog/tag_dictionary.h"

#include <algorithm>
#include <limits>
#include <mutex>

namespace xtdb {

TagPtr TagDictionary::Find(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

TagPtr TagDictionary::Find(TagId id) const {
  std::shared_lock lock(mutex_);
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

std::shared_ptr<const std::vector<TagPtr>> TagDictionary::Sorted() const {
  {
    std::shared_lock lock(mutex_);
    if (sorted_) return sorted_;
  }
  std::unique_lock lock(mutex_);
  if (sorted_) return sorted_;
  auto sorted = std::make_shared<std::vector<TagPtr>>();
  sorted->reserve(by_id_.size());
  for (const auto& [id, tag] : by_id_) sorted->push_back(tag);
  std::sort(sorted->begin(), sorted->end(),
            [](const TagPtr& a, const TagPtr& b) { return a->name < b->name; });
  sorted_ = sorted;
  return sorted_;
}

void TagDictionary::Put(TagDefinition definition) {
  ReserveIdsBelow(definition.id + 1);
  auto tag = std::make_shared<const TagDefinition>(std::move(definition));
  std::unique_lock lock(mutex_);
  sorted_ = nullptr;
  TagPtr& slot = by_id_[tag->id];
  // The old key lives in the old definition, so it goes before that does.
  if (slot) by_name_.erase(slot->name);
  slot = tag;
  by_name_[tag->name] = tag;
}

TagId TagDictionary::AllocateId() {
  TagId id = next_id_.load();
  do {
    if (id == std::numeric_limits<TagId>::max()) return kNoTag;
  } while (!next_id_.compare_exchange_weak(id, id + 1));
  return id;
}

void TagDictionary::ReserveIdsBelow(TagId next) {
  TagId id = next_id_.load();
  while (id < next && !next_id_.compare_exchange_weak(id, next)) {
  }
}

size_t TagDictionary::size() const {
  std::shared_lock lock(mutex_);
  return by_id_.size();
}

}  // namespace xtdb
