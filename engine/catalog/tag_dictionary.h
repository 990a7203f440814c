#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/catalog/tag_definition.h"

namespace xtdb {

// Immutable once shared; a redefinition makes a new one.
using TagPtr = std::shared_ptr<const TagDefinition>;

// The committed tags of a container, by name and by number.
// Threads: any.
class TagDictionary {
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  // Keys are the names in the values.
  using ByName = std::unordered_map<std::string_view, TagPtr, Hash, std::equal_to<>>;
  using ById = std::unordered_map<TagId, TagPtr>;

 public:
  TagPtr Find(std::string_view name) const;  // nullptr if there is none
  TagPtr Find(TagId id) const;
  // All of them, by name (bytewise). Shared until the next Put.
  std::shared_ptr<const std::vector<TagPtr>> Sorted() const;
  // Adds the tag, or replaces the one of the same id.
  void Put(TagDefinition definition);
  // The same in two steps, of which the second cannot fail: the first takes all memory. By the
  // holder of WRITER; nothing else is Put in between.
  class Prepared {
    friend class TagDictionary;
    std::vector<ById::node_type> by_id_;
    std::vector<ByName::node_type> by_name_;  // in the same order
  };
  Prepared Prepare(const std::vector<TagPtr>& tags);
  void Put(Prepared&& tags) noexcept;
  // A number that was never given out, 0 when all 2^32 - 1 are.
  TagId AllocateId();
  // Numbers below `next` count as given out.
  void ReserveIdsBelow(TagId next);
  TagId next_id() const { return next_id_.load(); }
  size_t size() const;

 private:
  mutable std::shared_mutex mutex_;
  ByName by_name_;
  ById by_id_;
  mutable std::shared_ptr<const std::vector<TagPtr>> sorted_;  // null after a Put
  std::atomic<TagId> next_id_{1};
};

}  // namespace xtdb
