#include "engine/block/block_cache.h"

#include <iterator>
#include <utility>

#include "engine/base/cleanup.h"

namespace xtdb {
namespace {

// Of a list node and its place in the table, about.
constexpr size_t kEntryBytes = 128;

size_t BytesOf(const BlockCache::Value& value) {
  size_t bytes = kEntryBytes;
  if (value.head != nullptr) {
    bytes += sizeof(DecodedBlockHead) + value.head->vectors.capacity() * sizeof(VectorEntry) +
             value.head->runs.capacity() * sizeof(TagRun);
  }
  if (value.rows != nullptr) bytes += sizeof(PointColumns) + value.rows->MemoryBytes();
  return bytes;
}

}  // namespace

size_t BlockCache::Hash::operator()(const Key& key) const {
  constexpr uint64_t kOdd = 0x9E37'79B9'7F4A'7C15;
  const uint64_t place = uint64_t{key.entry_index} << 32 | key.vector;
  const uint64_t block = key.chunk_sequence ^ uint64_t { key.head_crc32 } << 32;
  return static_cast<size_t>((block * kOdd ^ place) * kOdd >> 16);
}

BlockCache::Value BlockCache::Find(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(key);
  if (found == places_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void BlockCache::Insert(const Key& key, Value value) noexcept {
  Entries dropped;  // freed without the lock
  const Status kept = CatchNoMemory([&] {
    const size_t bytes = BytesOf(value);
    if (bytes > bytes_max_) return Status();
    Entries added;
    added.push_back({key, std::move(value), bytes});
    const std::lock_guard lock(mutex_);
    if (!places_.emplace(key, added.begin()).second) return Status();  // somebody was first
    entries_.splice(entries_.begin(), added);
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
      bytes_ -= entries_.back().bytes;
      places_.erase(entries_.back().key);
      dropped.splice(dropped.end(), entries_, std::prev(entries_.end()));
    }
    return Status();
  });
  IgnoreStatus(kept, "it is read again");
}

size_t BlockCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace xtdb
