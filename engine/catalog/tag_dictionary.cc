#include "engine/catalog/tag_dictionary.h"

#include <algorithm>
#include <limits>
#include <mutex>

namespace xtdb {

namespace {

// So that inserting `more` elements does not rehash.
template <typename Map>
void MakeRoom(Map& map, size_t more) {
  const size_t needed = map.size() + more;
  if (needed >= map.bucket_count()) map.reserve(std::max(needed + 1, 2 * map.size()));
}

}  // namespace

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
  Put(Prepare({std::make_shared<const TagDefinition>(std::move(definition))}));
}

TagDictionary::Prepared TagDictionary::Prepare(const std::vector<TagPtr>& tags) {
  Prepared prepared;
  ById by_id;
  ByName by_name;
  for (const TagPtr& tag : tags) {
    by_id.emplace(tag->id, tag);
    prepared.by_id_.push_back(by_id.extract(tag->id));
    by_name.emplace(tag->name, tag);
    prepared.by_name_.push_back(by_name.extract(tag->name));
  }
  std::unique_lock lock(mutex_);
  MakeRoom(by_id_, tags.size());
  MakeRoom(by_name_, tags.size());
  return prepared;
}

void TagDictionary::Put(Prepared&& tags) noexcept {
  std::unique_lock lock(mutex_);
  if (!tags.by_id_.empty()) sorted_ = nullptr;
  for (size_t i = 0; i < tags.by_id_.size(); ++i) {
    const TagPtr tag = tags.by_id_[i].mapped();
    ReserveIdsBelow(tag->id + 1);
    const auto slot = by_id_.find(tag->id);
    if (slot == by_id_.end()) {
      by_id_.insert(std::move(tags.by_id_[i]));
    } else {
      // The old key lives in the old definition, so it goes before that does.
      by_name_.erase(slot->second->name);
      slot->second = tag;
    }
    by_name_.erase(tag->name);
    by_name_.insert(std::move(tags.by_name_[i]));
  }
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
