#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "engine/base/point_columns.h"
#include "engine/format/block_format.h"

namespace xtdb {

// What was read lately for the sake of a few points: heads of blocks with their tables, and decoded
// vectors, up to a number of bytes; what nobody has used for the longest goes first. Nothing in
// here grows old: a block that is written where a transaction that was rolled back had one has
// another checksum, which its head's and table's is.
//
// Threads: any.
class BlockCache {
 public:
  struct Key {
    static constexpr uint32_t kHead = UINT32_MAX;
    uint64_t chunk_sequence = 0;
    LSN through_lsn = kNoLsn;
    uint32_t entry_index = 0;
    uint32_t head_crc32 = 0;
    uint32_t vector = kHead;  // its number in the block
    bool operator==(const Key&) const = default;
  };
  // One of the two.
  struct Value {
    std::shared_ptr<const DecodedBlockHead> head;
    std::shared_ptr<const PointColumns> rows;
  };

  explicit BlockCache(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Both null: it is not there.
  Value Find(const Key& key);
  // Kept if there is memory for it.
  void Insert(const Key& key, Value value) noexcept;
  size_t bytes() const;

 private:
  struct Hash {
    size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    Value value;
    size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // the one used last comes first

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  Entries entries_;                                          // guarded by mutex_
  std::unordered_map<Key, Entries::iterator, Hash> places_;  // guarded by mutex_
  size_t bytes_ = 0;                                         // guarded by mutex_
};

}  // namespace xtdb
