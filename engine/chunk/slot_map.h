#pragma once

#include <cstdint>
#include <set>

namespace xtdb {

// Which slots have a tenant. Holds the taken ones, not the free ones: of these a hostile superblock
// could claim four billion.
//
// Threads: one at a time.
class SlotMap {
 public:
  void Take(uint32_t slot) { taken_.insert(slot); }
  void Release(uint32_t slot);
  bool IsTaken(uint32_t slot) const { return taken_.contains(slot); }
  // The lowest free slot that is not below `first`: one that had a tenant, or the next new one.
  uint32_t NextFree(uint32_t first = 0);

 private:
  std::set<uint32_t> taken_;
  uint32_t first_free_ = 0;  // no slot below it is free
};

}  // namespace xtdb
