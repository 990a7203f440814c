#pragma once

#include <cstdint>
#include <set>

namespace xtdb {

// [first, first + count)
struct SlotRange {
  uint32_t first = 0;
  uint32_t count = 0;
  bool Contains(uint32_t slot) const { return slot >= first && slot - first < count; }
  bool operator==(const SlotRange&) const = default;
};

// Which slots have a tenant. Holds the taken ones, not the free ones: of these a hostile superblock
// could claim four billion.
//
// Threads: one at a time.
class SlotMap {
 public:
  void Take(uint32_t slot) { taken_.insert(slot); }
  void Release(uint32_t slot);
  bool IsTaken(uint32_t slot) const { return taken_.contains(slot); }
  // Leased ones are neither taken nor free; the last lease counts.
  void SetLeased(SlotRange leased) { leased_ = leased; }
  // The lowest free slot that is not below `first`: one that had a tenant, or the next new one.
  uint32_t NextFree(uint32_t first = 0);
  // The lowest `count` free slots that stand side by side.
  SlotRange NextFreeRange(uint32_t count);

 private:
  std::set<uint32_t> taken_;
  SlotRange leased_;
  uint32_t first_free_ = 0;  // no slot below it is free, but leased ones
};

}  // namespace xtdb
